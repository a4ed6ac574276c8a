"""Formulas -> the strict subset of durable-rules' language that was found sound, within its measured limits.

The engine knows alternatives only: one conjunction of field tests on a copy of the flat fact, joined with earlier
results. So each formula becomes a list of alternatives; where multiplying out would exceed MAX_EXPANSION, a part of
it becomes a helper result of its own. At most GROUP_SIZE alternatives look at one copy of the fact ("group"): the
engine fails when more than 64 are true at once under one node.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from rules.engine.durable_formula import (
    Absent,
    All,
    Fired,
    Formula,
    Leaf,
    Present,
    Rail,
    Some,
    Test,
    all_of,
)
from rules.engine.durable_literal import are_distinct, literal
from rules.problems import DURABLE_LIMIT
from server.problems import Problem

MAX_EXPANSION = 16  # alternatives from one conjunction
MAX_RESULTS = 10  # earlier results joined in one alternative; the engine fails above 16 patterns
MAX_TESTS = 60  # field tests in one alternative
GROUP_SIZE = 60  # the engine's stack holds 64
GROUP_FIELDS = 40  # the engine takes 252; fewer make each firing's message shorter
MAX_USES = 200  # alternatives on one first condition; the engine crashes at 256
MAX_FIRST = 400  # groups and results; the engine hangs at 513
MAX_ALTERNATIVES = 4000  # the engine refuses 4096
_OPERATORS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}

Alternative = frozenset[Leaf]


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of the engine: when all `leaves` hold, `result` has come out. `group` < 0: no field is tested."""

    result: Fired
    leaves: Alternative
    group: int


@dataclass(frozen=True, slots=True)
class Source:
    """What the engine is given, and how to read what it says.

    `rows` by the engine's rule number; `groups` are the field names of each copy of the fact; `asserted` says under
    which kinds a result is told to the engine (several when it is used very often; none when nothing reads it).
    """

    text: str
    rows: tuple[Row, ...]
    groups: tuple[tuple[str, ...], ...]
    asserted: dict[Fired, tuple[str, ...]]


@dataclass(slots=True)
class Expander:
    """Turns formulas into alternatives; `defined` collects (result, alternative), of helpers too."""

    defined: list[tuple[Fired, Alternative]] = field(default_factory=list)
    helpers: dict[Formula, Fired] = field(default_factory=dict)
    known: dict[Formula, list[Alternative]] = field(default_factory=dict)

    def define(self, result: Fired, formula: Formula) -> None:
        """`result` comes out exactly when `formula` holds."""
        for alternative in self.alternatives(formula):
            self.defined.append((result, self.shortened(alternative)))

    def alternatives(self, formula: Formula) -> list[Alternative]:
        """`formula` multiplied out, with helpers where that is too much. Each part is done once: parts are shared."""
        found = self.known.get(formula)
        if found is None:
            found = self.known[formula] = self.expanded(formula)
        return found

    def expanded(self, formula: Formula) -> list[Alternative]:
        """`alternatives` for a formula seen for the first time."""
        match formula:
            case Some(parts=parts):
                found = [each for part in parts for each in self.alternatives(part)]
            case All(parts=parts):
                found = self.multiplied([self.alternatives(part) for part in parts], parts)
            case leaf:
                return [frozenset((leaf,))]
        return minimal(each for each in found if is_possible(each))

    def multiplied(
        self, factors: list[list[Alternative]], parts: tuple[Formula, ...]
    ) -> list[Alternative]:
        """The conjunction of `factors`; the longest give way to helpers until the product is small."""
        while size_of(factors) > MAX_EXPANSION:
            longest = max(range(len(factors)), key=lambda index: len(factors[index]))
            factors[longest] = [frozenset((self.helper(parts[longest]),))]
        return [frozenset().union(*each) for each in product(*factors)]

    def helper(self, formula: Formula) -> Fired:
        """The helper result for `formula`, defined on first use."""
        if formula not in self.helpers:
            # its name is taken before it is defined: a definition may need helpers of its own
            name = self.helpers[formula] = Fired(f"~{len(self.helpers)}", Rail.TRUE)
            self.define(name, formula)
        return self.helpers[formula]

    def shortened(self, alternative: Alternative) -> Alternative:
        """`alternative` with its surplus of results and tests behind helpers."""
        leaves = sorted(alternative, key=order_of)
        results = [leaf for leaf in leaves if isinstance(leaf, Fired)]
        tests = [leaf for leaf in leaves if not isinstance(leaf, Fired)]
        if len(tests) > MAX_TESTS:
            results.append(self.helper(all_of(tests[MAX_TESTS:])))
        while len(results) > MAX_RESULTS:
            results = [*results[MAX_RESULTS:], self.helper(all_of(results[:MAX_RESULTS]))]
        return frozenset((*tests[:MAX_TESTS], *results))


def size_of(factors: list[list[Alternative]]) -> int:
    """How many alternatives the product of `factors` has."""
    size = 1
    for factor in factors:
        size *= len(factor)
    return size


def is_possible(alternative: Alternative) -> bool:
    """False when a field would have to be absent and present at once."""
    absent = {leaf.field for leaf in alternative if isinstance(leaf, Absent)}
    return not any(
        name in absent
        for leaf in alternative
        if isinstance(leaf, Test | Present)
        for name in names_in(leaf)
    )


