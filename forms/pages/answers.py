"""A submission as people read it: questions with their labels, codes as the words that were ticked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from forms.instance.values import is_geo
from forms.models import Entity, SubmissionAttachment, SubmissionVersion
from forms.pages.questions import fields_of
from forms.pages.words import in_language, is_silent
from forms.xlsform.field import Field
from server.places.models import Area, School
from server.shell.templatetags.shell import day, moment

_UUID = re.compile(r"(uuid:)?[0-9a-f]{8}-[0-9a-f-]{27}", re.IGNORECASE)
_PLACES = {"town.csv": Area, "village.csv": Area, "school.csv": School}


@dataclass(frozen=True, slots=True)
class Line:
    """A heading (group, row of a repeat) or one answer; `file` when the answer is a file, `map_at` when a place."""

    name: str
    label: str
    depth: int
    is_heading: bool = False
    text: str = ""
    codes: tuple[str, ...] = ()
    file: SubmissionAttachment | None = None
    is_image: bool = False
    is_silent: bool = False


@dataclass(slots=True)
class _Sheet:
    """What is needed to read one version's data: its fields by parent, and the names behind codes from lists."""

    below: dict[str, list[Field]]
    names: Mapping[tuple[str, str], str]
    files: Mapping[str, SubmissionAttachment]
    unanswered: int = field(default=0)


def lines_of(version: SubmissionVersion) -> tuple[list[Line], int]:
    """The answered questions of `version` in document order, and how many were left unanswered."""
    fields = fields_of(version.form_version)
    below: dict[str, list[Field]] = {}
    for one in fields:
        below.setdefault(one.parent, []).append(one)
    files = {one.name: one for one in version.attachments.select_related("blob")}
    sheet = _Sheet(below, _names_from_lists(fields, version), files)
    return list(_lines(sheet, "", version.data, 0)), sheet.unanswered


def value_text(
    value: Any, one: Field | None, names: Mapping[tuple[str, str], str] | None = None
) -> str:
    """One answer as text: labels for codes, dates as people write them."""
    if value is None or value == "":
        return "—"
    if is_geo(value):
        return _place_text(value)
    if one is not None and one.kind in ("select_one", "select_multiple", "rank"):
        labels = {choice.name: in_language(choice.labels) for choice in one.choices}
        codes = str(value).split() if one.kind != "select_one" else [str(value)]
        known = names or {}
        return "、".join(
            labels.get(code) or known.get((one.choices_from, code)) or code for code in codes
        )
    return _plain(value)


def _lines(sheet: _Sheet, path: str, values: Mapping[str, Any], depth: int) -> Iterator[Line]:
    for one in sheet.below.get(path, ()):
        if one.name == "meta":
            continue
        value = values.get(one.name)
        label = in_language(one.labels) or one.name
        if one.type == "repeat":
            for number, row in enumerate(value or [], start=1):
                yield Line(one.name, f"{label} {number}", depth, is_heading=True)
                yield from _lines(sheet, one.path, row or {}, depth + 1)
        elif not one.is_leaf:
            inside = list(
                _lines(sheet, one.path, value if isinstance(value, dict) else {}, depth + 1)
            )
            if inside:
                shown = bool(in_language(one.labels))
                yield from ([Line(one.name, label, depth, is_heading=True)] if shown else [])
                yield from inside
        elif value is None:
            sheet.unanswered += not is_silent(one.kind) and one.kind != "note"
        elif one.kind != "note":
            yield _answer(sheet, one, label, value, depth)


def _answer(sheet: _Sheet, one: Field, label: str, value: Any, depth: int) -> Line:
    file = sheet.files.get(str(value)) if one.binary else None
    kind = file.blob.content_type if file and file.blob else ""
    return Line(
        name=one.name,
        label=label,
        depth=depth,
        text=value_text(value, one, sheet.names),
        codes=tuple(str(value).split()) if one.kind.startswith("select") else (),
        file=file,
        is_image=kind in ("image/jpeg", "image/png", "image/webp", "image/gif"),
        is_silent=is_silent(one.kind),
    )


def _names_from_lists(
    fields: list[Field], version: SubmissionVersion
) -> dict[tuple[str, str], str]:
    """(list file, code) -> name, for codes that were chosen from an entity list or a list of places: few queries."""
    wanted: dict[str, set[str]] = {}
    sources = {one.name: one.choices_from for one in fields if one.choices_from}
    for name, value in _leaves(version.data):
        if name in sources:
            wanted.setdefault(sources[name], set()).update(str(value).split())
    found: dict[tuple[str, str], str] = {}
    for source, codes in wanted.items():
        found |= {(source, code): name for code, name in _list_names(source, codes, version)}
    return found


def _list_names(source: str, codes: set[str], version: SubmissionVersion) -> list[tuple[str, str]]:
    model = _PLACES.get(source)
    if model is not None:
        return list(model._default_manager.filter(code__in=codes).values_list("code", "name"))
    uuids = [code for code in codes if _UUID.fullmatch(code)]
    project = version.form_version.form.project_id
    rows = Entity.objects.filter(
        dataset__project=project, dataset__name=source.removesuffix(".csv"), uuid__in=uuids
    )
    return [(str(uuid), label) for uuid, label in rows.values_list("uuid", "label")]


def _leaves(values: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(values, list):
        for row in values:
            yield from _leaves(row)
    elif isinstance(values, dict) and not is_geo(values):
        for name, value in values.items():
            if isinstance(value, dict | list) and not is_geo(value):
                yield from _leaves(value)
            elif value is not None:
                yield name, value


def _place_text(value: Mapping[str, Any]) -> str:
    if value.get("type") != "Point":
        return str(len(value.get("coordinates") or ())) + " ·"
    longitude, latitude, *_ = value["coordinates"]
    accuracy = (value.get("properties") or {}).get("accuracy")
    return f"{latitude:.5f}, {longitude:.5f}" + (f" (±{accuracy:.0f} m)" if accuracy else "")


def _plain(value: Any) -> str:
    if not isinstance(value, str):
        return str(value)
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return day(date.fromisoformat(value))
        if re.match(r"\d{4}-\d\d-\d\dT", value):
            return moment(datetime.fromisoformat(value))
    except ValueError:
        pass
    return value
