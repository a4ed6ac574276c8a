"""Why a tier is what it is, ready for a template (screens §6.3): one sentence, what decided, what adds to it, what is
unknown, and what would change it. All from the stored evaluation and the release it was made with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from forms.models import Entity, Form, Submission
from rules.engine.rule_set import RuleSet
from rules.models import Evaluation
from rules.pages.scope import may
from rules.pages.tiers import Chip, chip_of, rules_of, rules_url
from rules.services.explain import explain, redacted
from rules.services.reading import hidden_forms
from rules.services.words import in_language
from server.people.models import User
from server.people.roles import Verb
from server.shell.templatetags.shell import day

MOST_OUTLOOKS = 4
BIRTHDAYS = ("dob",)  # masked like on the card


@dataclass(frozen=True, slots=True)
class Answer:
    """A fact behind a rule, and where it was answered; `submission` is its key when the reader may open it."""

    title: str
    text: str
    form: str = ""
    on: date | None = None
    worker: str = ""
    submission: int | None = None
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A rule that is true or unknown."""

    id: str
    title: str
    sentence: str
    points: float
    floor: Chip | None
    source: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A question that nobody answered, and how far it could raise the tier."""

    title: str
    forms: tuple[str, ...]
    reach: Chip | None
    is_higher: bool


@dataclass(frozen=True, slots=True)
class Dimension:
    """The score of one dimension; widths in percent of its cap."""

    title: str
    score: float
    possible: float
    cap: float
    width: float
    width_possible: float  # the certain part included


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would lead to another tier."""

    tier: Chip | None
    changes: tuple[tuple[str, str, str], ...]  # fact, from, to


