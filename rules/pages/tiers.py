"""Tiers as pages name them: from the releases in force, and from the release of each evaluation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

from rules.engine.rule_set import RuleSet, Tier
from rules.models import Evaluation, Release
from rules.services.releases import compiled
from rules.services.words import in_language
from server.people.access import can
from server.people.models import User
from server.people.roles import Verb

# The tiers that the style sheet knows; others are drawn without colour, by their name alone.
DRAWN = ("red", "yellow", "blue", "green")


@dataclass(frozen=True, slots=True)
class Chip:
    """A tier on a page: the class of its colour, its short name and its whole title."""

    id: str
    style: str
    short: str
    title: str
    rank: int


def chip_of(tier: Tier | None) -> Chip | None:
    """The chip of a tier; the short name is what stands before the dot or colon of its title."""
    if tier is None:
        return None
    title = in_language(tier.title)
    short = title.replace("：", "·").replace(":", "·").split("·")[0].strip()
    style = tier.id if tier.id in DRAWN else "other"
    return Chip(tier.id, style, short, title, tier.rank)


def rules_in_force() -> list[RuleSet]:
    """Every rule set in force, compiled. One query."""
    active = (
        Release.objects.filter(active_of__isnull=False).defer("document").order_by("rule_set_id")
    )
    return [compiled(release) for release in active]


def chips_in_force(rule_sets: Iterable[RuleSet]) -> dict[str, Chip]:
    """Tier -> chip, the highest first; of one name in two rule sets the first."""
    found: dict[str, Chip] = {}
    for rule_set in rule_sets:
        for tier in reversed(rule_set.tiers):
            chip = chip_of(tier)
            if chip is not None:
                found.setdefault(tier.id, chip)
    return found


def rules_of(evaluation: Evaluation | None) -> RuleSet | None:
    """The compiled rules of an evaluation (with its release at hand, the document deferred)."""
    return compiled(evaluation.release) if evaluation is not None else None


def chip_named(name: str, chips: Mapping[str, Chip]) -> Chip | None:
    """The chip of a tier that a row names; None for "" and for tiers that exist no more."""
    return chips.get(name)


def rules_url(evaluation: Evaluation, reader: User) -> str:
    """Where the rules of an evaluation (with its release) stand in words; "" for who may not read them."""
    if not can(reader, Verb.RULES_READ):
        return ""
    release = evaluation.release
    return f"{reverse('rule_set', args=[release.rule_set_id])}?release={release.number}"
