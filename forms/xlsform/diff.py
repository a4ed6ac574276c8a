"""What a new version of a form changes for the data: Central warns of structural changes, we
also of codes that vanish.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from forms.xlsform.field import Field


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """From the old version to the new. `type_changed` pairs the fields; `choices_removed` maps a
    path to the codes that old answers may hold and new ones cannot; `moved` pairs old and new
    path of a question in another group.
    """

    added: tuple[Field, ...] = ()
    removed: tuple[Field, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    type_changed: tuple[tuple[Field, Field], ...] = ()
    choices_removed: tuple[tuple[str, tuple[str, ...]], ...] = ()
    relabelled: tuple[str, ...] = ()

    @property
    def is_structural(self) -> bool:
        """Whether columns vanish or move: Central's workflow warning "structuralChanges"."""
        return bool(self.removed or self.moved)

    @property
    def lost_paths(self) -> tuple[str, ...]:
        """The paths that the new version no longer has."""
        return (*(one.path for one in self.removed), *(old for old, _ in self.moved))


def diff_fields(old: Sequence[Field], new: Sequence[Field]) -> FieldDiff:
    """Compare by path; a name that vanishes once and appears once with the same type counts as
    moved.
    """
    before, after = {one.path: one for one in old}, {one.path: one for one in new}
    removed = [one for path, one in before.items() if path not in after]
    added = [one for path, one in after.items() if path not in before]
    moved = _moved(removed, added)
    gone, come = {path for path, _ in moved}, {path for _, path in moved}
    both = [(one, after[path]) for path, one in before.items() if path in after]
    pairs = [*both, *((before[left], after[right]) for left, right in moved)]
    return FieldDiff(
        added=tuple(one for one in added if one.path not in come),
        removed=tuple(one for one in removed if one.path not in gone),
        moved=moved,
        type_changed=tuple(pair for pair in pairs if _type(pair[0]) != _type(pair[1])),
        choices_removed=tuple(
            (right.path, lost) for left, right in pairs if (lost := _lost_choices(left, right))
        ),
        relabelled=tuple(right.path for left, right in pairs if _texts(left) != _texts(right)),
    )


def retyped(old: Sequence[Field], new: Sequence[Field]) -> list[tuple[Field, Field]]:
    """Questions of one path whose answers cannot stand in one column (Central's rule): a type became
    another, unless it became text.
    """
    before = {one.path: one for one in old}
    pairs = [(before[one.path], one) for one in new if one.path in before]
    return [
        (left, right)
        for left, right in pairs
        if left.type != right.type
        and "unknown" not in (left.type, right.type)
        and not (right.type == "string" and left.is_leaf)
    ]


def _moved(removed: list[Field], added: list[Field]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for left in (one for one in removed if one.is_leaf):
        same = [one for one in added if one.name == left.name and _type(one) == _type(left)]
        if len(same) == 1 and sum(one.name == left.name for one in removed) == 1:
            pairs.append((left.path, same[0].path))
    return tuple(pairs)


def _type(one: Field) -> tuple[str, bool]:
    return one.type, one.select_multiple


def _lost_choices(left: Field, right: Field) -> tuple[str, ...]:
    if right.choices_from or not right.choices:
        return ()  # from a file now, or no select any more: that is another change
    kept = {one.name for one in right.choices}
    return tuple(one.name for one in left.choices if one.name not in kept)


def _texts(one: Field) -> tuple[object, ...]:
    return one.labels, one.hints, {choice.name: choice.labels for choice in one.choices}
