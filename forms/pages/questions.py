"""A form version as a list of questions to read: what is asked, of whom, with which answers."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from forms.models import FormVersion
from forms.pages.words import (
    as_written,
    in_language,
    is_silent,
    kind_word,
    other_language,
    readable,
)
from forms.xlsform.entity import EntityDeclaration
from forms.xlsform.field import Field

LONGEST = 1500  # rows on one page; nobody reads more


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    code: str
    label: str
    other: str


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question or group. `label` is in the reader's language, `other` in the other one; `depth` counts groups."""

    field: Field
    number: int
    depth: int
    label: str
    other: str
    hint: str
    kind: str
    choices: tuple[ChoiceRow, ...]
    saves: str
    relevant: str = ""
    constraint: str = ""
    calculate: str = ""

    @property
    def is_group(self) -> bool:
        return not self.field.is_leaf


@dataclass(frozen=True, slots=True)
class Questions:
    """What a person is asked, what the phone fills in by itself, and the lists that the form writes to."""

    asked: tuple[QuestionRow, ...]
    silent: tuple[QuestionRow, ...]
    entities: tuple[EntityDeclaration, ...]
    count: int
    is_cut: bool


def fields_of(version: FormVersion) -> list[Field]:
    """The stored field tree."""
    return [Field.from_json(one) for one in version.fields]


def questions_of(version: FormVersion) -> Questions:
    """The questions of `version`, in document order."""
    entities = tuple(EntityDeclaration.from_json(one) for one in version.entities)
    saves = {path: f"{one.dataset}.{name}" for one in entities for name, path in one.saves.items()}
    rows = list(_rows(fields_of(version), saves))
    asked = [row for row in rows if not is_silent(row.field.kind)]
    return Questions(
        asked=tuple(asked[:LONGEST]),
        silent=tuple(row for row in rows if is_silent(row.field.kind) and row.field.kind != "meta")[
            :LONGEST
        ],
        entities=entities,
        count=sum(1 for row in asked if not row.is_group and row.field.kind != "note"),
        is_cut=len(asked) > LONGEST,
    )


def question_row(field: Field, paths: Container[str], saves: str, number: int) -> QuestionRow:
    """One field as a row; `paths` are those of the whole form, for reading its expressions."""
    return QuestionRow(
        field=field,
        number=number,
        depth=min(field.path.count("/") - 1, 5),
        label=readable(in_language(field.labels)),
        other=readable(other_language(field.labels)),
        hint=readable(in_language(field.hints)),
        kind=kind_word(field.kind),
        choices=tuple(
            ChoiceRow(one.name, in_language(one.labels), other_language(one.labels))
            for one in field.choices
        ),
        saves=saves,
        relevant=as_written(field.relevant, paths),
        constraint=as_written(field.constraint, paths),
        calculate=as_written(field.calculate, paths),
    )


def _rows(fields: Sequence[Field], saves: dict[str, str]) -> Iterator[QuestionRow]:
    number, paths = 0, {field.path for field in fields}
    for field in fields:
        if field.path.startswith("/meta") or "/meta/" in field.path or field.path.endswith("/meta"):
            continue
        is_question = field.is_leaf and not is_silent(field.kind) and field.kind != "note"
        number += is_question
        yield question_row(field, paths, saves.get(field.path, ""), number if is_question else 0)
