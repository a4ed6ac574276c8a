"""Which facts made a condition what it is, and which unanswered facts keep it unknown (design.md
§1.3).

A trace follows only the parts that decided: of an `or` that is true the true ones, of an `and` that
is false the false
ones, through derived facts down to the answers. Not recursive: chains of derived facts may be long.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from rules.engine.closures import Run, compile_tree
from rules.engine.parts import RuleSet
from rules.engine.program import Program, program_of
from rules.engine.values import Values
from rules.language.ast import And, Call, Expr, FactRef, Or, children

Env = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a condition that can be evaluated by itself; `name` when it is a fact."""

    kind: str  # and | or | if | coalesce | fact | other
    run: Run
    parts: tuple["Node", ...] = ()
    name: str = ""


def build_node(tree: Expr, neutral: frozenset[str]) -> Node:
    """`tree` with every part made runnable."""
    kind = "other"
    match tree:
        case FactRef(name=name):
            return Node("fact", compile_tree(tree), name=name)
        case And():
            kind = "and"
        case Or():
            kind = "or"
        case Call(name="if" | "coalesce" as word):
            kind = word
    parts = tuple(build_node(child, neutral) for child in children(tree))
    return Node(kind, compile_tree(tree, neutral), parts)


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

    def facts_behind(self, root: Node, values: Values) -> list[str]:
        """The names that decided, in the order of reading, derived facts before what they come
        from."""
        found: dict[str, None] = {}
        todo = [root]
        while todo:
            node = todo.pop()
            if node.kind != "fact":
                todo.extend(reversed(deciding(node, values.env)))
            elif node.name not in found:
                found[node.name] = None
                below = self.behind(node.name, values)
                todo.extend([below] if below else [])
        return list(found)

    def unknowns_behind(self, root: Node, values: Values) -> list[str]:
        """The unanswered facts that keep `root` unknown."""
        found: dict[str, None] = {}
        todo = [root] if root.run(values.env) is None else []
        while todo:
            node = todo.pop()
            if node.kind != "fact":
                parts = deciding(node, values.env)
                todo.extend(part for part in reversed(parts) if part.run(values.env) is None)
            elif node.name not in found:
                found[node.name] = None
                below = self.behind(node.name, values)
                todo.extend([below] if below and below.run(values.env) is None else [])
        return [name for name in found if name not in values.idle]


_explainers: "WeakKeyDictionary[RuleSet, Explainer]" = WeakKeyDictionary()


def explainer_of(rule_set: RuleSet) -> Explainer:
    """The explainer of `rule_set`, kept as long as the rule set lives."""
    found = _explainers.get(rule_set)
    if found is None:
        found = Explainer(program_of(rule_set), rule_set.neutral_codes)
        _explainers[rule_set] = found
    return found