def minimal(found: Iterable[Alternative]) -> list[Alternative]:
    """`found` without repeats and without what another of them already covers, in its order."""
    distinct = list(dict.fromkeys(found))
    if len(distinct) > 200:
        return distinct
    return [each for each in distinct if not any(other < each for other in distinct)]


def names_in(leaf: Leaf) -> Iterator[str]:
    """The fields that `leaf` tests."""
    if not isinstance(leaf, Fired):
        yield leaf.field
    if isinstance(leaf, Test) and leaf.other:
        yield leaf.other


def order_of(leaf: Leaf) -> tuple[int, str]:
    """Guards first (a comparison of two fields needs both), then tests by field, then results."""
    rank = {Absent: 0, Present: 0, Test: 1, Fired: 2}[type(leaf)]
    return rank, repr(leaf)


def grouped(defined: Iterable[tuple[Fired, Alternative]]) -> tuple[list[Row], list[set[str]]]:
    """Rows in order, with the fields of each group: a group is full at GROUP_SIZE rows or GROUP_FIELDS fields."""
    rows: list[Row] = []
    groups: list[set[str]] = [set()]
    count = 0
    for result, leaves in defined:
        names = {name for leaf in leaves for name in names_in(leaf)}
        if leaves and not names:
            rows.append(Row(result, leaves, -1))
            continue
        if count == GROUP_SIZE or len(groups[-1] | names) > GROUP_FIELDS:
            groups.append(set())
            count = 0
        groups[-1] |= names
        count += 1
        rows.append(Row(result, leaves, len(groups) - 1))
    return rows, groups


def source_of(defined: list[tuple[Fired, Alternative]]) -> Source:
    """The engine's rules for all alternatives; Problem DURABLE_LIMIT when the engine cannot hold them."""
    rows, groups = grouped(defined)
    used = Counter(
        leaf for row in rows for leaf in sorted(row.leaves, key=order_of) if isinstance(leaf, Fired)
    )
    asserted = {}
    for number, (result, uses) in enumerate(used.items()):
        copies = range(-(-uses // MAX_USES))
        asserted[result] = tuple(f"k{number}.{copy}" for copy in copies)
    demand("first conditions", len(groups) + sum(map(len, asserted.values())), MAX_FIRST)
    demand("alternatives", len(rows), MAX_ALTERNATIVES)
    turn: Counter[Fired] = Counter()
    texts = [_rule(str(number), _patterns(row, asserted, turn)) for number, row in enumerate(rows)]
    # What nothing matches is "not handled" and its session never set up: every kind has one rule that always matches.
    first = [f"g{index}" for index in range(len(groups))]
    demand_distinct(groups, [*first, *(kind for kinds in asserted.values() for kind in kinds)])
    texts += [_rule(f"~{kind}", [_pattern("m", kind)]) for kind in first]
    texts += [_rule(f"~{k}", [_pattern("m", k)]) for kinds in asserted.values() for k in kinds]
    names = tuple(tuple(sorted(group)) for group in groups)
    return Source(f"{{{','.join(texts)}}}", tuple(rows), names, asserted)


def demand(what: str, count: int, limit: int) -> None:
    """Problem when `count` is above `limit`."""
    if count > limit:
        raise Problem(DURABLE_LIMIT, what=what, count=count, limit=limit)


def demand_distinct(groups: list[set[str]], kinds: list[str]) -> None:
    """Problem when two names have one hash: the engine would take one for the other."""
    if not are_distinct(set().union(*groups)) or not are_distinct(kinds):
        raise Problem(DURABLE_LIMIT, what="names with one hash", count=2, limit=1)


def _rule(name: str, patterns: list[str]) -> str:
    return f'"{name}":{{"all":[{",".join(patterns)}]}}'


def _pattern(alias: str, kind: str, conditions: Iterable[str] = ()) -> str:
    return f'{{"{alias}":{{"$and":[{",".join((f"""{{"kind":"{kind}"}}""", *conditions))}]}}}}'


def _patterns(row: Row, asserted: dict[Fired, tuple[str, ...]], turn: Counter[Fired]) -> list[str]:
    """The copy of the fact with its tests, then the earlier results; uses of a result go round its kinds."""
    leaves = sorted(row.leaves, key=order_of)
    patterns = []
    if row.group >= 0:
        patterns.append(_pattern("m", f"g{row.group}", _conditions(leaves)))
    for number, leaf in enumerate(leaf for leaf in leaves if isinstance(leaf, Fired)):
        kinds = asserted[leaf]
        patterns.append(_pattern(f"r{number}", kinds[turn[leaf] % len(kinds)]))
        turn[leaf] += 1
    return patterns


def _conditions(leaves: Iterable[Leaf]) -> Iterator[str]:
    for leaf in leaves:
        match leaf:
            case Absent(field=name):
                yield f'{{"$nex":{{"{name}":1}}}}'
            case Present(field=name):
                yield _exists(name)
            case Test(field=name, op=op, other=other) if other:
                yield from (_exists(name), _exists(other))
                yield _comparison(name, op, f'{{"$m":"{other}"}}')
            case Test(field=name, op=op, value=value) if value is not None:
                yield _comparison(name, op, literal(value))


def _exists(name: str) -> str:
    return f'{{"$ex":{{"{name}":1}}}}'


def _comparison(name: str, op: str, value: str) -> str:
    test = f'{{"{name}":{value}}}'
    return test if op == "=" else f'{{"{_OPERATORS[op]}":{test}}}'
