"""A child's timeline as the page shows it: what changed in words, forms that came late (screens §6.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from forms.models import Entity
from rules.engine.rule_set import RuleSet
from rules.pages.explanation import value_text
from rules.services.words import in_language
from server import clock
from server.people.models import User
from server.shell.timeline import Item, collect, of_kind

MOST_ITEMS = 200
LATE = timedelta(days=1)  # a form that came so long after its day has a badge


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `changes` are (fact, before, after), `rules` are ("+" or "-", title)."""

    kind: str
    occurred_on: date
    title: str
    actor: str
    url: str
    badges: tuple[str, ...]
    late_days: int
    note: str
    changes: tuple[tuple[str, str, str], ...]
    rules: tuple[tuple[str, str], ...]


def feed_of(entity: Entity, reader: User, kind: str, rule_set: RuleSet | None) -> list[Entry]:
    """The newest lines of `kind` ("" for all) that `reader` may see."""
    items = list(of_kind(collect(entity, reader), kind))[:MOST_ITEMS]
    return [_entry(item, rule_set) for item in items]


def _entry(item: Item, rule_set: RuleSet | None) -> Entry:
    detail: Mapping[str, Any] = item.detail if isinstance(item.detail, Mapping) else {}
    is_change = item.kind == "evaluation" and rule_set is not None
    late = clock.local_day(item.at) - item.occurred_on
    return Entry(
        kind=item.kind,
        occurred_on=item.occurred_on,
        title=str(item.title),
        actor=item.actor,
        url=item.url,
        badges=_badges(item, rule_set),
        late_days=late.days if item.kind == "submission" and late > LATE else 0,
        note=str(detail.get("note") or detail.get("reason") or ""),
        changes=_changes(detail, rule_set) if is_change and rule_set else (),
        rules=_rules(detail, rule_set) if is_change and rule_set else (),
    )


def _badges(item: Item, rule_set: RuleSet | None) -> tuple[str, ...]:
    """The badges, tiers by their titles."""
    titles = {tier.id: in_language(tier.title) for tier in rule_set.tiers} if rule_set else {}
    return tuple(titles.get(badge, badge) for badge in map(str, item.badges))


def _changes(detail: Mapping[str, Any], rule_set: RuleSet) -> tuple[tuple[str, str, str], ...]:
    found = []
    for one in detail.get("facts", ()):
        known = rule_set.names.get(one["fact"])
        title = in_language(known.title) if known and known.title else one["fact"]
        if one.get("hidden"):
            found.append((title, "", _("restricted")))
            continue
        before = value_text(rule_set, one["fact"], one["from"]) if one["from"] is not None else ""
        found.append((title, before, value_text(rule_set, one["fact"], one["to"])))
    return tuple(found)


def _rules(detail: Mapping[str, Any], rule_set: RuleSet) -> tuple[tuple[str, str], ...]:
    """The rules that became true, and those that ceased to be."""
    titles = {rule.id: in_language(rule.title) for rule in rule_set.rules}
    found = [one for one in detail.get("rules", ()) if "true" in (one["from"], one["to"])]
    return tuple(
        ("+" if one["to"] == "true" else "-", titles.get(one["id"], one["id"])) for one in found
    )
