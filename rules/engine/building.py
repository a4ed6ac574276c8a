"""A document of the right shape -> its compiled parts, with findings for what they mean wrongly
(design.md §6)."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from rules.engine.expressions import YES_NO, Expressions
from rules.engine.findings import Findings, place_of
from rules.engine.naming import Naming, as_codes
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
from rules.language.ast import Type, Value

Item = Mapping[str, Any]


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
        "verify_tasks",
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
                Escalation(Due(*next(iter(step["after"].items()))), step["to"], step.get("from", "opening"))
                for step in item.get("escalation", ())
            ),
            closes=self.closings(index, close), is_manual="manual" in close,
            evidence=item.get("evidence", {}), verify=item.get("verify"),
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