@dataclass(frozen=True, slots=True)
class Mark:
    """A tier that begins at a score, on the bar."""

    tier: Chip
    start: float
    width: float
    from_score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that the table and the bar show."""

    evaluation: Evaluation
    tier: Chip | None
    possible: Chip | None
    sentence: str
    decisive: tuple[Line, ...]
    contributing: tuple[Line, ...]
    missing: tuple[Missing, ...]
    open_rules: tuple[Line, ...]
    dimensions: tuple[Dimension, ...]
    bar: tuple[Mark, ...]
    at: float
    at_possible: float
    lower: tuple[Outlook, ...]
    higher: tuple[Outlook, ...]
    population: tuple[str, ...]
    needs_conference: bool
    rules_url: str = ""  # the page of the release's rules, for who may read them

    @property
    def span(self) -> float:
        """The width from the certain to the possible score."""
        return round(self.at_possible - self.at, 2)


def explained(evaluation: Evaluation | None, child: Entity, reader: User) -> Explanation | None:
    """The explanation of `evaluation` (with its release) for `reader`: the words are those of the API
    (`rules.services.explain`), answers of forms that the reader may not read are left out. Three queries."""
    rule_set = rules_of(evaluation)
    if evaluation is None or rule_set is None:
        return None
    hidden = hidden_forms(reader, child)
    decision = redacted(evaluation.decision, hidden)
    language: Any = "en" if (get_language() or "").startswith("en") else "zh"
    told = explain(rule_set, decision, language)
    sources = _Sources(decision, child, reader, hidden)
    found = _Layout(rule_set, decision, told, sources).explanation(evaluation)
    return replace(found, rules_url=rules_url(evaluation, reader))


class _Sources:
    """The titles of forms, and the submissions behind the answers that the reader may open."""

    def __init__(
        self, decision: Mapping[str, Any], child: Entity, reader: User, hidden: frozenset[str]
    ) -> None:
        project = child.dataset.project_id
        forms = Form.objects.alive().filter(project=project, current__isnull=False)
        self.titles = dict(forms.values_list("xml_form_id", "current__title"))
        self.hidden = hidden
        behind = [one for rule in decision["rules"] for one in rule["because"]]
        ids = {one["instanceId"] for one in behind if one["instanceId"]}
        may_open = may(reader, Verb.SUBMISSION_READ, child)
        rows = Submission.objects.filter(instance_id__in=ids, form__project=project, is_draft=False)
        self.keys = dict(rows.values_list("instance_id", "pk")) if ids and may_open else {}

    def title(self, form: str | None) -> str:
        return self.titles.get(form or "", form or "")


class _Layout:
    """One explanation in words, with colours, places on the bar, and links."""

    def __init__(
        self,
        rule_set: RuleSet,
        decision: Mapping[str, Any],
        told: Mapping[str, Any],
        sources: _Sources,
    ) -> None:
        self.rule_set, self.decision, self.told, self.sources = rule_set, decision, told, sources
        self.ranks = {tier.id: tier.rank for tier in rule_set.tiers}
        self.floors = {one["id"]: one["floor"] for one in decision["rules"]}

    def explanation(self, evaluation: Evaluation) -> Explanation:
        low, high = self.decision["scoreRange"]
        top = self.scale()
        nearest = self.decision.get("nearest") or {}
        return Explanation(
            evaluation=evaluation,
            tier=self.chip(self.decision["tier"]),
            possible=self.chip(self.decision["possibleTier"])
            if self.decision["insufficient"]
            else None,
            sentence=self.told["sentence"],
            decisive=tuple(map(self.line, self.told["decisive"])),
            contributing=tuple(map(self.line, self.told["contributing"])),
            missing=tuple(map(self.missing, self.told["questions"], self.decision["unknown"])),
            open_rules=tuple(map(self.line, self.told["unknown"])),
            dimensions=tuple(self.dimensions()),
            bar=tuple(self.bar(top)),
            at=percent(low, top),
            at_possible=percent(high, top),
            lower=tuple(map(self.outlook, self.told["wouldLower"], nearest.get("lower", [])))[
                :MOST_OUTLOOKS
            ],
            higher=tuple(map(self.outlook, self.told["wouldRaise"], nearest.get("higher", [])))[
                :MOST_OUTLOOKS
            ],
            population=tuple(self.population()),
            needs_conference=self.decision.get("conference", False),
        )

    def line(self, told: Mapping[str, Any]) -> Line:
        return Line(
            id=told["id"],
            title=told["title"],
            sentence=told["sentence"],
            points=told["points"],
            floor=self.chip(self.floors[told["id"]]),
            source=told["source"],
            answers=tuple(map(self.answer, told["because"])),
        )

    def answer(self, told: Mapping[str, Any]) -> Answer:
        is_hidden = told.get("hidden", False)
        return Answer(
            title=told["title"],
            text=masked_day(told["text"]) if told["fact"] in BIRTHDAYS else told["text"],
            form=self.sources.title(told["form"]),
            on=date.fromisoformat(told["date"]) if told["date"] else None,
            worker=told["worker"] or "",
            submission=None if is_hidden else self.sources.keys.get(told["instanceId"] or ""),
            is_hidden=is_hidden,
        )

    def missing(self, told: Mapping[str, Any], gap: Mapping[str, Any]) -> Missing:
        reach = gap["couldReach"]
        return Missing(
            title=told["title"],
            forms=tuple(map(self.sources.title, gap["forms"])),
            reach=self.chip(reach),
            is_higher=self.ranks[reach] > self.ranks[self.decision["tier"]],
        )

    def outlook(self, told: Mapping[str, Any], found: Mapping[str, Any]) -> Outlook:
        changes = tuple((one["title"], one["from"], one["to"]) for one in told["changes"])
        return Outlook(self.chip(found["tier"]), changes)

    def dimensions(self) -> Iterable[Dimension]:
        for one in self.rule_set.dimensions:
            found = self.decision["dimensions"].get(one.id)
            if found:
                cap = one.cap or found["max"] or 1
                score, possible = found["score"], found["max"]
                widths = percent(score, cap), percent(possible, cap)
                yield Dimension(in_language(one.title), score, possible, cap, *widths)

    def scale(self) -> float:
        """The right end of the bar: a step beyond the last cut-off, or the score if that is higher."""
        cuts = [tier.min_score for tier in self.rule_set.tiers if tier.min_score is not None]
        return max([*(cut * 5 / 3 for cut in cuts), self.decision["scoreRange"][1], 1])

    def bar(self, top: float) -> Iterable[Mark]:
        """The tiers that scores reach, each from its cut-off to the next."""
        cut = [tier for tier in self.rule_set.tiers if tier.min_score is not None]
        ends = [tier.min_score or 0 for tier in cut[1:]] + [top]
        for tier, end in zip(cut, ends, strict=True):
            start, chip = tier.min_score or 0, chip_of(tier)
            if chip is not None:
                yield Mark(chip, percent(start, top), percent(end - start, top), start)

    def population(self) -> Iterable[str]:
        groups = {one.id: one.title for one in (*self.rule_set.populations, *self.rule_set.tags)}
        return (in_language(groups[name]) for name in self.decision["population"] if name in groups)

    def chip(self, tier: str | None) -> Chip | None:
        return chip_of(self.rule_set.tier(tier)) if tier and tier in self.ranks else None


def value_text(rule_set: RuleSet, fact: str, value: Any) -> str:
    """A value as people read it: labels for codes, yes and no, days."""
    known = rule_set.names.get(fact)
    labels = known.labels if known else {}
    if value is None:
        return _("unknown")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        if not value:
            return _("none")
        return _(", ").join(value_text(rule_set, fact, one) for one in value)
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    if text in labels:
        return in_language(labels[text])
    try:
        return day(date.fromisoformat(text)) if len(text) == 10 else text
    except ValueError:
        return text


def masked_day(text: str) -> str:
    """Only the year of a birthday."""
    return f"{text[:4]}-**-**"


def percent(part: float, whole: float) -> float:
    """`part` of `whole` in percent, between 0 and 100, for widths."""
    return round(min(100.0, max(0.0, 100 * part / whole)), 2) if whole else 0.0
