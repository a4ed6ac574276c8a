"""What changed between two versions of a submission, in the shape of Central's `/diffs`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from forms.instance.flatten import to_text
from forms.instance.values import is_geo
from forms.xlsform.field import Field

Step = str | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Change:
    """One answer, or one whole row of a repeat, that changed; the path of a row is (name, index
    from 0).
    """

    path: tuple[Step, ...]
    old: Any
    new: Any

    def as_dict(self) -> dict[str, Any]:
        """Central's JSON: values as text, rows as objects, null for what is absent."""
        steps = [list(step) if isinstance(step, tuple) else step for step in self.path]
        return {"path": steps, "old": _shown(self.old), "new": _shown(self.new)}


def diff_instances(
    old: dict[str, Any], new: dict[str, Any], fields: Sequence[Field]
) -> list[Change]:
    """Changes from `old` to `new`, in the order of `fields`, then of what those do not know."""
    order = {tuple(one.path.split("/")[1:]): one.order for one in fields}
    last = len(order)
    changes = list(_changes(old, new, ()))
    changes.sort(key=lambda change: order.get(_plain(change.path), last))
    return changes


def _changes(old: Any, new: Any, path: tuple[Step, ...]) -> Iterator[Change]:
    if _is_group(old) or _is_group(new):
        before, after = _as_group(old), _as_group(new)
        for name in dict.fromkeys([*before, *after]):
            yield from _changes(before.get(name), after.get(name), (*path, name))
    elif isinstance(old, list) or isinstance(new, list):
        yield from _row_changes(old or [], new or [], path)
    elif old != new:
        yield Change(path, old, new)


def _row_changes(old: list[Any], new: list[Any], path: tuple[Step, ...]) -> Iterator[Change]:
    name = str(path[-1])
    for number in range(max(len(old), len(new))):
        at = (*path[:-1], (name, number))
        if number < len(old) and number < len(new):
            yield from _changes(old[number], new[number], at)
        else:
            yield Change(at, _row(old, number), _row(new, number))


def _is_group(value: Any) -> bool:
    return isinstance(value, dict) and not is_geo(value)


def _as_group(value: Any) -> dict[str, Any]:
    return value if _is_group(value) else {}


def _row(rows: list[Any], number: int) -> Any:
    return rows[number] if number < len(rows) else None


def _plain(path: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(step if isinstance(step, str) else step[0] for step in path)


def _shown(value: Any) -> Any:
    if _is_group(value):
        return {name: _shown(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_shown(below) for below in value]
    return None if value is None else str(to_text(value))
