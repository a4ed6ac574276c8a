"""What a draft changes against the published version, said for the person who must decide to publish it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from forms.models import FormVersion
from forms.pages.questions import fields_of
from forms.pages.words import in_language, is_silent, kind_word
from forms.xlsform.diff import FieldDiff, diff_fields
from forms.xlsform.field import Field


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change: its sort ("added", "removed", ...), the question, and what exactly."""

    sort: str
    path: str
    label: str
    detail: str = ""


WORDS: dict[str, Promise] = {
    "added": _("Added"),
    "removed": _("Removed"),
    "moved": _("Moved"),
    "type": _("Other type"),
    "choices": _("Choices removed"),
    "wording": _("Other wording"),
}
# these take something from data that was collected before, or from rules that read it
LOSING = frozenset(("removed", "type", "choices"))


def changes_between(old: FormVersion | None, new: FormVersion) -> list[ChangeRow]:
    """The changes from `old` to `new`, the ones that lose something first. Empty when nothing was published yet."""
    if old is None:
        return []
    before, after = fields_of(old), fields_of(new)
    named = {one.path: one for one in (*before, *after)}
    rows = _rows(diff_fields(before, after), named)
    return sorted(rows, key=lambda row: row.sort not in LOSING)


def _rows(diff: FieldDiff, named: dict[str, Field]) -> list[ChangeRow]:
    without = {path for path, _codes in diff.choices_removed}  # said already
    return [
        *(_row("removed", one) for one in diff.removed if _counts(one)),
        *(_row("type", new, f"{kind_word(old.kind)} → {kind_word(new.kind)}") for old, new in diff.type_changed),
        *(_row("choices", named[path], "、".join(codes)) for path, codes in diff.choices_removed),
        *(_row("added", one, kind_word(one.kind)) for one in diff.added if _counts(one)),
        *(_row("moved", named[new], f"{old} → {new}") for old, new in diff.moved),
        *(_row("wording", named[path]) for path in diff.relabelled if path not in without),
    ]  # fmt: skip


def _row(sort: str, field: Field, detail: str = "") -> ChangeRow:
    return ChangeRow(sort, field.path, in_language(field.labels) or field.name, detail)


def _counts(field: Field) -> bool:
    return field.is_leaf and not (is_silent(field.kind) and field.kind != "calculate")
