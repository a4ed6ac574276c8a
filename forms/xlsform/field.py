"""The questions of a form as a flat list in document order: ODK Central's schema fields and what
previews need.

`FormVersion` stores fields as JSON, hence `to_json` and `from_json`, which are exact inverses.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a select offers: its code and its text per language."""

    name: str
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field:
    """One node of the primary instance.

    `type` is Central's (string, int, decimal, date, time, dateTime, geopoint, geotrace,
    geoshape, binary, barcode, structure, repeat, unknown, ...); `kind` is the XLSForm notion for
    people (text, integer, select_one, select_multiple, note, image, calculate, group, repeat;
    the name of the preloaded property, as start or deviceid; meta; hidden). `labels` and `hints`
    map a language ("中文 (zh)", or "default" when untranslated) to text; ${name} stands for
    answers.
    """

    path: str
    name: str
    type: str = "string"
    binary: bool = False
    select_multiple: bool = False
    order: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    hints: dict[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    choices_from: str = ""
    relevant: str = ""
    constraint: str = ""
    required: bool = False
    calculate: str = ""
    appearance: str = ""
    kind: str = "text"

    @property
    def parent(self) -> str:
        """The path of the group or repeat around it, "" at the top."""
        return self.path.rpartition("/")[0]

    @property
    def is_leaf(self) -> bool:
        """Whether it holds an answer (neither a group nor a repeat)."""
        return self.type not in ("structure", "repeat")

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object; what equals the default is left out."""
        known = {key: value for key, value in asdict(self).items() if value != _DEFAULTS.get(key)}
        if self.choices:
            known["choices"] = [{"name": one.name, "labels": one.labels} for one in self.choices]
        return known

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Field":
        """The field that `to_json` described."""
        values = dict(data)
        choices = values.pop("choices", ())
        return cls(**values, choices=tuple(Choice(**one) for one in choices))


_DEFAULTS = {one.name: getattr(Field(path="", name=""), one.name) for one in fields(Field)}
del _DEFAULTS["path"], _DEFAULTS["name"]
