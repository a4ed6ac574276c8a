"""`$search` of entity lists -> a condition: all words, `OR` between alternatives, "a phrase", `-not`."""

import re
from collections.abc import Sequence

from django.db.models import F, Q, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import IContains

_WORD = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
MOST_WORDS = 20


def search_of(text: str, properties: Sequence[str]) -> Q:
    """Entities whose label or properties contain what is searched for, in any case of letters."""
    alternatives, words = Q(pk__in=[]), Q()
    for sign, phrase, word in _WORD.findall(text)[:MOST_WORDS]:
        if word == "OR" and not sign:
            alternatives, words = alternatives | words, Q()
            continue
        wanted = _contains(phrase or word, properties)
        words &= ~wanted if sign else wanted
    return alternatives | words


def _contains(text: str, properties: Sequence[str]) -> Q:
    found = Q(IContains(F("label"), Value(text)))
    for name in properties:
        # null where an entity lacks the property: that must not make "not" unknown
        value = KeyTextTransform(name, "data")
        found |= Q(IContains(value, Value(text))) & Q(data__has_key=name)
    return found
