"""durable-rules as a second opinion on the statuses of rules (design.md §1.6, §4).

In: a checked rule set, then resolved values. Out: true, false or unknown for each rule and each yes/no derived fact,
worked out by the Rete network of durable-rules 2.0.28 through its C module alone: no Host, no threads, no regular
expressions. The engine can crash or hang its process, so the server reaches it through durable_process.py only; this
module is what runs on the other side.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import durable_rules_engine as native

from rules.engine.closures import compile_tree
from rules.engine.durable_encoder import Encoder, Reader
from rules.engine.durable_formula import Fired, Rail
from rules.engine.durable_rails import Field, Translator
from rules.engine.durable_source import Expander, Source, source_of
from rules.engine.parts import RuleSet
from rules.language.ast import Expr, Kind, Value
from rules.problems import DURABLE_REFUSED
from server.problems import Problem

_RULE = "rule:"  # before a rule's id, so that it is never taken for a derived fact


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the engine says: rule id -> status, yes/no derived fact -> status ('true', 'false', 'unknown')."""

    rules: Mapping[str, str]
    derived: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A rule set compiled for the engine; `fields` are what an encoder must fill, by name."""

    source: Source
    fields: Mapping[str, Field]
    rules: tuple[str, ...]
    derived: tuple[str, ...]


def engine_for(rule_set: RuleSet, program: Program | None = None) -> "Engine":
    """An engine in this very process, for the child process, tests and measurements; terms are read by the language's
    value evaluator."""
    neutral = rule_set.neutral_codes
    return Engine(program or compile_rule_set(rule_set), lambda tree: compile_tree(tree, neutral))


class EngineFailure(Exception):
    """The engine did something it must not do: this handle is not to be used again."""


def compile_conditions(derived: Mapping[str, Expr], rules: Mapping[str, Expr]) -> Program:
    """The program for typed yes/no conditions: `derived` by name (they may read each other, without cycles), `rules`
    by id. Problem DURABLE_LIMIT when the engine cannot hold them."""
    translator = Translator(frozenset(derived))
    trees = {**derived, **{_RULE + name: tree for name, tree in rules.items()}}
    rails = {name: translator.rails(tree) for name, tree in trees.items()}
    expander = Expander()
    for name, each in rails.items():
        expander.define(Fired(name, Rail.TRUE), each.true)
        expander.define(Fired(name, Rail.FALSE), each.false)
    asked: set[Fired] = set()
    while missing := unknowns_in(expander) - asked:
        for result in sorted(missing, key=lambda fired: fired.name):
            expander.define(result, rails[result.name].unknown)
        asked |= missing
    fields = {name: wanted for wanted, name in translator.fields.items()}
    return Program(source_of(expander.defined), fields, tuple(rules), tuple(derived))


def compile_rule_set(rule_set: RuleSet) -> Program:
    """The program for all rules and yes/no derived facts of `rule_set`; Problem DURABLE_LIMIT when it is too large."""
    derived = {each.name: each.expr for each in rule_set.derived if each.type.kind is Kind.YES_NO}
    return compile_conditions(derived, {rule.id: rule.when for rule in rule_set.rules})


def unknowns_in(expander: Expander) -> set[Fired]:
    """The "is unknown" results that some alternative reads: only those are worked out."""
    leaves = {leaf for _, alternative in expander.defined for leaf in alternative}
    return {leaf for leaf in leaves if isinstance(leaf, Fired) and leaf.rail is Rail.UNKNOWN}


@dataclass(frozen=True, slots=True)
class _Plan:
    """A program as numbers, for speed: results are counted through, `told` says under which kinds each is asserted."""

    of_row: tuple[int, ...]
    told: tuple[tuple[str, ...], ...]
    true: Mapping[str, int]
    false: Mapping[str, int]

    @classmethod
    def of(cls, program: Program) -> "_Plan":
        numbers: dict[Fired, int] = {}
        for row in program.source.rows:
            numbers.setdefault(row.result, len(numbers))
        return cls(
            tuple(numbers[row.result] for row in program.source.rows),
            tuple(program.source.asserted.get(result, ()) for result in numbers),
            {result.name: at for result, at in numbers.items() if result.rail is Rail.TRUE},
            {result.name: at for result, at in numbers.items() if result.rail is Rail.FALSE},
        )

    def status(self, name: str, fired: set[int]) -> str:
        """'true', 'false', or 'unknown' when neither came out; both at once is a failure."""
        is_true, is_false = self.true.get(name) in fired, self.false.get(name) in fired
        if is_true and is_false:
            raise EngineFailure(f"{name} came out both true and false")
        return "true" if is_true else "false" if is_false else "unknown"


class Engine:
    """One native network. For the thread that made it; broken for good after any failure."""

    def __init__(self, program: Program, reader_of: Callable[[Expr], Reader]) -> None:
        """`reader_of` gives the function that evaluates a tree on resolved values. Problem DURABLE_REFUSED."""
        self.program = program
        self._plan = _Plan.of(program)
        self._encoder = Encoder(program.fields, reader_of)
        self._thread = threading.get_ident()
        self._is_broken = False
        try:
            self._handle = native.create_ruleset("anhu", program.source.text)
        except Exception as error:
            raise Problem(DURABLE_REFUSED, reason=str(error)[:200]) from error

    def evaluate(self, values: Mapping[str, Value]) -> Outcome:
        """Statuses for resolved `values` (a missing name is unknown). Unencodable when a value cannot be shown to the
        engine, which stays usable; EngineFailure when it failed."""
        if self._is_broken or threading.get_ident() != self._thread:
            raise EngineFailure("not usable here")
        parts = self._encoder.encode(values)
        try:
            return self._outcome(self._run(parts))
        except BaseException:
            self._is_broken = True
            raise

    def _run(self, parts: Mapping[str, str]) -> set[int]:
        """Every result that comes out for one fact, chaining included; leaves the session empty."""
        asserted: list[str] = []
        offset = None
        for number, names in enumerate(self.program.source.groups):
            body = "".join([parts[name] for name in names if name in parts])
            offset = self._assert(f"g{number}", body, asserted)
        activation = native.start_action_for_state(self._handle, offset)
        if activation is None:
            raise EngineFailure("the session is locked")
        fired = self._follow(activation[1], offset, asserted)
        for kind in asserted:
            native.retract_fact(self._handle, f'{{"sid":"s","id":"{kind}"}}')
        return fired

    def _follow(self, message: str | None, offset: int | None, asserted: list[str]) -> set[int]:
        """Follow the agenda to its end; each first result is told to the engine, which may fire more."""
        of_row, told = self._plan.of_row, self._plan.told
        fired: set[int] = set()
        left = 2 * (len(of_row) + len(told) + len(self.program.source.groups)) + 100
        while message:
            left -= 1
            if left < 0:
                raise EngineFailure("it fires without end")
            name = message[2 : message.index('"', 2)]
            if name[0] != "~" and (result := of_row[int(name)]) not in fired:
                fired.add(result)
                for kind in told[result]:
                    if self._assert(kind, "", asserted) != offset:
                        raise EngineFailure("a result went to another session")
            message = native.complete_and_start_action(self._handle, offset)
        return fired

    def _assert(self, kind: str, body: str, asserted: list[str]) -> int:
        """Assert one fact; its kind is its id."""
        text = f'{{"sid":"s","id":"{kind}","kind":"{kind}"{body}}}'
        code, offset = native.assert_fact(self._handle, text)
        if code != 0:
            raise EngineFailure(f"assert returned {code}")
        asserted.append(kind)
        return int(offset)

    def _outcome(self, fired: set[int]) -> Outcome:
        plan, program = self._plan, self.program
        rules = {name: plan.status(_RULE + name, fired) for name in program.rules}
        return Outcome(rules, {name: plan.status(name, fired) for name in program.derived})
