"""Document -> names with types: facts, derived facts and parameters share one space of names
(design.md §6)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from rules import problems
from rules.engine.coerce import coerce
from rules.engine.document import Document
from rules.engine.findings import Findings, place_of
from rules.engine.parts import Parameter
from rules.language.ast import Kind, Type, Value
from rules.language.names import Bilingual, Name, did_you_mean
from server.problems import Phrase, Place
from server.problems import gettext_noop as _

# Counting the past always gives an answer; the days since a first event that never was do not.
_ALWAYS_COUNTED = frozenset({"streak", "count", "exists", "prior_tier"})

Labels = dict[str, Bilingual]


class Naming:
    """Reads the types of one document and notes what is wrong with them."""

    def __init__(self, document: Document, findings: Findings) -> None:
        self.document = document
        self.findings = findings
        self.names: dict[str, Name] = {}
        self.where: dict[str, str] = {}
        self.lists = {name: labels_of(items) for name, items in self.section("choices").items()}

    def section(self, name: str) -> Mapping[str, Any]:
        """A section that is a mapping; empty when absent."""
        found: Mapping[str, Any] = self.document.get(name) or {}
        return found

    def read(self) -> None:
        """Fill `names`, duplicates and lists checked; the unknown-ness of derived facts comes
        later."""
        self.check_lists()
        for sheet, place, item in named_items(self.document):
            name = item["name"]
            type_, labels = self.type_of(item, place)
            if name in self.names:
                self.findings.error(problems.DUPLICATE, place, name=name, first=self.where[name])
                continue
            title = item.get("title") or {"zh": name, "en": name}
            is_unknown = sheet != "parameters" and not is_always_known(item)
            self.names[name] = Name(name, type_, title, labels, is_unknown)
            self.where[name] = sheet

    def check_lists(self) -> None:
        """No code twice in one list."""
        row = 0
        for name, items in self.section("choices").items():
            self.unique_codes(name, items, "choices", row)
            row += len(items)

    def unique_codes(
        self, name: str, items: Sequence[Mapping[str, Any]], sheet: str, row: int
    ) -> None:
        seen: set[str] = set()
        for index, item in enumerate(items):
            if item["code"] in seen:
                place = place_of(sheet, row + index, "code")
                self.findings.error(problems.DUPLICATE, place, name=item["code"], first=name)
            seen.add(item["code"])

    def type_of(self, item: Mapping[str, Any], place: Place) -> tuple[Type, Labels]:
        """The type of a named item, with the labels of its choices."""
        kind = Kind(item["type"])
        place = replace(place, column="codes" if "codes" in item else "choices")
        labels: Labels = {}
        if "codes" in item:
            labels = labels_of(item["codes"])
            if len(labels) < len(item["codes"]):
                self.findings.error(problems.DUPLICATE, place, name="codes", first=item["name"])
        elif "choices" in item:
            name = item["choices"]
            labels = self.lists.get(name, {})
            if name not in self.lists:
                cure = did_you_mean(name, self.lists)
                self.findings.error(
                    problems.UNKNOWN_NAME, place, name=name, what=_("choice list"), cure=cure
                )
        if kind.is_select and not labels and not ({"codes", "choices"} & item.keys()):
            self.findings.error(problems.MISSING_COLUMN, place, name="choices")
        return Type(kind, tuple(labels) if kind.is_select else ()), labels

    def parameters(self) -> dict[str, Parameter]:
        """The parameters, their values typed and by rising date."""
        result: dict[str, Parameter] = {}
        for index, (name, item) in enumerate(self.section("parameters").items()):
            known = self.names.get(name)
            if known is None or known.type is None:
                continue
            place = place_of("parameters", index, "values")
            values = [
                (day, value)
                for row in item["values"]
                if (day := self.day(row["from"], place)) is not None
                and (value := self.value(known.type, row["value"], name, place)) is not None
            ]
            result[name] = Parameter(
                name, known.type, tuple(sorted(values, key=_start)), known.title
            )
        return result

    def day(self, text: str | None, place: Place) -> date | None:
        """A day of the calendar, or None with a finding."""
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            reason = _("the calendar has no such day")
            self.findings.error(problems.BAD_VALUE, place, name="date", value=text, reason=reason)
            return None

    def value(self, type_: Type, raw: object, name: str, place: Place) -> Value | None:
        """`raw` as a value of `type_`, every code being in its list, or None with a finding."""
        if raw == [] and type_.kind is Kind.SELECT_MULTIPLE:
            return ()
        reason = Phrase(_("a value of type %(type)s is needed"), type=type_.kind.value)
        try:
            value = coerce(type_, raw)
        except ValueError:
            value = None
        unlisted = [
            code for code in as_codes(value) if type_.kind.is_select and code not in type_.codes
        ]
        if value is None or unlisted:
            if type_.kind.is_select:
                reason = did_you_mean(str(raw), type_.codes, "'{}'")
            self.findings.error(
                problems.BAD_VALUE, place, name=name, value=str(raw)[:80], reason=reason
            )
            return None
        return value


def _start(item: tuple[date, Value]) -> date:
    return item[0]


def as_codes(value: Value | None) -> tuple[str, ...]:
    """The codes in a select's value."""
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, str) else ()


def labels_of(items: Sequence[Mapping[str, Any]]) -> Labels:
    """Code -> labels of a choice list; a missing label is the code."""
    return {
        item["code"]: {lang: item.get(lang) or item["code"] for lang in ("zh", "en")}
        for item in items
    }


def is_always_known(item: Mapping[str, Any]) -> bool:
    """Whether a fact has a value for every child: counted from the past, or with a plain
    default."""
    counted = item.get("history", {}).get("kind") in _ALWAYS_COUNTED
    return counted or ("otherwise" in item and "applies" not in item)


def named_items(document: Document) -> Iterator[tuple[str, Place, Mapping[str, Any]]]:
    """Sheet, place and item of everything that an expression can refer to."""
    for index, (name, item) in enumerate((document.get("parameters") or {}).items()):
        yield "parameters", place_of("parameters", index, "name"), {**item, "name": name}
    for sheet in ("facts", "derived"):
        for index, item in enumerate(document.get(sheet) or []):
            yield sheet, place_of(sheet, index, "name"), item
