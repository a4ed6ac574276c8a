"""A rule set in the reader's words: rules by dimension, tiers, facts, derived facts, parameters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from rules.engine.rule_set import Dimension, Due, Fact, Parameter, Rule, RuleSet, Tier
from rules.language.ast import Expr, Kind
from rules.language.sentence import Language, to_sentence
from rules.language.text import to_text
from rules.pages.explanation import value_text
from rules.pages.tiers import Chip, chip_of
from rules.services.words import in_language
from server.people.roles import Role

KINDS: dict[Kind, Promise] = {
    Kind.NUMBER: pgettext_lazy("type", "Number"),
    Kind.INTEGER: pgettext_lazy("type", "Whole number"),
    Kind.DATE: pgettext_lazy("type", "Date"),
    Kind.TIME: pgettext_lazy("type", "Time"),
    Kind.YES_NO: pgettext_lazy("type", "Yes or no"),
    Kind.SELECT_ONE: pgettext_lazy("type", "One choice"),
    Kind.SELECT_MULTIPLE: pgettext_lazy("type", "Several choices"),
    Kind.TEXT: pgettext_lazy("type", "Text"),
}
MERGES: dict[str, Promise] = {
    "latest": gettext_lazy("the newest answer"),
    "worst_of": gettext_lazy("the worst answer"),
    "union": gettext_lazy("all answers together"),
    "sticky": gettext_lazy("stands until it is cleared"),
    "alarm": gettext_lazy("alarm: stands until it is cleared"),
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule: `sentence` in words, `text` as it is written; `tasks` with their time limits."""

    id: str
    title: str
    sentence: str
    text: str
    score: float
    floor: Chip | None
    tasks: tuple[tuple[str, str], ...]
    source: str
    because: str
    is_on: bool
    starts_on: date | None
    ends_on: date | None

    def holds(self, text: str) -> bool:
        """Whether `text` (lower case) stands anywhere in the rule."""
        said = (self.id, self.title, self.sentence, self.text, self.source, self.because)
        return any(text in one.lower() for one in (*said, *(title for title, _ in self.tasks)))


@dataclass(frozen=True, slots=True)
class Group:
    """The rules of one dimension."""

    id: str
    title: str
    cap: float | None
    rows: tuple[RuleRow, ...]


@dataclass(frozen=True, slots=True)
class TierRow:
    """One tier, the highest first in lists."""

    chip: Chip | None
    tier: Tier
    lead: str
    lowered_by: str


@dataclass(frozen=True, slots=True)
class NameRow:
    """A fact, derived fact or parameter: what it is, and where it comes from."""

    name: str
    title: str
    kind: str
    origin: str
    detail: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[date, str], ...] = ()


def language() -> Language:
    """The reader's language, of the two that rule sets have."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def sentence_of(rule_set: RuleSet, tree: Expr) -> str:
    """A condition in the reader's language."""
    return to_sentence(tree, rule_set.names, language())


def groups_of(rule_set: RuleSet) -> list[Group]:
    """All rules, by dimension in the order of the rule set."""
    return [_group(rule_set, dimension) for dimension in rule_set.dimensions]


def _group(rule_set: RuleSet, dimension: Dimension) -> Group:
    rules = [rule for rule in rule_set.rules if rule.dimension == dimension.id]
    rows = tuple(rule_row(rule_set, rule) for rule in rules)
    return Group(dimension.id, in_language(dimension.title), dimension.cap, rows)


def rule_row(rule_set: RuleSet, rule: Rule) -> RuleRow:
    """One rule in words."""
    tasks = []
    for use in rule.tasks:
        task = rule_set.tasks[use.id]
        due = use.due or task.due_in(rule.floor or "")
        tasks.append((in_language(task.title), due_words(due) if due else ""))
    return RuleRow(
        id=rule.id,
        title=in_language(rule.title),
        sentence=sentence_of(rule_set, rule.when),
        text=to_text(rule.when),
        score=rule.score,
        floor=chip_of(rule_set.tier(rule.floor)) if rule.floor else None,
        tasks=tuple(tasks),
        source=rule.source,
        because=in_language(rule.because) if rule.because else "",
        is_on=rule.is_on,
        starts_on=rule.starts_on,
        ends_on=rule.ends_on,
    )


def due_words(due: Due) -> str:
    """A time limit: "within 3 days"; none at all is "at once"."""
    if due.amount == 0:
        return _("at once")
    match due.unit:
        case "minutes":
            said = ngettext("within %(n)s minute", "within %(n)s minutes", due.amount)
        case "hours":
            said = ngettext("within %(n)s hour", "within %(n)s hours", due.amount)
        case "working_days":
            said = ngettext("within %(n)s working day", "within %(n)s working days", due.amount)
        case _unit:
            said = ngettext("within %(n)s day", "within %(n)s days", due.amount)
    return said % {"n": due.amount}


def tier_rows(rule_set: RuleSet) -> list[TierRow]:
    """The tiers, the highest first."""
    return [
        TierRow(
            chip=chip_of(tier),
            tier=tier,
            lead=role_title(rule_set, tier.lead_role) if tier.lead_role else "",
            lowered_by=_(", ").join(role_title(rule_set, role) for role in tier.downgrade_roles),
        )
        for tier in reversed(rule_set.tiers)
    ]


def role_title(rule_set: RuleSet, role: str) -> str:
    """A role as the rule set calls it, else as the server does."""
    if role in rule_set.roles:
        return in_language(rule_set.roles[role])
    return str(Role(role).label) if role in Role.values else role


def fact_rows(rule_set: RuleSet) -> Iterable[NameRow]:
    """The facts: who answers each, and which answer counts."""
    for fact in rule_set.facts.values():
        yield NameRow(
            name=fact.name,
            title=in_language(fact.title),
            kind=str(KINDS[fact.type.kind]),
            origin=_origin(fact),
            detail=_counting(fact),
            codes=tuple((code, in_language(label)) for code, label in fact.labels.items()),
        )


def _origin(fact: Fact) -> str:
    if fact.history is not None:
        return _("counted from what happened before")
    if fact.external:
        return _("given by the server: %(name)s") % {"name": fact.external}
    asked = [f"{one.question} ({', '.join(one.forms)})" for one in fact.sources]
    return "; ".join(asked)


def _counting(fact: Fact) -> str:
    if not fact.sources:
        return ""
    said = [str(MERGES.get(fact.merge, fact.merge))]
    if fact.window_days:
        said.append(
            ngettext("of the last %(n)s day", "of the last %(n)s days", fact.window_days)
            % {"n": fact.window_days}
        )
    return _(", ").join(said)


def derived_rows(rule_set: RuleSet) -> Iterable[NameRow]:
    """The derived facts, each with what it is computed from in words."""
    for one in rule_set.derived:
        yield NameRow(
            name=one.name,
            title=in_language(one.title),
            kind=str(KINDS[one.type.kind]) if one.type else "",
            origin=sentence_of(rule_set, one.expr),
            detail=to_text(one.expr),
        )


def parameter_rows(rule_set: RuleSet) -> Iterable[NameRow]:
    """The parameters, with a value from each date on."""
    for one in rule_set.parameters.values():
        yield NameRow(
            name=one.name,
            title=in_language(one.title) if one.title else one.name,
            kind=str(KINDS[one.type.kind]),
            origin="",
            values=_values(rule_set, one),
        )


def _values(rule_set: RuleSet, parameter: Parameter) -> tuple[tuple[date, str], ...]:
    return tuple(
        (start, value_text(rule_set, parameter.name, value)) for start, value in parameter.values
    )
