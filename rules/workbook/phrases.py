"""Nested parts of a rule set as short phrases in one cell: `24 hours`, `T_A T_B (2 hours)`,
`due + 7 days -> county_civil`, `visit when ${seen} = 'yes'` (design.md §6).

Several phrases are parted by `;` or a new line. Each codec only has to write what it can read back:
`cells.to_cell` sees to the rest.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from rules.workbook.cells import Cell, Codec, Unfit, misread, narrow
from rules.workbook.kinds import TEXT
from server.problems import gettext_noop as _

Item = dict[str, Any]

_MAX_PHRASE = 4000
_BLANKS = re.compile(r"\s+")

_UNITS = {
    "minutes": ("minute", "min", "分钟", "分"),
    "hours": ("hour", "h", "小时", "时"),
    "working_days": ("working days", "working day", "workdays", "workday", "个工作日", "工作日"),
    "days": ("day", "d", "天", "日"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in (unit, *words)}
_DUE = re.compile(r"([0-9]{1,9})\s*(\D+)", re.ASCII)
_NEED_DUE = _("a time limit is needed")
_TYPE_DUE = _("Type it like `24 hours`, `7 days`, `5 working days` or `30 minutes`.")


def phrases_in(cell: Cell) -> list[str]:
    """The phrases of a cell; `;` inside quotation marks parts nothing."""
    found = re.findall(r"""(?:[^;；\n'"]|'[^']*'|"[^"]*"|['"])+""", str(TEXT.decode(cell)))
    return [phrase.strip() for phrase in found if phrase.strip()]


def several(encode: Callable[[Any], str], decode: Callable[[str], Any]) -> Codec:
    """A list of phrases."""

    def encode_all(value: object) -> Cell:
        if not isinstance(value, list):
            raise Unfit
        return "; ".join(encode(item) for item in value) or "[]"

    def decode_all(cell: Cell) -> list[Any]:
        return [] if cell == "[]" else [decode(phrase) for phrase in phrases_in(cell)]

    return Codec("phrases", encode_all, decode_all)


def tidy(text: str) -> str:
    """A phrase with half-width punctuation and single blanks, but for what is quoted. Raises
    Misread where it is too long to be one: patterns then stay quick."""
    if len(text) > _MAX_PHRASE:
        misread(
            _("the phrase is too long"), _("Write it as `json: ...` if nothing shorter will do.")
        )
    parts = re.split(r'("[^"]*")', text)
    tidied = [part if part[:1] == '"' else _BLANKS.sub(" ", narrow(part)) for part in parts]
    return "".join(tidied).strip()


def only(value: object, *keys: str, needed: Iterable[str] = ()) -> Item:
    """`value` as an object that has no other keys. Raises Unfit."""
    if not isinstance(value, dict) or not set(needed) <= value.keys() <= set(keys):
        raise Unfit
    return value


def word_of(value: object) -> str:
    """`value` as a text without blanks. Raises Unfit."""
    if not isinstance(value, str) or not value or re.search(r"\s", value):
        raise Unfit
    return value


# --- time limits ---------------------------------------------------------------------------------


def encode_limit(value: object) -> str:
    """{"hours": 24} -> "24 hours"."""
    limit = only(value, *_UNITS)
    if len(limit) != 1:
        raise Unfit
    [(unit, amount)] = limit.items()
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise Unfit
    words = unit.replace("_", " ")
    return f"{amount} {words[:-1] if amount == 1 else words}"


def decode_limit(text: str) -> Item:
    """The limit in "24 hours" or 24小时."""
    found = _DUE.fullmatch(tidy(text).lower())
    unit = _UNIT_OF.get(found.group(2)) if found else None
    if found is None or unit is None:
        misread(_NEED_DUE, _TYPE_DUE)
    return {unit: int(found.group(1))}


def _encode_due(value: object) -> Cell:
    if isinstance(value, dict) and value.keys() == {"by_tier"}:
        by_tier = only(value["by_tier"], *value["by_tier"])
        return "; ".join(f"{word_of(tier)} {encode_limit(one)}" for tier, one in by_tier.items())
    return encode_limit(value)


def _decode_due(cell: Cell) -> Item:
    phrases = phrases_in(cell)
    if len(phrases) == 1 and phrases[0][:1].isdigit():
        return decode_limit(phrases[0])
    by_tier = {}
    for phrase in phrases:
        tier, _blank, limit = phrase.partition(" ")
        by_tier[tier] = decode_limit(limit)
    return {"by_tier": by_tier}


# --- tasks of a rule, escalation -----------------------------------------------------------------

_USE = re.compile(r"([^\s,，、;；()（）]+)\s*(?:[(（]([^()（）]*)[)）])?")
_BETWEEN = re.compile(r"[\s,，、;；]*")
_STEP = re.compile(r"(?:(opening|due)\s*\+\s*)?(.+?)\s*(?:->|=>|到|\bto\b)\s*(\S+)", re.IGNORECASE)


def _encode_use(value: object) -> str:
    if isinstance(value, str):
        return word_of(value)
    use = only(value, "id", "due", needed=("id", "due"))
    return f"{word_of(use['id'])} ({encode_limit(use['due'])})"


def _encode_uses(value: object) -> Cell:
    if not isinstance(value, list):
        raise Unfit
    return " ".join(_encode_use(use) for use in value) or "[]"


def _decode_uses(cell: Cell) -> list[Any]:
    text = str(TEXT.decode(cell))
    if text == "[]":
        return []
    if _BETWEEN.sub("", _USE.sub("", text)):
        cure = _(
            "Type ids with blanks between them; a limit of its own goes into brackets after the id."
        )
        misread(_("a list of tasks is needed"), cure)
    return [
        {"id": found[1], "due": decode_limit(found[2])} if found[2] is not None else found[1]
        for found in _USE.finditer(text)
    ]


def _encode_step(value: object) -> str:
    step = only(value, "after", "to", "from", needed=("after", "to"))
    start = f"{word_of(step['from'])} + " if "from" in step else ""
    return f"{start}{encode_limit(step['after'])} -> {word_of(step['to'])}"


def _decode_step(text: str) -> Item:
    found = _STEP.fullmatch(tidy(text))
    if found is None:
        cure = _("Type it like `7 days -> county_civil`, or `due + 2 days -> county_civil`.")
        misread(_("an escalation step is needed"), cure)
    start = {"from": found[1].lower()} if found[1] else {}
    return {"after": decode_limit(found[2]), "to": found[3], **start}


# --- what closes a task or clears a fact ---------------------------------------------------------

_CLOSING = re.compile(r"(\S+)(?:\s+when\s+(.*))?", re.DOTALL | re.IGNORECASE)
_ANY = "any:"


def _encode_closing(value: object) -> str:
    closing = only(value, "form", "when", needed=("form",))
    when = f" when {closing['when']}" if "when" in closing else ""
    return f"{word_of(closing['form'])}{when}"


def _decode_closing(text: str) -> Item:
    found = _CLOSING.fullmatch(text.strip())
    if found is None:
        cure = _("Type a form's id, or `form when condition`; one on each line.")
        misread(_("a form, with a condition or without, is needed"), cure)
    return {"form": found[1]} | ({"when": found[2].strip()} if found[2] else {})


def _encode_closings(value: object) -> Cell:
    if not isinstance(value, list):
        return _encode_closing(value)
    texts = [_encode_closing(one) for one in value]
    return "\n".join(texts) if len(texts) > 1 else f"{_ANY} {texts[0]}" if texts else "[]"


def _decode_closings(cell: Cell) -> Any:
    phrases = phrases_in(cell)
    if phrases == ["[]"]:
        return []
    is_list = len(phrases) > 1
    if phrases and phrases[0].lower().startswith(_ANY):
        phrases[0], is_list = phrases[0][len(_ANY) :], True
    found = [_decode_closing(phrase) for phrase in phrases]
    return found if is_list or not found else found[0]


def _encode_close(value: object) -> Cell:
    if isinstance(value, dict) and value.keys() == {"manual"} and value["manual"] is True:
        return "manual"
    if isinstance(value, dict) and value.keys() == {"any"} and isinstance(value["any"], list):
        return _encode_closings(value["any"])
    return _encode_closing(value)


def _decode_close(cell: Cell) -> Item:
    if cell == "manual":
        return {"manual": True}
    found = _decode_closings(cell)
    return {"any": found} if isinstance(found, list) else dict(found)


LIMIT = Codec("limit", _encode_due, _decode_due)
USES = Codec("uses", _encode_uses, _decode_uses)
STEPS = several(_encode_step, _decode_step)
CLOSINGS = Codec("closings", _encode_closings, _decode_closings)
CLOSE = Codec("close", _encode_close, _decode_close)
