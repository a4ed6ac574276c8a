"""What the rules read of each question of each form, and which of its answers are codes: all that a case
made of a child may keep."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rules.engine.rule_set import Fact, RuleSet
from rules.language.ast import Compare, Expr, FactRef, Kind, Literal, Type, facts_of, walk

OTHER = "_other"  # stands for any code that a translation treats alike
_DAYS = (Kind.DATE, Kind.TIME)


@dataclass(slots=True)
class Reading:
    """One question: `codes` may stay as they are; `any_code` where the rest counts alike (`*`);
    numbers where they are read, whole ones only unless `is_fraction`."""

    codes: set[str] = field(default_factory=set)
    is_number: bool = False
    is_fraction: bool = False
    is_day: bool = False
    any_code: bool = False

    def code(self, word: str) -> str | None:
        """`word` if it is a known code, a stand-in if any will do, else None."""
        if word in self.codes:
            return word
        return OTHER if self.any_code else None


def readings_of(
    rule_set: RuleSet, offered: Mapping[tuple[str, str], Sequence[str]]
) -> dict[str, dict[str, Reading]]:
    """Form -> question -> how it is read, for everything that bears on a decision."""
    found: dict[str, dict[str, Reading]] = {}

    def reading(form: str, question: str) -> Reading:
        one = found.setdefault(form, {}).setdefault(question, Reading())
        one.codes.update(offered.get((form, question), ()))
        return one

    for fact in rule_set.facts.values():
        for source in fact.sources:
            for form in source.forms:
                _read_as(reading(form, source.question), fact.type, source.codes)
        _read_history(fact, reading_of=reading)
        for clearing in fact.cleared_by:
            for question in sorted(facts_of(clearing.when)) if clearing.when else ():
                one = reading(clearing.form, question)
                one.codes.update(_words(clearing.when))
                if question in _measured(clearing.when):
                    one.is_number = one.is_fraction = True
    return found


def _read_as(one: Reading, type_: Type, codes: Mapping[str, str | None] | None) -> None:
    one.is_number = one.is_number or type_.kind.is_numeric
    one.is_fraction = one.is_fraction or type_.kind is Kind.NUMBER
    one.is_day = one.is_day or type_.kind in _DAYS
    if codes is not None:
        one.codes.update(code for code in codes if code != "*")
        one.any_code = one.any_code or "*" in codes
    elif type_.kind.is_select:
        one.codes.update(type_.codes)
    elif type_.kind is Kind.YES_NO:
        one.codes |= {"yes", "no", "true", "false"}


def _read_history(fact: Fact, reading_of: Callable[[str, str], Reading]) -> None:
    history = fact.history
    if history is None or not history.question:
        return
    wanted = history.equals
    words = wanted if isinstance(wanted, tuple) else () if wanted is None else (wanted,)
    plain = {("yes" if word else "no") if isinstance(word, bool) else str(word) for word in words}
    for form in history.forms:
        one = reading_of(form, history.question)
        one.codes |= plain
        one.any_code = True  # that it was answered, and otherwise, counts too


def _words(tree: Expr | None) -> Iterable[str]:
    for node in walk(tree) if tree else ():
        if isinstance(node, Literal) and isinstance(node.value, str):
            yield from node.value.split()


def _measured(tree: Expr | None) -> frozenset[str]:
    """The questions that `tree` itself compares with a number."""
    found = set()
    for node in walk(tree) if tree else ():
        if isinstance(node, Compare):
            sides = (node.left, node.right)
            names = {one.name for one in sides if isinstance(one, FactRef)}
            is_number = any(
                isinstance(one, Literal) and not isinstance(one.value, str) for one in sides
            )
            found |= names if is_number else set()
    return frozenset(found)
