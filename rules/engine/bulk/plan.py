"""A rule set on one day -> what to compute, column by column, in stages (design.md §6).

Parameters are constants of the day. Defaults and derived facts come in the stages of their
dependency, then the rules in force. Columns that are no facts have names beginning with '~'.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from weakref import WeakKeyDictionary

import polars as pl

from rules.engine.bulk.compiler import Compiler, Helper
from rules.engine.bulk.gaps import Gaps, idle_column
from rules.engine.bulk.rows import Rows
from rules.engine.bulk.tallying import Tallying, tallying_of
from rules.engine.bulk.terms import STORED, Stored, Term, constant
from rules.engine.parts import RuleSet
from rules.engine.program import CompiledRule, Program, Step, program_of
from rules.language.ast import facts_of

ASKED = "~asked"  # the column that says for whom answers are asked for
_NOTHING: frozenset[str] = frozenset()
_DAYS_KEPT = 4  # plans of one rule set: simulations of several days at once are rare


@dataclass(frozen=True, slots=True)
class Layer:
    """Columns that do not read each other."""

    columns: tuple[pl.Expr, ...]
    rows: tuple[Rows, ...] = ()

    def add_to(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with the columns of the layer."""
        computed = [rows.column(frame) for rows in self.rows]
        return frame.with_columns(*computed, *self.columns)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to evaluate one rule set on one day."""

    layers: tuple[Layer, ...]  # of everything that the conditions read
    idle: tuple[str, ...]  # facts with an idle column
    rules: tuple[CompiledRule, ...]  # in force on the day
    statuses: tuple[pl.Expr, ...]  # a column each, named by its rule
    tallying: Tallying
    tasks: tuple[pl.Expr, ...]  # a column each, named by the task
    sure_gaps: tuple[str, ...]  # rules whose unknown always means that an answer is missing
    other_gaps: tuple[pl.Expr, ...]  # for the others: whether one is
    gap_layers: tuple[Layer, ...]


def add_layers(frame: pl.DataFrame, layers: Iterable[Layer]) -> pl.DataFrame:
    """`frame` with the columns of all `layers`."""
    for layer in layers:
        frame = layer.add_to(frame)
    return frame


def _layers(helpers: Iterable[Helper]) -> Iterator[Layer]:
    """The helpers, each in the first layer after those that it reads."""
    level: dict[str, int] = {}
    layers: list[list[Helper]] = []
    for helper in helpers:
        reads = helper.reads if isinstance(helper, Rows) else helper.meta.root_names()
        name = helper.name if isinstance(helper, Rows) else helper.meta.output_name()
        level[name] = max((level[read] + 1 for read in reads if read in level), default=0)
        if level[name] == len(layers):
            layers.append([])
        layers[level[name]].append(helper)
    for layer in layers:
        columns = tuple(helper for helper in layer if not isinstance(helper, Rows))
        yield Layer(columns, tuple(helper for helper in layer if isinstance(helper, Rows)))


_plans: "WeakKeyDictionary[RuleSet, dict[date, Plan]]" = WeakKeyDictionary()


def plan_of(rule_set: RuleSet, day: date) -> Plan:
    """The plan of `rule_set` on `day`, made at first use; the newest few are kept."""
    plans = _plans.setdefault(rule_set, {})
    if day not in plans:
        while len(plans) >= _DAYS_KEPT:
            plans.pop(next(iter(plans)), None)
        plans[day] = _Planner(rule_set, day).plan()
    return plans[day]


class _Planner:
    """Makes one plan."""

    def __init__(self, rule_set: RuleSet, day: date) -> None:
        self.rule_set = rule_set
        self.day = day
        self.program: Program = program_of(rule_set)
        values = {name: item.on(day) for name, item in rule_set.parameters.items()}
        names = {
            name: Term(pl.col(name), STORED[fact.type.kind])
            for name, fact in rule_set.facts.items()
        }
        self.compiler = Compiler(day, rule_set.neutral_codes, names, values)
        self.idle: list[str] = []

    def plan(self) -> Plan:
        layers = list(self.layers())
        rules = tuple(item for item in self.program.rules if item.rule.in_force(self.day))
        statuses = tuple(self.status(item).alias(item.rule.id) for item in rules)
        layers.extend(_layers(self.compiler.take_helpers()))
        sure, others = self.gaps(rules)
        return Plan(
            layers=tuple(layers),
            idle=tuple(self.idle),
            rules=rules,
            statuses=statuses,
            tallying=tallying_of(self.program, rules),
            tasks=tuple(self.tasks(rules)),
            sure_gaps=sure,
            other_gaps=others,
            gap_layers=tuple(_layers(self.compiler.take_helpers())),
        )

    def status(self, item: CompiledRule) -> pl.Expr:
        term = self.compiler.compile(item.rule.when)
        if term.stored is not Stored.BOOL:
            raise AssertionError(f"the condition of {item.rule.id} is no condition")
        return term.expr

    def tasks(self, rules: Iterable[CompiledRule]) -> Iterator[pl.Expr]:
        """Whether a task is asked for, by a rule that fires or for want of answers."""
        users: dict[str, list[pl.Expr]] = {}
        for item in rules:
            for use in item.rule.tasks:
                fired = pl.col(item.rule.id).fill_null(False)
                users.setdefault(use.id, []).append(fired)
        ask = self.rule_set.ask_for_facts
        if ask:
            users.setdefault(ask, []).append(pl.col(ASKED))
        for name, found in users.items():
            yield pl.any_horizontal(found).alias(name)

    def gaps(self, rules: Iterable[CompiledRule]) -> tuple[tuple[str, ...], tuple[pl.Expr, ...]]:
        """The rules whose unknown is always a gap, and the gaps of the others."""
        if not self.rule_set.ask_for_facts:
            return (), ()
        gaps = Gaps(self.compiler, self.rule_set, self.idle)
        sure, others = [], []
        for item in rules:
            if gaps.is_sound(item.rule.when):
                sure.append(item.rule.id)
            else:
                others.append(gaps.behind(item.rule.when))
        return tuple(sure), tuple(others)

    def layers(self) -> Iterator[Layer]:
        """The steps, those together that read nothing of each other."""
        waiting = [
            (step, facts_of(step.tree) if step.tree else _NOTHING) for step in self.program.steps
        ]
        while waiting:
            names = {step.name for step, _ in waiting}
            ready = [step for step, reads in waiting if names.isdisjoint(reads)]
            waiting = [(step, reads) for step, reads in waiting if not names.isdisjoint(reads)]
            columns = [
                self.derived(step) if step.is_derived else self.default(step) for step in ready
            ]
            yield from _layers(self.compiler.take_helpers())
            yield Layer(tuple(columns))

    def derived(self, step: Step) -> pl.Expr:
        """A derived fact."""
        if step.tree is None:
            raise AssertionError(f"{step.name} is derived from nothing")
        if not self.compiler.is_plain(step.tree):
            self.compiler.tainted.add(step.name)
        term = self.compiler.compile(step.tree)
        if self.compiler.is_constant(step.tree):
            self.compiler.constants[step.name] = self.compiler.value(step.tree)
        self.compiler.names[step.name] = Term(pl.col(step.name), term.stored, limit=term.limit)
        return term.expr.alias(step.name)

    def default(self, step: Step) -> pl.Expr:
        """A fact that, unanswered and not applying, counts as its default or is idle."""
        column = pl.col(step.name)
        idle = column.is_null()
        if step.tree is not None:
            idle = idle & self.compiler.compile(step.tree).expr.not_().fill_null(False)
        if step.otherwise is None:
            self.idle.append(step.name)
            return idle.alias(idle_column(step.name))
        default = constant(step.otherwise, None).expr
        return pl.when(idle).then(default).otherwise(column).alias(step.name)
