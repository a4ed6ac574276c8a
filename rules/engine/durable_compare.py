"""Do both engines agree on one child? (design.md §1.6): a difference is an alarm and goes to a person."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules.engine.durable_answer import OK, DurableAnswer
from rules.engine.kleene import Evaluated

MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement: about a 'rule' or a 'derived' fact, with the status that each engine found."""

    what: str
    name: str
    kleene: str
    durable: str


def compare(kleene: Evaluated, durable: DurableAnswer) -> tuple[Difference, ...]:
    """Every disagreement, rules first, each in the order of the document. Only rules in force are looked at, and
    nothing when there is no second opinion."""
    return tuple(_differences(kleene, durable)) if durable.state == OK else ()


def state_of(kleene: Evaluated, durable: DurableAnswer) -> str:
    """The Decision's word on the second engine: 'ok', 'mismatch' or 'unavailable' (design.md §7)."""
    return MISMATCH if compare(kleene, durable) else durable.state


def _differences(kleene: Evaluated, durable: DurableAnswer) -> Iterator[Difference]:
    for name, status in kleene.statuses.items():
        ours, theirs = _word(status), durable.statuses.get(name, "missing")
        if ours != theirs:
            yield Difference("rule", name, ours, theirs)
    for name, theirs in durable.derived.items():
        value = kleene.values.get(name)
        ours = _word(value if isinstance(value, bool) else None)
        if ours != theirs:
            yield Difference("derived", name, ours, theirs)


def _word(status: bool | None) -> str:
    return "unknown" if status is None else "true" if status else "false"
