"""What an export may want otherwise than it is stored: a column for each choice, labels in place of
codes, questions that later versions of the form dropped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from forms.instance.cells import Book, Cells, Sheet, heading_of
from forms.instance.flatten import Column, Layout, Scalar
from forms.models import Form, FormVersion
from forms.xlsform.field import Field

Codes = Mapping[str, Sequence[str]]  # path of a question -> the codes that it can hold
_BETWEEN_LABELS = "; "


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """How a CSV export is wanted. `labels`: the language whose labels stand in place of codes ("default"
    for the form's own), "" for codes.
    """

    group_paths: bool = True
    split_multiples: bool = False
    deleted_fields: bool = False
    labels: str = ""

    @property
    def are_plain(self) -> bool:
        """Whether the stored texts will do (headings are not stored)."""
        return not (self.split_multiples or self.deleted_fields or self.labels)


class Reshape:
    """The headings of one sheet, and what to do with its cells."""

    def __init__(self, sheet: Sheet, options: CsvOptions, codes: Codes) -> None:
        self.headings: list[str] = []
        self._steps: list[tuple[int, int, Callable[[Scalar], Cells]]] = []
        at = 0
        for column in sheet.table.columns:
            name = column.heading.replace("/", "-") if options.group_paths else column.field.name
            own = heading_of(column, name)
            self.headings += own
            change = _change(column, options, codes)
            if change is not None:
                self._steps.append((at, at + 1, change))
            if options.split_multiples and column.field.select_multiple:
                self.headings += [f"{name}/{code}" for code in codes.get(column.field.path, ())]
            at += len(own)

    def __call__(self, cells: Cells) -> Cells:
        """The cells under `headings`."""
        if not self._steps:
            return cells
        found: Cells = []
        start = 0
        for at, end, change in self._steps:
            found += cells[start:at]
            found += change(cells[at])
            start = end
        return found + cells[start:]


def merged_book(form: Form, version: FormVersion) -> Book:
    """The tables of all published versions together, those of `version` first."""
    fields = [Field.from_json(one) for one in version.fields]
    others = form.versions.exclude(pk=version.pk).exclude(published_at=None).order_by("-pk")
    for other in others.only("fields"):
        fields = merge_fields(fields, [Field.from_json(one) for one in other.fields])
    return Book(Layout(fields))


def merge_fields(fields: Sequence[Field], more: Iterable[Field]) -> list[Field]:
    """`fields`, and those of `more` that they lack, each at the end of its group."""
    found, known = list(fields), {one.path for one in fields}
    for one in more:
        if one.path in known:
            continue
        known.add(one.path)
        inside = f"{one.parent}/"
        last = max(
            (
                at
                for at, each in enumerate(found)
                if each.path.startswith(inside) or each.path == one.parent
            ),
            default=len(found) - 1,
        )
        found.insert(last + 1, one)
    return found


def codes_of(form: Form, book: Book) -> dict[str, list[str]]:
    """The codes of every select_multiple question, of all versions of the form, the newest first."""
    wanted = {
        column.field.path
        for sheet in (book.root, *book.repeats)
        for column in sheet.table.columns
        if column.field.select_multiple
    }
    found: dict[str, dict[str, None]] = {path: {} for path in wanted}
    if not wanted:
        return {}
    for version in form.versions.order_by("-pk").only("fields"):
        for one in version.fields:
            if one["path"] in found:
                codes = (choice["name"] for choice in one.get("choices", ()))
                found[one["path"]].update(dict.fromkeys(codes))
    return {path: list(codes) for path, codes in found.items()}


def _change(column: Column, options: CsvOptions, codes: Codes) -> Callable[[Scalar], Cells] | None:
    one = column.field
    label = _labeller(one, options.labels) if options.labels and one.choices else None
    if options.split_multiples and one.select_multiple:
        return _splitter(codes.get(one.path, ()), label)
    if label is None:
        return None
    told = label
    return lambda value: [told(value)]


def _splitter(
    codes: Sequence[str], label: Callable[[Scalar], Scalar] | None
) -> Callable[[Scalar], Cells]:
    def split(value: Scalar) -> Cells:
        chosen = set(str(value).split()) if value is not None else set()
        told = label(value) if label else value
        return [told, *(1 if code in chosen else 0 for code in codes)]

    return split


def _labeller(one: Field, language: str) -> Callable[[Scalar], Scalar]:
    labels = {choice.name: _in_language(choice.labels, language) for choice in one.choices}

    def label(value: Scalar) -> Scalar:
        if value is None:
            return None
        if not one.select_multiple:
            return labels.get(str(value)) or value
        return _BETWEEN_LABELS.join(labels.get(code) or code for code in str(value).split())

    return label


def _in_language(labels: Mapping[str, str], language: str) -> str:
    """The label in the language that is named or contains that name ("zh" for "中文 (zh)")."""
    named = labels.get(language) or next(
        (text for name, text in labels.items() if language in name), ""
    )
    return named or labels.get("default", "") or next(iter(labels.values()), "")
