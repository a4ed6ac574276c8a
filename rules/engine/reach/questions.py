"""What the checker wants to know of conditions, answered for every day on which the parameters that they
read have a value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rules.engine.closures import compile_tree
from rules.engine.parts import RuleSet
from rules.engine.reach.parts import NOT_TRUE, TRUE, Builder, TooLarge
from rules.engine.reach.search import Budget, Search
from rules.engine.reach.terms import Terms, with_value
from rules.language.ast import Expr, FactRef, children

ALL_STEPS = 2_000_000  # judgements for one rule set, about two seconds
STEPS = 60_000  # for one question
ASKING = 200  # what a question costs besides
MOST_SEASONS = 12  # different sets of parameter values that are looked at

Wanted = tuple[Expr, int]  # a condition as the rule set has it, and what it may come to


@dataclass(frozen=True, slots=True)
class Example:
    """An assignment of variables under which everything comes to what was wanted, on a day with the
    parameters `season`."""

    season: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(slots=True, repr=False, eq=False)
class Reach:
    """Answers about one rule set. Deterministic: the bound counts steps, not seconds."""

    rule_set: RuleSet
    steps: int = ALL_STEPS
    budget: Budget = field(init=False)
    terms: Terms = field(init=False)
    written: dict[int, Expr] = field(default_factory=dict)
    kept: list[Expr] = field(default_factory=list)
    builders: dict[tuple[tuple[str, Any], ...], Builder] = field(default_factory=dict)
    runs: dict[int, Any] = field(default_factory=dict)
    read: dict[int, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.budget = Budget(self.steps)
        self.terms = Terms(self.rule_set)

    def never(self, *trees: Expr) -> bool:
        """Whether it is certain that `trees` are never all true."""
        return self.is_impossible(*((tree, TRUE) for tree in trees))

    def always(self, tree: Expr) -> bool:
        """Whether it is certain that `tree` is true whatever is known and unknown."""
        return self.is_impossible((tree, NOT_TRUE))

    def implies(self, tree: Expr, other: Expr) -> bool:
        """Whether it is certain that `other` is true wherever `tree` is."""
        return self.is_impossible((tree, TRUE), (other, NOT_TRUE))

    def is_impossible(self, *wanted: Wanted) -> bool:
        """Whether it is certain that no assignment meets all of `wanted`."""
        try:
            return self.example(*wanted) is None
        except TooLarge:
            return False

    def example(self, *wanted: Wanted) -> Example | None:
        """An assignment that meets all of `wanted`, None when there certainly is none; raises TooLarge
        when that cannot be found out within the bound. It may be one that no child can have."""
        trees = [self.written_out(tree) for tree, _ in wanted]
        for season in self.seasons([tree for tree, _ in wanted]):
            builder = self.builder(season)
            goals = [
                (builder.build(tree), mask) for tree, (_, mask) in zip(trees, wanted, strict=True)
            ]
            found = self.search(goals)
            if found is not None:
                return Example(season, found)
        return None

    def search(self, goals: Any) -> dict[str, Any] | None:
        self.budget.spend(ASKING)
        allowed = min(STEPS, self.budget.left)
        budget = Budget(allowed)
        try:
            variables = self.terms.variables
            return Search(goals, variables, self.rule_set.neutral_codes, budget).find()
        finally:
            self.budget.left -= allowed - max(budget.left, 0)

    def holds(self, tree: Expr, example: Example) -> bool:
        """Whether `tree` is true in `example`; what it does not name is unknown."""
        written = self.written_out(tree)
        run = self.runs.get(id(written))
        if run is None:
            run = self.runs[id(written)] = compile_tree(written, self.rule_set.neutral_codes)
        latest = {
            name: item.values[-1][1]
            for name, item in self.rule_set.parameters.items()
            if item.values
        }
        return run({**latest, **example.season, **example.values}) is True

    def hangs_on(self, tree: Expr, name: str) -> bool:
        """Whether the yes/no variable `name` can make the difference to `tree` being true; also
        where that cannot be ruled out."""
        written = self.written_out(tree)
        is_so, is_not = (with_value(written, name, known) for known in (True, False))
        self.written |= {id(one): one for one in (is_so, is_not)}
        self.kept += [is_so, is_not]
        return not self.is_impossible((is_so, TRUE), (is_not, NOT_TRUE))

    def written_out(self, tree: Expr) -> Expr:
        """`tree` over variables, once."""
        found = self.written.get(id(tree))
        if found is None:
            found = self.written[id(tree)] = self.terms.rewrite(tree)
            self.kept.append(tree)
        return found

    def reads(self, tree: Expr) -> frozenset[str]:
        """The variables that `tree` depends on."""
        return self.names_in(tree) & self.terms.variables.keys()

    def names_in(self, tree: Expr) -> frozenset[str]:
        written = self.written_out(tree)
        if id(written) not in self.read:
            self.read[id(written)] = frozenset(_names(written))
            self.kept.append(written)
        return self.read[id(written)]

    def seasons(self, trees: Iterable[Expr]) -> list[dict[str, Any]]:
        """The different sets of values that the parameters in `trees` have had together."""
        parameters = self.rule_set.parameters
        names = sorted({name for tree in trees for name in self.names_in(tree)} & parameters.keys())
        if not names:
            return [{}]
        first = max(
            (parameters[name].values[0][0] if parameters[name].values else date.max)
            for name in names
        )
        days = sorted(
            {start for name in names for start, _ in parameters[name].values if start >= first}
        )
        found = [{name: parameters[name].on(day) for name in names} for day in days]
        different = [one for index, one in enumerate(found) if one not in found[:index]]
        if len(different) > MOST_SEASONS:
            raise TooLarge
        return different

    def builder(self, season: Mapping[str, Any]) -> Builder:
        key = tuple(season.items())
        if key not in self.builders:
            self.builders[key] = Builder(self.rule_set.neutral_codes, dict(season))
        return self.builders[key]


def _names(tree: Expr) -> set[str]:
    """The names in a tree that shares nodes, each node looked at once."""
    seen: dict[int, Expr] = {}
    todo = [tree]
    while todo:
        node = todo.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            todo.extend(children(node))
    return {node.name for node in seen.values() if isinstance(node, FactRef)}
