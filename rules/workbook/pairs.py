"""More phrases in one cell: pairs (`a=b c=[d e]`), questions with their forms, actions, spans of
days, choice lists written out."""

import re
from collections.abc import Callable
from typing import Any

from rules.workbook.cells import Codec, Unfit, misread
from rules.workbook.kinds import TEXT, VALUE, WORDS, number_in
from rules.workbook.phrases import Item, only, several, tidy, word_of
from server.problems import gettext_noop as _

_PAIR = re.compile(r'([^\s=]+)\s*=\s*(\[[^\]]*\]|"[^"]*"|[^\s,;]+)[\s,;]*')


def _encode_scalar(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "-", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{value}"' if re.search(r"[\s,;，；]", value) else word_of(value)
    return str(VALUE.encode(value))


def _decode_scalar(text: str) -> Any:
    if text in ("-", "true", "false"):
        return {"-": None, "true": True, "false": False}[text]
    if text[:1] == '"':
        return text.strip('"')
    number = number_in(text)
    return number if not isinstance(number, str) else VALUE.decode(text)


def _encode_code(value: object) -> str:
    return "-" if value is None else word_of(value)


def encode_pairs(value: object, scalar: Callable[[object], str] = _encode_scalar) -> str:
    """{"a": 1, "b": ["c"]} -> "a=1 b=[c]"."""
    if not isinstance(value, dict):
        raise Unfit
    return " ".join(f"{word_of(key)}={scalar(item)}" for key, item in value.items())


def decode_pairs(text: str, scalar: Callable[[str], Any] = _decode_scalar) -> Item:
    """The mapping in "a=1 b=[c]"."""
    text = tidy(text)
    if _PAIR.sub("", text).strip():
        misread(_("pairs are needed"), _("Type them like `name=value`, with blanks between them."))
    return {found[1]: scalar(found[2]) for found in _PAIR.finditer(text)}


def _encode_source(value: object) -> str:
    source = only(value, "question", "forms", "map", needed=("question", "forms"))
    forms = str(WORDS.encode(source["forms"]))
    pairs = f" map {encode_pairs(source['map'], _encode_code)}" if "map" in source else ""
    return f"{word_of(source['question'])} from {forms}{pairs}"


_SOURCE = re.compile(r"(\S+)\s+from\s+(.+?)(?:\s+map\s+(.*))?", re.DOTALL | re.IGNORECASE)


def _decode_source(text: str) -> Item:
    found = _SOURCE.fullmatch(tidy(text))
    if found is None:
        cure = _("Type it like `question from form_1 form_2 map old=new other=-`.")
        misread(_("a question with its forms is needed"), cure)
    codes = {"map": decode_pairs(found[3], _decode_code)} if found[3] else {}
    return {"question": found[1], "forms": WORDS.decode(found[2]), **codes}


def _decode_code(text: str) -> str | None:
    return None if text == "-" else text


def _encode_action(value: object) -> str:
    if not isinstance(value, dict):
        raise Unfit
    action = dict(value)
    kind = word_of(action.pop("kind", ""))
    text = action.pop("text", None)
    if isinstance(text, dict):
        action |= {f"text::{language}": words for language, words in text.items()}
    return f"{kind} {encode_pairs(action)}".strip()


def _decode_action(text: str) -> Item:
    kind, _blank, pairs = text.partition(" ")
    action: Item = {"kind": kind}
    for key, value in decode_pairs(pairs).items():
        outer, _marks, inner = key.partition("::")
        if inner:
            action.setdefault(outer, {})[inner] = value
        else:
            action[key] = value
    return action


# --- spans of days, lists written out, lists of lists ---------------------------------------------

_SPAN = re.compile(r"([0-9-]+)\s*(?:\.\.|~|至|到)\s*([0-9-]*)", re.ASCII)


def encode_span(value: object) -> str:
    """{"from": "07-08", "to": "08-31"} -> "07-08..08-31"."""
    span = only(value, "from", "to", needed=("from", "to"))
    return f"{word_of(span['from'])}..{word_of(span['to'])}"


def decode_span(text: str) -> Item:
    """The days in "07-08..08-31"."""
    found = _SPAN.fullmatch(tidy(text))
    if found is None or not found[2]:
        misread(_("a span of days is needed"), _("Type it like `2026-02-16..2026-02-23`."))
    return {"from": found[1], "to": found[2]}


def _encode_stay(value: object) -> str:
    stay = only(value, "tier", "since", "until", needed=("tier", "since"))
    until = word_of(stay["until"]) if "until" in stay else ""
    return f"{word_of(stay['tier'])} {word_of(stay['since'])}..{until}"


def _decode_stay(text: str) -> Item:
    tier, _blank, days = text.partition(" ")
    found = _SPAN.fullmatch(tidy(days))
    if found is None:
        misread(
            _("a tier with its days is needed"), _("Type it like `red 2026-01-01..2026-03-01`.")
        )
    return {"tier": tier, "since": found[1]} | ({"until": found[2]} if found[2] else {})


def _encode_choice(value: object) -> str:
    choice = only(value, "code", "zh", "en", needed=("code",))
    zh, en = choice.get("zh", ""), choice.get("en", "")
    return f"{word_of(choice['code'])} {zh}{' | ' + en if en else ''}".strip()


def _decode_choice(text: str) -> Item:
    code, _blank, labels = text.partition(" ")
    zh, _bar, en = (part.strip() for part in labels.partition("|"))
    return {"code": code} | ({"zh": zh} if zh else {}) | ({"en": en} if en else {})


def _encode_row(value: object) -> str:
    return str(WORDS.encode(value))


PAIRS = Codec("pairs", encode_pairs, lambda cell: decode_pairs(str(TEXT.decode(cell))))
SOURCES = several(_encode_source, _decode_source)
ACTIONS = several(_encode_action, _decode_action)
SPAN = Codec("span", encode_span, lambda cell: decode_span(str(TEXT.decode(cell))))
SPANS = several(encode_span, decode_span)
STAYS = several(_encode_stay, _decode_stay)
CHOICES = several(_encode_choice, _decode_choice)
LISTS = several(_encode_row, WORDS.decode)
