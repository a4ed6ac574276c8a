"""The forms of a project as the checker of rules sees them: their questions by name, of what is published
and of the drafts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from forms.models import Form, FormVersion
from rules.engine.checks.forms import FormShape, Question
from rules.language.ast import Kind

_BY_TYPE = {
    "int": Kind.INTEGER, "decimal": Kind.NUMBER, "date": Kind.DATE, "dateTime": Kind.TIME,
}  # fmt: skip
_BY_KIND = {
    "select_one": Kind.SELECT_ONE, "select_multiple": Kind.SELECT_MULTIPLE, "rank": Kind.SELECT_MULTIPLE,
}  # fmt: skip
_TYPED = (
    "text",
    "barcode",
    "image",
    "audio",
    "video",
    "file",
    "time",
    "geopoint",
    "geotrace",
    "geoshape",
)


@dataclass(frozen=True, slots=True)
class ProjectForms:
    """Published forms and drafts by form id; `key` changes whenever one of them does."""

    published: Mapping[str, FormShape]
    drafts: Mapping[str, FormShape]
    key: tuple[int, ...]


def forms_of(project_id: int) -> ProjectForms:
    """The forms of a project. One query for the versions, another for those not seen lately."""
    forms = Form.objects.alive().filter(project_id=project_id).order_by("xml_form_id")
    rows = list(forms.values_list("xml_form_id", "current_id", "draft_id"))
    ids = {version for _, *pair in rows for version in pair if version is not None}
    digests = dict(FormVersion.objects.filter(pk__in=ids).values_list("pk", "sha256"))
    shapes = {pk: _shape(pk, digest) for pk, digest in digests.items()}
    return ProjectForms(
        {name: shapes[current] for name, current, _ in rows if current in shapes},
        {name: shapes[draft] for name, _, draft in rows if draft in shapes},
        tuple(sorted(hash((pk, digest)) for pk, digest in digests.items())),
    )


@lru_cache(maxsize=128)
def _shape(version_id: int, _digest: str) -> FormShape:
    """A version never changes, but the number of a draft put aside may be given again: hence the
    digest."""
    version = FormVersion.objects.select_related("form").defer("xml").get(pk=version_id)
    return shape_of(version, version.form.xml_form_id)


def shape_of(version: FormVersion, form: str) -> FormShape:
    """The questions of a version of `form`, called by both."""
    label = f"{form} {version.version}".strip()
    return FormShape(form, label, questions_of(version.fields))


def questions_of(fields: Iterable[Mapping[str, Any]]) -> dict[str, Question]:
    """The questions in a version's `fields`, as `answers()` names them; of two with one name the first."""
    found: dict[str, Question] = {}
    repeats: list[str] = []
    for field in fields:
        path = str(field.get("path", ""))
        if field.get("type") == "repeat":
            repeats.append(f"{path}/")
        elif field.get("type") != "structure" and field.get("kind") not in ("note", "meta"):
            is_inside = any(path.startswith(prefix) for prefix in repeats)
            question = _question(field, repeats=is_inside)
            found.setdefault(question.name, question)
    return found


def _question(field: Mapping[str, Any], *, repeats: bool) -> Question:
    kind = str(field.get("kind", "text"))
    # what a file or an entity list offers is not ours to know
    choices = () if field.get("choices_from") else field.get("choices") or ()
    codes = tuple(str(choice["name"]) for choice in choices)
    known = _BY_KIND.get(kind) or _BY_TYPE.get(str(field.get("type", "string")))
    if known is None and kind in _TYPED:
        known = Kind.TEXT
    return Question(str(field.get("name", "")), known, codes, repeats=repeats)
