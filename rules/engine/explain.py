"""Which facts made a condition what it is, and which unanswered facts keep it unknown (design.md
§1.3).

A trace follows only the parts that decided: of an `or` that is true the true ones, of an `and` that
is false the false ones, through derived facts down to the answers. Not recursive: chains of derived
facts may be long.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from rules.engine.closures import Run, compile_tree
from rules.engine.parts import Rule, RuleSet
from rules.engine.program import CompiledRule, Program, program_of
from rules.engine.values import Values
from rules.language.ast import And, Call, Expr, FactRef, Or, children, walk

Env = Mapping[str, Any]
Names = dict[str, None]  # a set that keeps the order of reading
_NOTHING: Names = {}


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a condition that can be evaluated by itself. A leaf has no part that could decide
    alone, so all its `names` count."""

    kind: str  # and | or | if | coalesce | other | leaf
    run: Run
    parts: tuple["Node", ...] = ()
    names: tuple[str, ...] = ()


_BRANCHING = ("if", "coalesce")


def build_node(tree: Expr, neutral: frozenset[str]) -> Node:
    """`tree` with every part that can decide made runnable."""
    run = compile_tree(tree, neutral)
    if not any(_branches(node) for node in walk(tree)):
        names = dict.fromkeys(node.name for node in walk(tree) if isinstance(node, FactRef))
        return Node("leaf", run, names=tuple(names))
    parts = tuple(build_node(child, neutral) for child in children(tree))
    match tree:
        case And():
            return Node("and", run, parts)
        case Or():
            return Node("or", run, parts)
        case Call(name=name) if name in _BRANCHING:
            return Node(name, run, parts)
    return Node("other", run, parts)


def _branches(node: Expr) -> bool:
    return isinstance(node, And | Or) or (isinstance(node, Call) and node.name in _BRANCHING)


def deciding(node: Node, env: Env) -> list[Node]:
    """The parts of `node` that make it what it is."""
    match node.kind:
        case "and":
            found = [(part, part.run(env)) for part in node.parts]
            false = [part for part, value in found if value is False]
            return false or list(node.parts)
        case "or":
            found = [(part, part.run(env)) for part in node.parts]
            true = [part for part, value in found if value is True]
            return true or [part for part, value in found if value is None] or list(node.parts)
        case "if":
            value = node.parts[0].run(env)
            if value is None:
                return list(node.parts)
            return [node.parts[0], node.parts[1 if value is True else 2]]
        case "coalesce":
            read = []
            for part in node.parts:
                read.append(part)
                if part.run(env) is not None:
                    break
            return read
    return list(node.parts)


@dataclass(slots=True)
class Explainer:
    """The runnable parts of one rule set's conditions, built as they are needed."""

    program: Program
    neutral: frozenset[str]
    rules: dict[str, Node] = field(default_factory=dict)
    steps: dict[str, Node] = field(default_factory=dict)

    def rule(self, rule_id: str, tree: Expr) -> Node:
        """The condition of a rule."""
        if rule_id not in self.rules:
            self.rules[rule_id] = build_node(tree, self.neutral)
        return self.rules[rule_id]

    def behind(self, name: str, values: Values) -> Node | None:
        """What the value of `name` was computed from; None for an answer."""
        step = self.program.step_of.get(name)
        if step is None or step.tree is None or not (step.is_derived or name in values.defaulted):
            return None
        if name not in self.steps:
            self.steps[name] = build_node(step.tree, self.neutral)
        return self.steps[name]

    def trace(self, values: Values, rules: Iterable[CompiledRule]) -> "Trace":
        """What every computed name of `values` that `rules` read, near or far, rests on."""
        trace = Trace(self, values)
        wanted = set().union(*(self.program.steps_of[item.rule.id] for item in rules))
        # in the order of computing: what a step reads is traced before
        for index in sorted(wanted):
            step = self.program.steps[index]
            node = self.behind(step.name, values)
            if node is not None:
                trace.facts[step.name] = trace.facts_behind(node)
                if values.env.get(step.name) is None:  # what is known has nothing unknown behind
                    trace.unknowns[step.name] = trace.unknowns_behind(node)
        return trace


@dataclass(slots=True)
class Trace:
    """For one child: the names behind each computed name, worked out once."""

    explainer: Explainer
    values: Values
    facts: dict[str, Names] = field(default_factory=dict)
    unknowns: dict[str, Names] = field(default_factory=dict)
    rules: dict[str, Names] = field(default_factory=dict)

    def behind_rule(self, rule: Rule) -> Names:
        """The names that made a rule's condition what it is, worked out once."""
        found = self.rules.get(rule.id)
        if found is None:
            node = self.explainer.rule(rule.id, rule.when)
            found = self.rules[rule.id] = self.facts_behind(node)
        return found

    def facts_behind(self, root: Node) -> Names:
        """The names that decided, in the order of reading, computed ones before what they come
        from."""
        env = self.values.env
        found: Names = {}
        todo = [root]
        while todo:
            node = todo.pop()
            if node.kind != "leaf":
                todo.extend(reversed(deciding(node, env)))
                continue
            for name in node.names:
                if name not in found:
                    found[name] = None
                    found.update(self.facts.get(name, _NOTHING))
        return found

    def unknowns_behind(self, root: Node) -> Names:
        """The unanswered facts and unknown computed ones that keep `root` unknown."""
        env = self.values.env
        found: Names = {}
        todo = [root] if root.run(env) is None else []
        while todo:
            node = todo.pop()
            if node.kind != "leaf":
                todo.extend(part for part in reversed(deciding(node, env)) if part.run(env) is None)
                continue
            for name in node.names:
                if name not in found and env.get(name) is None and name not in self.values.idle:
                    found[name] = None
                    found.update(self.unknowns.get(name, _NOTHING))
        return found


_explainers: "WeakKeyDictionary[RuleSet, Explainer]" = WeakKeyDictionary()


def explainer_of(rule_set: RuleSet) -> Explainer:
    """The explainer of `rule_set`, kept as long as the rule set lives."""
    found = _explainers.get(rule_set)
    if found is None:
        found = Explainer(program_of(rule_set), rule_set.neutral_codes)
        _explainers[rule_set] = found
    return found
