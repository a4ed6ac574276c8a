"""What a rule set says of its facts that the search for nearest changes goes by, worked out once."""

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from rules.engine.parts import Fact, RuleSet
from rules.engine.program import Program, Step, program_of
from rules.language.ast import Call, Compare, Expr, Literal, facts_of, walk


@dataclass(slots=True)
class Hints:
    """What a rule set compares each fact with, which steps depend on it, what each step reads, the
    facts that may lift a rank, and the rules (by index) that read a name themselves."""

    mentioned: dict[str, dict[Any, None]] = field(default_factory=dict)
    steps: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    reads: dict[str, frozenset[str]] = field(default_factory=dict)
    lifting: dict[int, tuple[Fact, ...]] = field(default_factory=dict)
    rules: dict[str, tuple[int, ...]] = field(default_factory=dict)


_hints: "WeakKeyDictionary[RuleSet, Hints]" = WeakKeyDictionary()


def hints_of(rule_set: RuleSet) -> Hints:
    """The hints of `rule_set`, kept as long as it lives."""
    found = _hints.get(rule_set)
    if found is None:
        found = _hints[rule_set] = Hints()
        program = program_of(rule_set)
        trees = [rule.when for rule in rule_set.rules]
        trees += [step.tree for step in program.steps if step.tree]
        for tree in trees:
            _collect(tree, rule_set.neutral_codes, found.mentioned)
        found.steps = _dependents(program)
        found.reads = {
            step.name: frozenset(facts_of(step.tree) if step.tree else ()) for step in program.steps
        }
        for index, item in enumerate(program.rules):
            for name in facts_of(item.rule.when):
                found.rules[name] = (*found.rules.get(name, ()), index)
    return found


def _collect(tree: Expr, neutral: frozenset[str], mentioned: dict[str, dict[Any, None]]) -> None:
    for node in walk(tree):
        if not isinstance(node, Compare | Call):
            continue
        literals = [inner.value for inner in walk(node) if isinstance(inner, Literal)]
        words = [word for item in literals if isinstance(item, str) for word in item.split()]
        if isinstance(node, Call) and node.name == "count-selected" and node.args[0].type:
            words += [code for code in node.args[0].type.codes if code not in neutral]
        for name in facts_of(node):
            known = mentioned.setdefault(name, {})
            known.update(dict.fromkeys([*literals, *words]))


def _dependents(program: Program) -> dict[str, tuple[Step, ...]]:
    """For each name the steps to run again when it changes, in their order."""
    touched: dict[str, set[str]] = {}
    for step in reversed(program.steps):
        behind = {step.name, *touched.get(step.name, ())}
        for name in facts_of(step.tree) if step.tree else ():
            touched.setdefault(name, set()).update(behind)
    return {
        name: tuple(step for step in program.steps if step.name in names)
        for name, names in touched.items()
    }
