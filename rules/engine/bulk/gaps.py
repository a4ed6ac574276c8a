"""Where a condition is unknown because an answer is missing (design.md §6): the mirror of
`unknowns_behind` in explain.py.

Not every unknown is a gap that somebody could be asked to fill: a fact may not apply to the child,
a parameter may not be in force yet, a division may be by zero. Where none of this can happen, a gap
is simply an unknown.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_

import polars as pl

from rules.engine.bulk.compiler import Compiler
from rules.engine.bulk.terms import STORED, Stored
from rules.engine.parts import RuleSet
from rules.language.ast import And, Arith, Call, Expr, FactRef, Or, children, facts_of, walk

_BRANCHING = ("if", "coalesce")
_PRESENCE = ("known", "unknown")
_NO = pl.lit(False)


def idle_column(name: str) -> str:
    """The column that says where the fact `name` is unanswered and does not apply."""
    return f"~idle:{name}"


def _gap_column(name: str) -> str:
    """The column that says where an answer is missing behind the derived fact `name`."""
    return f"~gap:{name}"


class Gaps:
    """Compiles gaps, once `compiler` knows all names; `idle` are the facts with an idle column."""

    def __init__(self, compiler: Compiler, rule_set: RuleSet, idle: Iterable[str]) -> None:
        self.compiler = compiler
        self.rule_set = rule_set
        self.idle = frozenset(idle)
        known = {name for name, value in compiler.constants.items() if value is not None}
        self.sound = (known | rule_set.facts.keys()) - self.idle
        for derived in rule_set.derived:
            if derived.name not in compiler.constants:
                self.add(derived.name, derived.expr, STORED[derived.type.kind])

    def add(self, name: str, tree: Expr, declared: Stored) -> None:
        """Take in a derived fact, after those that it reads."""
        stored = self.compiler.names[name].stored
        is_typed = stored is declared or stored.is_number or (stored.is_text and declared.is_text)
        if is_typed and self.is_sound(tree):
            self.sound.add(name)
        else:
            self.compiler.helpers.append(self.behind(tree).alias(_gap_column(name)))

    def is_sound(self, tree: Expr) -> bool:
        """Whether `tree` can be unknown for want of an answer only."""
        match tree:
            case Call(name=name) if name in _PRESENCE:
                return True
            case Call(name="regex") | Arith():
                return False
            case FactRef(name=name):
                return name in self.sound
        return all(self.is_sound(child) for child in children(tree))

    def behind(self, tree: Expr) -> pl.Expr:
        """Whether `tree` is unknown and an answer is missing behind it; never null."""
        unknown = self.compiler.compile(tree).is_null
        if self.is_sound(tree):
            return unknown
        if not any(_branches(node) for node in walk(tree)):
            return unknown & _some(self.missing(name) for name in sorted(facts_of(tree)))
        parts = [self.behind(child) for child in children(tree)]
        if isinstance(tree, Call) and tree.name == "if":
            return unknown & self.of_choice(tree, parts)
        return unknown & _some(parts)

    def of_choice(self, tree: Call, parts: list[pl.Expr]) -> pl.Expr:
        """Behind `if`: only what it looks at."""
        test = self.compiler.shared(self.compiler.compile(tree.args[0]))
        return (
            pl.when(test.is_null)
            .then(_some(parts))
            .otherwise(pl.when(test.expr).then(parts[1]).otherwise(parts[2]))
        )

    def missing(self, name: str) -> pl.Expr:
        """Whether the name is unknown for want of an answer."""
        if name in self.compiler.constants:
            return _NO
        if name in self.sound:
            return pl.col(name).is_null()
        if name in self.idle:
            return pl.col(name).is_null() & pl.col(idle_column(name)).not_()
        return pl.col(_gap_column(name))


def _branches(node: Expr) -> bool:
    return isinstance(node, And | Or) or (isinstance(node, Call) and node.name in _BRANCHING)


def _some(parts: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(or_, parts, _NO)
