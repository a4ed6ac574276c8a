"""What a form version means, built once per process: its Reader and where it selects entities.

A published version never changes, so nothing here is ever invalidated; the hash in the key guards
drafts, whose row may change.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from forms.instance.parse import Reader
from forms.instance.readout import ReadoutMaker
from forms.models import FormVersion
from forms.xlsform.entity import EntityDeclaration
from forms.xlsform.field import Field

KEPT = 256


@dataclass(frozen=True, slots=True)
class Meaning:
    """A form version, ready for work. `date_paths`: the questions that may say which day the record
    is about, best first; `readout` makes the texts that exports copy; `speaks_of_entities`: whether a
    record can be about entities at all.
    """

    reader: Reader
    readout: ReadoutMaker
    fields: tuple[Field, ...]
    declarations: tuple[EntityDeclaration, ...]
    date_paths: tuple[str, ...]
    speaks_of_entities: bool


_kept: OrderedDict[tuple[int, str], Meaning] = OrderedDict()
_lock = threading.Lock()


def meaning_of(pk: int, sha256: str, load: Callable[[], FormVersion] | None = None) -> Meaning:
    """The Meaning of the version with that key and content hash; `load` gives its row when it is at
    hand anyway.
    """
    key = (pk, sha256)
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    row = load() if load else FormVersion.objects.only("fields", "entities").get(pk=pk)
    built = build(row)
    with _lock:
        _kept[key] = built
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return built


def build(version: FormVersion) -> Meaning:
    """Read the stored field tree."""
    fields = tuple(Field.from_json(one) for one in version.fields)
    declarations = tuple(EntityDeclaration.from_json(one) for one in version.entities)
    return Meaning(
        reader=Reader(fields, declarations),
        readout=ReadoutMaker(fields),
        fields=fields,
        declarations=declarations,
        date_paths=_date_paths(fields),
        speaks_of_entities=bool(declarations)
        or any(one.choices_from.endswith(".csv") for one in fields),
    )


def _date_paths(fields: tuple[Field, ...]) -> tuple[str, ...]:
    """The first dated question near the top (visit_date, found_time, check_month), then `today`,
    then `start`.
    """
    own = [
        one.path
        for one in fields
        if one.kind in ("date", "dateTime")
        and one.path.count("/") <= 2
        and one.name.endswith(("_date", "_time", "_month"))
    ]
    preset = [one.path for kind in ("today", "start") for one in fields if one.kind == kind]
    return tuple(own[:1] + preset)
