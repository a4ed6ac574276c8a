"""A typed condition -> the same condition over variables: derived facts written out, everything that
is not compared with a constant made a variable of its own.

A variable is a fact, the day itself, or an opaque term such as `years-between(${dob}, today())`: of
an opaque term only its text and type are known, so it may take any value; that is more than it can,
never less.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rules.engine.closures import TODAY
from rules.engine.parts import Fact, RuleSet
from rules.language.ast import (
    And,
    Arith,
    Call,
    Compare,
    Expr,
    FactRef,
    Kind,
    Literal,
    Negate,
    Not,
    Or,
    Type,
    children,
    walk,
)
from rules.language.text import to_text

MAX_SIZE = 1500  # nodes of a derived fact written out; a larger one stays a variable
MAX_DEPTH = 60  # levels of it: what follows is recursive
YES_NO = Type(Kind.YES_NO)
NUMBER = Type(Kind.NUMBER)
_NEVER_BELOW_0 = frozenset({"streak", "count", "days_since"})
_ALWAYS_KNOWN = frozenset({"streak", "count", "exists", "prior_tier", "prior_form"})
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_ORDERED = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.DATE, Kind.TIME})
_LOOSE = frozenset({"if", "coalesce", "known", "unknown"})  # known although an argument is not


@dataclass(frozen=True, slots=True)
class Variable:
    """What an assignment gives a value. `needs` are variables without which this one is unknown."""

    name: str
    type: Type
    may_be_unknown: bool = True
    may_be_empty: bool = False  # an empty selection that is known
    is_negative: bool = True  # whether it may lie below 0
    needs: tuple[str, ...] = ()


@dataclass(slots=True, repr=False, eq=False)
class Terms:
    """The variables of one rule set, and its conditions over them."""

    rule_set: RuleSet
    variables: dict[str, Variable] = field(default_factory=dict)
    derived: dict[str, Expr] = field(default_factory=dict)

    def __post_init__(self) -> None:
        written = {item.name: item for item in self.rule_set.derived}
        for name in self.rule_set.steps:  # each after what it reads
            if name in written:
                tree = self.rewrite(written[name].expr)
                if size_of(tree, MAX_SIZE) > MAX_SIZE or depth_of(tree) > MAX_DEPTH:
                    tree = self.variable(f"#{name}", written[name].type)
                self.derived[name] = tree

    def rewrite(self, node: Expr) -> Expr:
        """`node` over variables."""
        match node:
            case Literal():
                return node
            case FactRef(name=name):
                return self.fact(name)
            case And(args=args) | Or(args=args):
                return replace(node, args=tuple(map(self.rewrite, args)))
            case Not(arg=arg):
                return replace(node, arg=self.rewrite(arg))
            case Compare():
                return self.comparison(node)
            case Call():
                return self.call(node)
            case Arith() | Negate():
                return node if self.is_constant(node) else self.opaque(node)

    def fact(self, name: str) -> Expr:
        if name in self.derived:
            return self.derived[name]
        fact = self.rule_set.facts.get(name)
        if fact is None:  # a parameter: constant on any one day
            return FactRef(name, type=self.rule_set.names[name].type)
        if name not in self.variables:
            self.variables[name] = variable_of(fact)
        return FactRef(name, type=fact.type)

    def variable(self, name: str, type_: Type, needs: tuple[str, ...] = ()) -> FactRef:
        """A reference to the opaque variable `name`."""
        self.variables.setdefault(name, Variable(name, type_, needs=needs))
        return FactRef(name, type=type_)

    def opaque(self, node: Expr) -> FactRef:
        """A variable in place of `node`, known only by its text."""
        return self.variable(f"#{to_text(node)}", node.type or YES_NO, self.needs_of(node))

    def needs_of(self, *nodes: Expr) -> tuple[str, ...]:
        """The facts without which `nodes` are unknown."""
        inner = [one for node in nodes for one in walk(node)]
        if any(isinstance(one, Call) and one.name in _LOOSE for one in inner):
            return ()
        names = {one.name for one in inner if isinstance(one, FactRef)} & self.rule_set.facts.keys()
        for name in names:
            self.fact(name)
        return tuple(sorted(names))

    def is_constant(self, node: Expr) -> bool:
        """Whether `node` has one value on any one day: literals and parameters only."""
        return all(
            one.name in self.rule_set.parameters
            if isinstance(one, FactRef)
            else not (isinstance(one, Call) and one.name == "today")
            for one in walk(node)
        )

    def comparison(self, node: Compare) -> Expr:
        if self.is_constant(node.left) or self.is_constant(node.right):
            return replace(node, left=self.rewrite(node.left), right=self.rewrite(node.right))
        one, other, op = node.left, node.right, node.op
        if to_text(other) < to_text(one):
            one, other, op = other, one, _FLIPPED[op]
        needs = self.needs_of(one, other)
        if one.type and one.type.kind in _ORDERED:
            between = self.variable(f"#{to_text(one)} - {to_text(other)}", NUMBER, needs)
            return Compare(op, between, Literal(0, type=NUMBER), type=YES_NO)
        same = self.variable(f"#{to_text(one)} = {to_text(other)}", YES_NO, needs)
        return same if op == "=" else Not(same, type=YES_NO)

    def call(self, node: Call) -> Expr:
        match node.name:
            case "true" | "false":
                return node
            case "today":
                self.variables.setdefault(TODAY, Variable(TODAY, Type(Kind.DATE), False))
                return FactRef(TODAY, type=node.type)
            case "known" | "unknown" | "coalesce" | "selected" | "selected-any":
                return replace(node, args=tuple(map(self.rewrite, node.args)))
            case "if" if node.type == YES_NO or sum(map(self.varies, node.args[1:])) < 2:
                return replace(node, args=tuple(map(self.rewrite, node.args)))
            case "count-selected" if isinstance(of := self.rewrite(node.args[0]), FactRef):
                return replace(node, args=(of,))
            case "count-selected" | "string-length":
                return self.counted(node)
        return node if self.is_constant(node) else self.opaque(node)

    def counted(self, node: Call) -> FactRef:
        found = self.opaque(node)
        self.variables[found.name] = replace(self.variables[found.name], is_negative=False)
        return found

    def varies(self, node: Expr) -> bool:
        return not self.is_constant(node)


def variable_of(fact: Fact) -> Variable:
    """What may become of a fact: a plain default and counting the past are always known."""
    kind = fact.history.kind if fact.history else ""
    is_known = kind in _ALWAYS_KNOWN or (fact.otherwise is not None and fact.applies is None)
    return Variable(
        fact.name,
        fact.type,
        may_be_unknown=not is_known,
        may_be_empty=fact.otherwise == (),
        is_negative=kind not in _NEVER_BELOW_0,
    )


def with_value(tree: Expr, name: str, value: bool) -> Expr:
    """`tree` with the yes/no variable `name` replaced by `value`; what is shared stays shared."""
    known: dict[int, Expr] = {}
    put = Call("true" if value else "false", type=YES_NO)

    def replaced(node: Expr) -> Expr:
        if id(node) not in known:
            known[id(node)] = _with_parts(node, name, put, replaced)
        return known[id(node)]

    return replaced(tree)


def _with_parts(node: Expr, name: str, put: Expr, replaced: Callable[[Expr], Expr]) -> Expr:
    match node:
        case FactRef(name=found) if found == name:
            return put
        case And(args=args) | Or(args=args) | Call(args=args):
            return replace(node, args=tuple(map(replaced, args)))
        case Not(arg=arg) | Negate(arg=arg):
            return replace(node, arg=replaced(arg))
        case Compare(left=left, right=right) | Arith(left=left, right=right):
            return replace(node, left=replaced(left), right=replaced(right))
    return node


def size_of(tree: Expr, limit: int) -> int:
    """Nodes of `tree`, counted up to a little above `limit`."""
    count, todo = 0, [tree]
    while todo and count <= limit:
        node = todo.pop()
        count += 1
        todo.extend(children(node))
    return count


def depth_of(tree: Expr) -> int:
    """Levels of a tree of bounded size."""
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in children(node)]
    return depth
