"""The conditions of one document: parsed, put in order, checked against its names (design.md §6)."""

from collections.abc import Iterable
from dataclasses import replace

from rules import problems
from rules.engine.findings import Findings, place_of
from rules.engine.naming import Naming
from rules.engine.ordering import circle_in, dependency_order
from rules.language.ast import Expr, FactRef, Kind, Type, facts_of, walk
from rules.language.check import check
from rules.language.names import Name
from rules.language.parser import parse
from rules.language.unknowns import may_be_unknown
from server.problems import Place, Problem

YES_NO = Type(Kind.YES_NO)


class Expressions:
    """Parses and checks the conditions of one document. Derived facts come first, in dependency
    order."""

    def __init__(self, naming: Naming, findings: Findings) -> None:
        self.naming = naming
        self.findings = findings
        self.parsed: dict[str, Expr] = {}
        self.typed: dict[str, Expr] = {}
        self.steps: tuple[str, ...] = ()

    def parse(self, text: str, place: Place) -> Expr | None:
        """The untyped tree, or None with a finding."""
        try:
            return parse(text)
        except Problem as problem:
            self.findings.problem(problem, place)
            return None

    def check(self, tree: Expr, place: Place, expected: Type = YES_NO) -> Expr:
        """The typed tree, its issues noted at `place`."""
        typed, issues = check(tree, self.naming.names, expected)
        self.findings.issues(issues, place)
        return typed

    def condition(self, text: str, place: Place) -> Expr | None:
        """A condition over the names of the rule set."""
        tree = self.parse(text, place)
        return None if tree is None else self.check(tree, place)

    def answers_condition(self, text: str | None, place: Place) -> Expr | None:
        """A condition over the answers of one submission: its questions are not ours to know, so
        any name will do."""
        tree = self.parse(text, place) if text else None
        if tree is None:
            return None
        names = {
            node.name: Name(node.name, None) for node in walk(tree) if isinstance(node, FactRef)
        }
        typed, issues = check(tree, names, YES_NO)
        self.findings.issues((issue for issue in issues if not issue.is_warning), place)
        return typed

    def compute_steps(self) -> None:
        """Parse, order and check everything that is computed, and learn which of it may be unknown."""
        places = self._parse_computed()
        reads = {name: facts_of(tree) for name, tree in self.parsed.items()}
        order, stuck = dependency_order(reads)
        if stuck:
            circle = circle_in(stuck, reads)
            shown = " -> ".join([*circle, circle[0]])
            self.findings.error(problems.CYCLE, places[circle[0]], names=shown)
        names = self.naming.names
        for name in [*order, *stuck]:
            is_derived = places[name].sheet == "derived"
            expected = (names[name].type or YES_NO) if is_derived else YES_NO
            tree = self.check(self.parsed[name], places[name], expected)
            self.typed[name] = tree
            if is_derived:
                unknown = may_be_unknown(tree, names)
                names[name] = replace(names[name], may_be_unknown=unknown)
        self.steps = (*self._plain_defaults(), *order)

    def _parse_computed(self) -> dict[str, Place]:
        places: dict[str, Place] = {}
        for sheet, column in (("facts", "applies"), ("derived", "expr")):
            for index, item in enumerate(self.naming.document.get(sheet) or []):
                place = place_of(sheet, index, column)
                name = item["name"]
                if column not in item or self.naming.where.get(name) != sheet or name in places:
                    continue
                tree = self.parse(item[column], place)
                if tree is not None:
                    self.parsed[name], places[name] = tree, place
        return places

    def _plain_defaults(self) -> Iterable[str]:
        """Facts with `otherwise` alone: they depend on nothing, so they come first."""
        for item in self.naming.document["facts"]:
            if "otherwise" in item and "applies" not in item:
                yield item["name"]
