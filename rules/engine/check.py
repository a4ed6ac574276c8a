"""Do the parts of a rule set fit together? References, cut-offs, merge policies, things without
effect (design.md §6)."""

from collections.abc import Iterable

from rules import problems
from rules.engine.building import Item, codes_outside
from rules.engine.document import Document
from rules.engine.findings import Findings, place_of
from rules.engine.naming import Naming
from rules.engine.parts import RuleSet
from rules.language.ast import Expr, facts_of
from rules.language.names import did_you_mean
from server.problems import Phrase, Place
from server.problems import gettext_noop as _

_DISCOVERER = "discoverer"  # whoever sent the submission: no role of the directory


def check_rule_set(rule_set: RuleSet, naming: Naming, findings: Findings) -> None:
    """Note every cross reference that leads nowhere and every part that does nothing."""
    checker = _Checker(rule_set, naming.document, findings)
    checker.duplicates()
    checker.tiers()
    checker.facts()
    checker.rules()
    checker.tasks()
    checker.unread(naming)


class _Checker:
    def __init__(self, rule_set: RuleSet, document: Document, findings: Findings) -> None:
        self.rule_set = rule_set
        self.document = document
        self.findings = findings
        self.tier_ids = [tier.id for tier in rule_set.tiers]
        self.dimensions = [dimension.id for dimension in rule_set.dimensions]

    def rows(self, sheet: str) -> Iterable[tuple[int, Item]]:
        return enumerate(self.document.get(sheet) or [])

    def known(self, name: str | None, among: Iterable[str], what: str, place: Place) -> None:
        """`name` must be one of `among`."""
        among = list(among)
        if name is not None and name not in among:
            cure = did_you_mean(name, among)
            self.findings.error(problems.UNKNOWN_NAME, place, name=name, what=what, cure=cure)

    def role(self, name: str | None, place: Place) -> None:
        if self.rule_set.roles:
            self.known(name, [*self.rule_set.roles, _DISCOVERER], _("role"), place)

    def duplicates(self) -> None:
        """No id twice in a section."""
        for sheet in ("tiers", "rules", "tasks", "populations", "tags", "roles"):
            self.unique(sheet, (item["id"] for _, item in self.rows(sheet)))
        self.unique("settings", self.dimensions)
        if not self.rule_set.roles:
            self.findings.warn(problems.UNCHECKED_ROLES, place_of("roles"))

    def unique(self, sheet: str, ids: Iterable[str]) -> None:
        seen: dict[str, int] = {}
        for index, name in enumerate(ids):
            if name in seen:
                place = place_of(sheet, index, "id")
                self.findings.error(
                    problems.DUPLICATE, place, name=name, first=f"{sheet} {seen[name] + 2}"
                )
            seen.setdefault(name, index)

    def tiers(self) -> None:
        """Cut-offs start at 0 and rise; roles exist."""
        last: float | None = None
        for index, tier in enumerate(self.rule_set.tiers):
            place = place_of("tiers", index, "min_score")
            if index == 0 and tier.min_score != 0:
                self.findings.error(
                    problems.CUT_OFFS,
                    place,
                    reason=Phrase(_("%(tier)s must start at 0"), tier=tier.id),
                )
            elif tier.min_score is not None and last is not None and tier.min_score <= last:
                reason = Phrase(
                    _("%(tier)s starts at %(score)s, not above %(last)s"),
                    tier=tier.id,
                    score=tier.min_score,
                    last=last,
                )
                self.findings.error(problems.CUT_OFFS, place, reason=reason)
            last = tier.min_score if tier.min_score is not None else last
            self.role(tier.lead_role, place_of("tiers", index, "lead_role"))
            for role in tier.downgrade_roles:
                self.role(role, place_of("tiers", index, "downgrade"))

    def facts(self) -> None:
        """A fact has one origin, and its merge policy has what it needs."""
        for index, item in self.rows("facts"):
            origins = [key for key in ("history", "source") if key in item]
            origins += ["question"] if {"question", "sources"} & item.keys() else []
            if len(origins) != 1:
                reason = _("a fact comes from exactly one of question(s), history and source")
                place = place_of("facts", index, "question")
                value = ", ".join(origins) or "-"
                self.findings.error(
                    problems.BAD_VALUE, place, name=item["name"], value=value, reason=reason
                )
            if "question" in item and "forms" not in item:
                place = place_of("facts", index, "forms")
                self.findings.error(problems.MISSING_COLUMN, place, name="forms")
            self.merging(index, item)
            self.fact_codes(index, item)

    def merging(self, index: int, item: Item) -> None:
        kind, policy = item["type"], item.get("merge", "latest")
        needs = {
            "worst_of": (
                "order",
                _("a number, or a single choice with `order` naming all of it"),
                True,
            ),
            "union": ("type", _("a multiple choice"), kind == "select_multiple"),
            "sticky": ("positive", _("`positive` and `cleared_by`"), True),
            "alarm": ("positive", _("`positive` and `cleared_by`"), True),
        }
        if policy not in needs:
            return
        column, need, is_possible = needs[policy]
        if policy == "worst_of":
            ordered = set(self.codes_of(item)) <= set(item.get("order", []))
            is_possible = kind in ("integer", "number") or (kind == "select_one" and ordered)
        elif policy in ("sticky", "alarm"):
            is_possible = bool("positive" in item and "cleared_by" in item)
        if not is_possible:
            place = place_of("facts", index, column)
            self.findings.error(problems.MERGE, place, merge=policy, need=need)

    def codes_of(self, item: Item) -> tuple[str, ...]:
        name = self.rule_set.names.get(item["name"])
        return name.type.codes if name and name.type else ()

    def fact_codes(self, index: int, item: Item) -> None:
        """order and positive name codes of the fact's list."""
        name = self.rule_set.names.get(item["name"])
        if name is None or name.type is None or not name.type.kind.is_select:
            return
        for column in ("order", "positive"):
            for code in codes_outside(item.get(column, ()), name.type):
                cure = did_you_mean(code, name.type.codes, "'{}'")
                place = place_of("facts", index, column)
                self.findings.error(
                    problems.UNKNOWN_CODE, place, code=code, name=name.name, cure=cure
                )
        tier = item.get("history", {}).get("tier")
        self.known(tier, self.tier_ids, _("tier"), place_of("facts", index, "history"))

    def rules(self) -> None:
        """Dimension, floor and tasks exist; the rule does something; its days are in order."""
        for index, item in self.rows("rules"):
            self.known(
                item["dimension"],
                self.dimensions,
                _("dimension"),
                place_of("rules", index, "dimension"),
            )
            self.known(
                item.get("floor"), self.tier_ids, _("tier"), place_of("rules", index, "floor")
            )
            for use in item.get("tasks", ()):
                task = use if isinstance(use, str) else use["id"]
                place = place_of("rules", index, "tasks")
                self.known(task, self.rule_set.tasks, _("task"), place)
            valid = item.get("valid", {})
            if valid.get("from", "") > valid.get("to", "9999"):
                place = place_of("rules", index, "valid")
                reason = _("it ends before it begins")
                self.findings.error(
                    problems.BAD_VALUE, place, name="valid", value=valid["to"], reason=reason
                )
            if not (item.get("score") or item.get("floor") or item.get("tasks")):
                self.findings.warn(problems.NO_EFFECT, place_of("rules", index), name=item["id"])
        ask = self.rule_set.ask_for_facts
        self.known(ask, self.rule_set.tasks, _("task"), place_of("settings", None, "ask_for_facts"))

    def tasks(self) -> None:
        """Roles, tiers and dimensions exist; something closes the task."""
        for index, item in self.rows("tasks"):
            task = self.rule_set.tasks[item["id"]]
            for role in (task.assignee, *task.helpers):
                self.role(role, place_of("tasks", index, "assignee"))
            for step in task.escalation:
                self.role(step.to, place_of("tasks", index, "escalation"))
            for tier in task.due_by_tier:
                self.known(tier, self.tier_ids, _("tier"), place_of("tasks", index, "due"))
            place = place_of("tasks", index, "dimension")
            self.known(task.dimension or None, self.dimensions, _("dimension"), place)
            if not task.closes and not task.is_manual and "close" not in item:
                place = place_of("tasks", index, "close")
                self.findings.warn(problems.NEVER_CLOSES, place, name=task.id)

    def unread(self, naming: Naming) -> None:
        """Facts that nothing reads, and rules that read nothing."""
        trees: list[Expr] = [item.expr for item in self.rule_set.derived]
        trees += [rule.when for rule in self.rule_set.rules]
        trees += [group.when for group in (*self.rule_set.populations, *self.rule_set.tags)]
        trees += [fact.applies for fact in self.rule_set.facts.values() if fact.applies]
        trees += [item.when for item in self.rule_set.calendar if item.when]
        read = frozenset[str]().union(*map(facts_of, trees))
        for sheet in ("facts", "derived"):
            for index, item in self.rows(sheet):
                if item["name"] not in read:
                    place = place_of(sheet, index, "name")
                    self.findings.warn(problems.NEVER_READ, place, name=item["name"])
        for index, rule in enumerate(self.rule_set.rules):
            if not facts_of(rule.when):
                place = place_of("rules", index, "when")
                self.findings.warn(problems.CONSTANT, place, name=rule.id)
