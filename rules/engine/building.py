"""A document of the right shape -> its compiled parts, with findings for what they mean wrongly
(design.md §6)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from rules import problems
from rules.engine.findings import Findings, place_of
from rules.engine.naming import Naming, as_codes
from rules.engine.ordering import circle_in, dependency_order
from rules.engine.parts import (
    Clearing,
    Closing,
    Derived,
    Dimension,
    Due,
    Escalation,
    Fact,
    Group,
    History,
    Rule,
    Source,
    Task,
    TaskUse,
    Tier,
)
from rules.language.ast import Expr, FactRef, Kind, Type, Value, facts_of, walk
from rules.language.check import check
from rules.language.names import Name
from rules.language.parser import parse
from rules.language.unknowns import may_be_unknown
from server.problems import Place, Problem

YES_NO = Type(Kind.YES_NO)
Item = Mapping[str, Any]


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
        """Parse, order and check everything that is computed, and learn which of it may be
        unknown."""
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


def sources_of(item: Item) -> tuple[Source, ...]:
    """The questions that answer a fact, `question` + `forms` first."""
    found = [item] if "question" in item else []
    return tuple(
        Source(one["question"], tuple(one.get("forms", ())), one.get("map"))
        for one in [*found, *item.get("sources", ())]
    )


def due_of(item: Mapping[str, int] | None) -> Due | None:
    """{hours: 24} -> Due; None when there is none or it depends on the tier."""
    if not item or "by_tier" in item:
        return None
    [(unit, amount)] = item.items()
    return Due(unit, amount)


def build_dimensions(settings: Item) -> tuple[Dimension, ...]:
    """The dimensions in the order of the document."""
    return tuple(
        Dimension(item["id"], item["title"], item.get("cap")) for item in settings["dimensions"]
    )


def build_tiers(items: Iterable[Item]) -> tuple[Tier, ...]:
    """The tiers, lowest first."""
    simple = (
        "color", "acts_at_once", "visit_days", "first_contact_hours", "lead_role", "review_days",
    )  # fmt: skip
    tiers = []
    for rank, item in enumerate(items):
        known = {key: item[key] for key in simple if key in item}
        down = item.get("downgrade", {})
        roles, approvals = tuple(down.get("roles", ())), down.get("approvals", 1)
        tiers.append(
            Tier(
                item["id"], item["title"], rank, item["min_score"], **known,
                downgrade_roles=roles, downgrade_approvals=approvals,
            )
        )  # fmt: skip
    return tuple(tiers)


class Parts:
    """Builds facts, groups, rules and tasks from the document."""

    def __init__(self, naming: Naming, expressions: Expressions, findings: Findings) -> None:
        self.naming = naming
        self.expressions = expressions
        self.findings = findings

    def rows(self, sheet: str) -> Iterable[tuple[int, Item]]:
        """Index and item of each row of a section."""
        return enumerate(self.naming.document.get(sheet) or [])

    def facts(self) -> dict[str, Fact]:
        """The facts by name, in the order of the document."""
        return {
            item["name"]: self.fact(index, item)
            for index, item in self.rows("facts")
            if self.naming.where.get(item["name"]) == "facts"
        }

    def fact(self, index: int, item: Item) -> Fact:
        name = self.naming.names[item["name"]]
        type_ = name.type or YES_NO
        otherwise: Value | None = None
        if "otherwise" in item:
            place = place_of("facts", index, "otherwise")
            otherwise = self.naming.value(type_, item["otherwise"], name.name, place)
        return Fact(
            name=name.name, type=type_, title=name.title, labels=name.labels,
            sources=sources_of(item),
            merge=item.get("merge", "latest"), order=tuple(item.get("order", ())),
            positive=tuple(item.get("positive", ())),
            cleared_by=self.clearings(index, item), window_days=item.get("window_days"),
            applies=self.expressions.typed.get(name.name), otherwise=otherwise,
            history=self.history(item), external=item.get("source", ""),
        )  # fmt: skip

    def clearings(self, index: int, item: Item) -> tuple[Clearing, ...]:
        found = item.get("cleared_by", [])
        place = place_of("facts", index, "cleared_by")
        return tuple(
            Clearing(one["form"], self.expressions.answers_condition(one.get("when"), place))
            for one in (found if isinstance(found, list) else [found])
        )

    def history(self, item: Item) -> History | None:
        found = item.get("history")
        if found is None:
            return None
        equals = found.get("equals")
        return History(
            kind=found["kind"], forms=tuple(found.get("forms", ())),
            question=found.get("question", ""),
            equals=tuple(equals) if isinstance(equals, list) else equals,
            tier=found.get("tier", ""), window_days=found.get("window_days"),
        )  # fmt: skip

    def holidays(self) -> Iterable[date]:
        """The days that are no working days, besides weekends."""
        place = place_of("settings", None, "holidays")
        for text in self.naming.document["settings"].get("holidays", ()):
            day = self.naming.day(text, place)
            if day is not None:
                yield day

    def derived(self) -> tuple[Derived, ...]:
        """The derived facts in dependency order."""
        names, typed = self.naming.names, self.expressions.typed
        return tuple(
            Derived(
                name, names[name].type or YES_NO, names[name].title, names[name].labels, typed[name]
            )
            for name in self.expressions.steps
            if self.naming.where.get(name) == "derived"
        )

    def groups(self, sheet: str) -> tuple[Group, ...]:
        """Population classes or tags, in the order of the document."""
        found = []
        for index, item in self.rows(sheet):
            when = self.expressions.condition(item["when"], place_of(sheet, index, "when"))
            title = item.get("title") or {"zh": item["id"], "en": item["id"]}
            if when is not None:
                found.append(Group(item["id"], title, when))
        return tuple(found)

    def rules(self) -> tuple[Rule, ...]:
        """The rules in the order of the document."""
        return tuple(
            rule
            for index, item in self.rows("rules")
            if (rule := self.rule(index, item)) is not None
        )

    def rule(self, index: int, item: Item) -> Rule | None:
        when = self.expressions.condition(item["when"], place_of("rules", index, "when"))
        if when is None:
            return None
        because = item.get("because", {})
        valid, place = item.get("valid", {}), place_of("rules", index, "valid")
        return Rule(
            id=item["id"], dimension=item["dimension"], title=item["title"], when=when,
            score=item.get("score", 0), floor=item.get("floor"),
            tasks=tuple(
                TaskUse(use) if isinstance(use, str) else TaskUse(use["id"], due_of(use.get("due")))
                for use in item.get("tasks", ())
            ),
            source=because.get("source", ""),
            because={lang: because[lang] for lang in ("zh", "en") if lang in because},
            is_on=item.get("on", True),
            starts_on=self.naming.day(valid.get("from"), place),
            ends_on=self.naming.day(valid.get("to"), place),
        )  # fmt: skip

    def tasks(self) -> dict[str, Task]:
        """The kinds of task by id, in the order of the document."""
        return {item["id"]: self.task(index, item) for index, item in self.rows("tasks")}

    def task(self, index: int, item: Item) -> Task:
        due, close = item.get("due", {}), item.get("close", {})
        return Task(
            id=item["id"], title=item["title"], assignee=item["assignee"],
            dimension=item.get("dimension", ""), helpers=tuple(item.get("with", ())),
            due=due_of(due),
            due_by_tier={
                tier: limit
                for tier, one in due.get("by_tier", {}).items()
                if (limit := due_of(one)) is not None
            },
            escalation=tuple(
                Escalation(Due(*next(iter(step["after"].items()))), step["to"], step.get("unless",
                "done"))
                for step in item.get("escalation", ())
            ),
            closes=self.closings(index, close), is_manual="manual" in close,
            evidence=item.get("evidence", {}), verify=item.get("verify", False),
            priority=item.get("priority", 0),
        )  # fmt: skip

    def closings(self, index: int, close: Item) -> tuple[Closing, ...]:
        place = place_of("tasks", index, "close")
        found = close.get("any", [close] if "form" in close else [])
        return tuple(
            Closing(one["form"], self.expressions.answers_condition(one.get("when"), place))
            for one in found
        )


def codes_outside(codes: Iterable[Value], type_: Type) -> list[str]:
    """The codes that are not in the list of `type_`."""
    return [code for item in codes for code in as_codes(item) if code not in type_.codes]
