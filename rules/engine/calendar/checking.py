"""Does the section `calendar` fit the rest of the rule set? Every fault at its cell (design.md §6)."""

from collections.abc import Iterable, Mapping
from typing import Any

from rules import problems
from rules.engine.calendar.parts import ACTION_MAY, ACTION_NEEDS, MAY, NEEDS
from rules.engine.document import Document
from rules.engine.findings import Findings, place_of
from rules.engine.parts import RuleSet
from rules.language.ast import Kind
from rules.language.names import did_you_mean
from server.problems import gettext_noop as _

Row = Mapping[str, Any]
_DISCOVERER = "discoverer"


def check_calendar(rule_set: RuleSet, document: Document, findings: Findings) -> None:
    """Note tasks, tiers, roles, periods, forms and facts that are not there, columns that a trigger lacks or does
    not have, ids that stand twice, and items that do nothing."""
    checker = _Checker(rule_set, document, findings)
    for index, item in enumerate(document.get("calendar") or []):
        checker.item(index, item)
    for text in document["settings"].get("workdays", ()):
        if text in document["settings"].get("holidays", ()):
            place = place_of("settings", None, "workdays")
            reason = _("this day is among the holidays too")
            findings.error(problems.BAD_VALUE, place, name="workdays", value=text, reason=reason)


class _Checker:
    def __init__(self, rule_set: RuleSet, document: Document, findings: Findings) -> None:
        self.rule_set = rule_set
        self.findings = findings
        self.seen: dict[str, int] = {}
        self.tiers = [tier.id for tier in rule_set.tiers]
        self.rules = {rule["id"] for rule in document["rules"]}
        self.forms = _forms_named(document)

    def item(self, index: int, item: Row) -> None:
        name = item["id"]
        if name in self.seen or name in self.rules:
            first = f"calendar {self.seen[name] + 2}" if name in self.seen else "rules"
            place = place_of("calendar", index, "id")
            self.findings.error(problems.DUPLICATE, place, name=name, first=first)
        self.seen.setdefault(name, index)
        if ("period" in item) == ("trigger" in item):
            reason = _("a row is either a period or has a trigger")
            place = place_of("calendar", index, "trigger")
            self.findings.error(
                problems.BAD_VALUE, place, name=name, value=item["id"], reason=reason
            )
        if "period" in item:
            self.period(index, item)
        if "trigger" in item:
            self.trigger(index, item["trigger"])
            self.work(index, item)

    def period(self, index: int, item: Row) -> None:
        for span in item["period"].get("dates", ()):
            if span["from"] > span["to"]:
                self.bad(index, "period", span["to"], _("it ends before it begins"))
        for column in ("when", "tasks", "actions"):
            if item.get(column):
                place = place_of("calendar", index, column)
                self.findings.error(problems.EXTRA_COLUMN, place, name=column, cure="")

    def trigger(self, index: int, told: Row) -> None:
        kind = told["kind"]
        self.columns(index, "trigger", told, NEEDS[kind], MAY[kind])
        periods = self.rule_set.periods
        for name in told.get("periods", ()):
            self.known(index, "trigger", name, periods, _("period"))
        for name in (*told.get("tiers", ()), told.get("tier")):
            self.known(index, "trigger", name, self.tiers, _("tier"))
        self.known(index, "trigger", told.get("first"), self.rule_set.tasks, _("task"))
        self.role(index, "trigger", told.get("role"))
        self.form(index, "trigger", told.get("form"))
        if kind in ("birthday", "age_months"):
            self.born(index, told.get("born", "dob"))

    def born(self, index: int, name: str) -> None:
        known = self.rule_set.names.get(name)
        self.known(index, "trigger", name, self.rule_set.names, _("fact"))
        if known is not None and known.type is not None and known.type.kind is not Kind.DATE:
            self.bad(index, "trigger", name, _("a date of birth is needed"))

    def work(self, index: int, item: Row) -> None:
        for use in item.get("tasks", ()):
            task = use if isinstance(use, str) else use["id"]
            self.known(index, "tasks", task, self.rule_set.tasks, _("task"))
        for action in item.get("actions", ()):
            kind = action["kind"]
            self.columns(index, "actions", action, ACTION_NEEDS[kind], ACTION_MAY[kind])
            for role in (*action.get("roles", ()), action.get("role"), action.get("escalate_to")):
                self.role(index, "actions", role)
            self.form(index, "actions", action.get("form"))
        valid = item.get("valid", {})
        if valid.get("from", "") > valid.get("to", "9999"):
            self.bad(index, "valid", valid["to"], _("it ends before it begins"))
        self.effect(index, item)

    def effect(self, index: int, item: Row) -> None:
        """An item that asks for nothing; tasks where no child is meant; visits without an interval."""
        kind = item["trigger"]["kind"]
        if not item.get("tasks") and not item.get("actions"):
            self.findings.warn(problems.NO_EFFECT, place_of("calendar", index), name=item["id"])
        if kind == "cluster" and item.get("tasks"):
            self.bad(index, "tasks", item["id"], _("a cluster belongs to no single child"))
        if kind == "visits" and len(item.get("tasks", ())) != 1:
            self.bad(index, "tasks", item["id"], _("visits are one task"))
        if kind == "visits" and not any(tier.visit_days for tier in self.rule_set.tiers):
            self.bad(index, "trigger", "visits", _("no tier has visit_days"))

    def columns(
        self, index: int, column: str, told: Row, needs: Iterable[str], may: Iterable[str]
    ) -> None:
        """What this kind needs is there, and nothing that it does not know."""
        place, known = place_of("calendar", index, column), [*needs, *may]
        for name in needs:
            if name not in told:
                self.findings.error(problems.MISSING_COLUMN, place, name=f"{column} > {name}")
        for name in told:
            if name != "kind" and name not in known:
                cure = did_you_mean(name, known)
                self.findings.error(
                    problems.EXTRA_COLUMN, place, name=f"{column} > {name}", cure=cure
                )

    def known(
        self, index: int, column: str, name: str | None, among: Iterable[str], what: str
    ) -> None:
        among = list(among)
        if name is not None and name not in among:
            cure, place = did_you_mean(name, among), place_of("calendar", index, column)
            self.findings.error(problems.UNKNOWN_NAME, place, name=name, what=what, cure=cure)

    def role(self, index: int, column: str, name: str | None) -> None:
        if self.rule_set.roles:
            self.known(index, column, name, [*self.rule_set.roles, _DISCOVERER], _("role"))

    def form(self, index: int, column: str, name: str | None) -> None:
        """A form that nothing else of the rule set speaks of may be a slip of the pen, or come later."""
        if name is not None and name not in self.forms:
            cure, place = did_you_mean(name, self.forms), place_of("calendar", index, column)
            if cure:
                self.findings.warn(
                    problems.UNKNOWN_NAME, place, name=name, what=_("form"), cure=cure
                )

    def bad(self, index: int, column: str, value: object, reason: str) -> None:
        place = place_of("calendar", index, column)
        self.findings.error(
            problems.BAD_VALUE, place, name=column, value=str(value)[:80], reason=reason
        )


def _forms_named(document: Document) -> list[str]:
    """Every form that facts and tasks of the document name."""
    found: dict[str, None] = {}
    for item in document["facts"]:
        for one in (item, *item.get("sources", ()), item.get("history", {})):
            found |= dict.fromkeys(one.get("forms", ()))
    for task in document.get("tasks") or []:
        close = task.get("close", {})
        for one in close.get("any", [close]):
            found |= dict.fromkeys([one["form"]] if "form" in one else [])
    return list(found)
