"""A typed syntax tree -> a polars expression, in strong Kleene logic (design.md §6): the mirror of
closures.py.

What polars cannot express exactly is computed child by child by the function of closures.py, and
lands in a column of its own: regex(), format-date(), the remainder of decimals, whatever touches
the zone of a time, and selected() of a text that may hold several codes. An expression that its
surroundings would write out several times becomes a column too, or nesting would double it with
every level.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from rules.engine.bulk import arithmetic, calls
from rules.engine.bulk.rows import Rows
from rules.engine.bulk.terms import STORED, NotInColumns, Stored, Term, compare, constant
from rules.engine.closures import LARGEST, TODAY, compile_tree
from rules.language.ast import (
    And,
    Arith,
    Call,
    Compare,
    Expr,
    FactRef,
    Literal,
    Negate,
    Not,
    Or,
    facts_of,
    walk,
)

SHARED = 10  # operations that may be written out twice

Helper = Rows | pl.Expr  # a column to add before those that read it


@dataclass(slots=True)
class Compiler:
    """Compiles for one day. `names` holds the term of every name that is read from a column,
    `constants` the values of those that are the same for all; `helpers` grows by the columns that
    the compiled terms need before them."""

    as_of: date
    neutral: frozenset[str]
    names: dict[str, Term]
    constants: dict[str, Any]
    helpers: list[Helper] = field(default_factory=list)
    tainted: set[str] = field(default_factory=set)  # names whose numbers may be beyond LARGEST
    made: int = 0

    def take_helpers(self) -> list[Helper]:
        """The columns needed by what was compiled since the last call."""
        helpers, self.helpers = self.helpers, []
        return helpers

    def is_plain(self, tree: Expr) -> bool:
        """Whether its numbers stay within what a float holds exactly."""
        return self.tainted.isdisjoint(facts_of(tree)) and not any(
            isinstance(node, Literal) and isinstance(node.value, int) and node.value > LARGEST
            for node in walk(tree)
        )

    def compile(self, tree: Expr) -> Term:
        """The term of a whole condition or expression."""
        return self.term(tree) if self.is_plain(tree) else self.by_rows(tree)

    def term(self, tree: Expr) -> Term:
        """The term of `tree`, computed child by child where columns will not do."""
        if self.is_constant(tree):
            return constant(self.value(tree), tree.type)
        mark = len(self.helpers)
        try:
            return self.in_columns(tree)
        except NotInColumns:
            del self.helpers[mark:]
            return self.by_rows(tree)

    def is_constant(self, tree: Expr) -> bool:
        """Whether it reads no answer."""
        return self.constants.keys() >= facts_of(tree)

    def value(self, tree: Expr) -> Any:
        """The value of a tree that reads no answer."""
        return compile_tree(tree, self.neutral)({**self.constants, TODAY: self.as_of})

    def by_rows(self, tree: Expr) -> Term:
        """A column that the function of closures.py fills."""
        if tree.type is None:
            raise AssertionError("a checked tree has types")
        stored = STORED[tree.type.kind]
        stored = Stored.TEXT if stored is Stored.CODE else stored
        reads = tuple(sorted(name for name in facts_of(tree) if name not in self.constants))
        run = compile_tree(tree, self.neutral)
        rows = Rows(self.name(), run, reads, self.constants, self.as_of, stored.dtype)
        self.helpers.append(rows)
        return Term(pl.col(rows.name), stored)

    def shared(self, term: Term) -> Term:
        """`term`, as a column where writing it out again would cost more than reading one."""
        if term.size <= SHARED:
            return term
        name = self.name()
        self.helpers.append(term.expr.alias(name))
        return Term(pl.col(name), term.stored, limit=term.limit)

    def name(self) -> str:
        """The name of a new column; no fact can have it."""
        self.made += 1
        return f"~{self.made}"

    def in_columns(self, tree: Expr) -> Term:
        """The term of `tree`; raises NotInColumns."""
        match tree:
            case FactRef(name=name):
                return self.names[name]
            case And(args=args):
                return self.joined(args, and_)
            case Or(args=args):
                return self.joined(args, or_)
            case Not(arg=arg):
                inner = self.condition(arg)
                return Term(inner.expr.not_(), Stored.BOOL, inner.size + 1)
            case Compare(op=op, left=left, right=right):
                one, other = self.term(left), self.term(right)
                if one.stored is Stored.CODES:
                    raise NotInColumns
                return compare(op, one, other)
            case Arith(op=op, left=left, right=right):
                dividend, divisor = self.twice([left, right])
                return arithmetic.combine(op, dividend, divisor, self.shared)
            case Negate(arg=arg):
                return arithmetic.negate(self.term(arg))
            case Call():
                return self.call(tree)
        raise AssertionError("a literal is a constant")

    def joined(
        self, args: tuple[Expr, ...], operator: Callable[[pl.Expr, pl.Expr], pl.Expr]
    ) -> Term:
        terms = [self.condition(arg) for arg in args]
        return Term(reduce(operator, [term.expr for term in terms]), Stored.BOOL, _size(terms))

    def condition(self, tree: Expr) -> Term:
        """A term that is true, false or unknown."""
        term = self.term(tree)
        if term.stored is not Stored.BOOL:
            raise NotInColumns
        return term

    def twice(self, trees: list[Expr]) -> list[Term]:
        """The terms of `trees`, cheap enough to be used more than once."""
        return [self.shared(self.term(tree)) for tree in trees]

    def call(self, node: Call) -> Term:
        match node.name:
            case "known":
                return Term(self.term(node.args[0]).expr.is_not_null(), Stored.BOOL, 2)
            case "unknown":
                return Term(self.term(node.args[0]).is_null, Stored.BOOL, 2)
            case "if":
                test = self.shared(self.condition(node.args[0]))
                return calls.choice(test, *self.twice(list(node.args[1:])))
            case "coalesce":
                return calls.first_known([self.term(arg) for arg in node.args])
        build = calls.CALLS.get(node.name)
        if build is None:
            raise NotInColumns
        return build(node, calls.Asking(self.twice, self.neutral))


def _size(terms: list[Term]) -> int:
    return sum(term.size for term in terms) + 1
