"""What the page of a candidate under watch shows: the matrix, the rules, the children about whom they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from rules.models import Release, RuleSet
from rules.pages.people import Child, child_of
from rules.pages.tiers import Chip, chip_of
from rules.services.in_force import compiled
from rules.services.shadow.reporting import Differing, ShadowReport
from rules.services.words import in_language


@dataclass(frozen=True, slots=True)
class DifferingRow:
    """One child about whom candidate and release in force differ; `child` None: not for this reader's eyes."""

    number: int
    child: Child | None
    place: str
    before: Chip | None
    now: Chip | None
    is_rise: bool
    rules: tuple[tuple[str, str], ...]
    opened: tuple[str, ...]
    left: tuple[str, ...]


def differing_rows(
    candidate: Release, found: Sequence[Differing], active: Release | None
) -> list[DifferingRow]:
    """The rows as the page shows them."""
    new = compiled(candidate)
    old = compiled(active) if active else new
    names = {rule.id: in_language(rule.title) for rule in (*old.rules, *new.rules)}
    tasks = {**old.tasks, **new.tasks}
    tiers = {tier.id: tier for tier in (*old.tiers, *new.tiers)}
    rows = []
    for one in found:
        result, told = one.result, one.result.details
        before, now = tiers.get(result.active_tier), tiers.get(result.tier)
        area = result.entity.area
        rows.append(
            DifferingRow(
                number=result.pk,
                child=child_of(one.child) if one.child else None,
                place=area.name if area and one.child else "",
                before=chip_of(before),
                now=chip_of(now),
                is_rise=bool(before and now and now.rank > before.rank),
                rules=tuple(
                    (names.get(rule["id"], rule["id"]), _effect(rule)) for rule in told["rules"]
                ),
                opened=_titles(tasks, told["opened"]),
                left=_titles(tasks, told["left"]),
            )
        )
    return rows


def _titles(tasks: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(in_language(tasks[name].title) if name in tasks else name for name in names)


def _effect(rule: Mapping[str, str]) -> str:
    words = {
        "true": _("holds"),
        "false": _("does not hold"),
        "unknown": _("unknown"),
        "absent": _("no such rule"),
    }
    return f"{words[rule['old']]} → {words[rule['new']]}"


def matrix_of(report: ShadowReport, candidate: Release, active: Release | None) -> dict[str, Any]:
    """Tiers in force by tiers of the candidate, as a table."""
    columns = compiled(candidate).tiers
    lines = compiled(active).tiers if active else columns
    ranks = {tier.id: tier.rank for tier in (*lines, *columns)}
    return {
        "columns": [chip_of(tier) for tier in columns],
        "lines": [
            (
                chip_of(line),
                [
                    (report.matrix.get((line.id, tier.id), 0), _tone(ranks[line.id], tier.rank))
                    for tier in columns
                ],
            )
            for line in lines
        ],
    }


def _tone(before: int, now: int) -> str:
    return "rise" if now > before else "fall" if now < before else "same"


def rule_names(rule_set: RuleSet, report: ShadowReport) -> list[tuple[str, int]]:
    """The rules that differ most, by their titles."""
    known: dict[str, str] = {}
    for release in (rule_set.active, rule_set.candidate):
        if release is not None:
            known |= {rule.id: in_language(rule.title) for rule in compiled(release).rules}
    return [(known.get(rule, rule), count) for rule, count in report.rules[:10]]
