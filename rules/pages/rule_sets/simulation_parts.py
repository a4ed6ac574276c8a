"""What the page of a simulation draws: the matrix, the bars, tables of groups, tasks, facts and rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from rules.engine.rule_set import RuleSet, Tier
from rules.pages.people import Child, child_of, sex_word
from rules.pages.rule_sets.simulation_words import age_words, effect_of
from rules.pages.tiers import Chip, chip_of
from rules.services.simulations.groups import AGE_GROUPS, OLDER
from rules.services.simulations.movers import Mover, readable_areas
from rules.services.simulations.summary import NOTHING, Summary, moves_in, totals
from rules.services.words import in_language
from server.people.models import User
from server.places.models import Area

MOST_FACTS = 15
MOST_TASKS = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """Children with this tier before and that tier after; `tone`: rise, fall, same, new or none."""

    old: str
    new: str
    count: int
    tone: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """All that become of one tier."""

    tier: Chip | None
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a bar of 100 units."""

    style: str
    x: float
    width: float
    title: str
    count: int

    @property
    def shows_count(self) -> bool:
        """Whether its number fits in."""
        return self.width > 5


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One town, sex or group of ages."""

    label: str
    children: int
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class MoverRow:
    """One child that moves; `child` None: the reader may not know who it is."""

    number: int
    child: Child | None
    place: str
    sex: str
    age: str
    before: Chip | None
    now: Chip | None
    is_rise: bool
    reasons: tuple[tuple[str, str, str], ...]  # (rule, title, effect)


def matrix_of(summary: Summary) -> list[MatrixRow]:
    """The rows of the matrix, the highest old tier first."""
    return [_matrix_row(summary, old) for old in summary.old_tiers]


def columns_of(summary: Summary) -> list[tuple[Chip | None, int]]:
    """The columns: each new tier and how many it has."""
    counts = totals(summary.matrix, 1)
    return [(chip_of(tier), counts.get(tier.id, 0)) for tier in summary.new_tiers]


def bars_of(summary: Summary) -> list[tuple[str, list[Bar]]]:
    """The shares of the tiers before and after."""
    sides = [(_("Tried"), 1, summary.new_tiers)]
    if summary.sides.old is not None:
        sides.insert(0, (_("In force now"), 0, summary.old_tiers))
    return [(label, _bar(totals(summary.matrix, side), tiers)) for label, side, tiers in sides]


def groups_of(summary: Summary, reader: User) -> list[tuple[str, list[GroupRow]]]:
    """By town (those of the reader), sex and age: how many, and how many go up and down."""
    groups = summary.result.comparison.groups
    towns, seen = _towns(groups.get("area", {})), readable_areas(reader)
    by_town = {
        town.name if town else _("outside of the towns"): groups["area"][code]
        for code, town in towns.items()
        if seen.covers(town.path if town else None)
    }
    by_sex = {sex_word(code) or _("not known"): found for code, found in _of(groups, "sex")}
    by_age = {age_words(name): found for name, found in sorted(_of(groups, "age"), key=_by_age)}
    titled = [(_("By town"), by_town), (_("By sex"), by_sex), (_("By age"), by_age)]
    return [
        (title, [GroupRow(label, *moves_in(summary, found)) for label, found in rows.items()])
        for title, rows in titled
        if rows
    ]


def tasks_of(summary: Summary) -> list[tuple[str, str, Any]]:
    """(title, role, numbers) of the tasks that change most."""
    rows = [one for one in summary.workloads() if one.opened or one.cancelled]
    return [
        (in_language(one.task.title), role_title(summary, one.task.assignee), one)
        for one in rows[:MOST_TASKS]
    ]


def weeks_of(summary: Summary) -> tuple[list[date], list[tuple[str, list[tuple[int, int]]]]]:
    """The weeks in which tasks would be due, and for each role (opened, cancelled) week by week."""
    work = summary.result.work
    weeks = sorted({week for _role, week in work})
    sums: dict[str, int] = {}
    for (role, _week), counts in work.items():
        sums[role] = sums.get(role, 0) + sum(counts)
    rows = [
        (role_title(summary, role), [work.get((role, week), (0, 0)) for week in weeks])
        for role in sorted(sums, key=lambda name: (-sums[name], name))
    ]
    return [date.fromisoformat(week) for week in weeks], rows


def role_title(summary: Summary, role: str) -> str:
    """A role as the rule sets name it."""
    for rule_set in filter(None, (summary.sides.new, summary.sides.old)):
        if role in rule_set.roles:
            return in_language(rule_set.roles[role])
    return role


def unknown_of(summary: Summary) -> list[tuple[str, int, int]]:
    """(fact in words, children, percent) of the facts that are lacking most."""
    facts = summary.sides.new.facts
    return [
        (in_language(facts[name].title) if name in facts else name, count,
         round(100 * count / summary.children))
        for name, count in summary.unknown()[:MOST_FACTS]
    ]  # fmt: skip


def hits_of(summary: Summary) -> list[tuple[str, str, tuple[int, ...]]]:
    """(rule, title, (fired before, fires now, unknown now)) of rules whose hits differ, the largest
    difference first."""
    hits = summary.result.comparison.hits
    differing = [(name, found) for name, found in hits.items() if found[0] != found[1]]
    ranked = sorted(differing, key=lambda item: (-abs(item[1][1] - item[1][0]), item[0]))
    return [(name, in_language(summary.title_of(name)), found) for name, found in ranked]


def never_of(summary: Summary) -> list[tuple[str, str]]:
    """(rule, title) of the rules that fire for nobody."""
    return [(name, in_language(summary.title_of(name))) for name in summary.never_hit()]


def mover_rows(summary: Summary, movers: Iterable[Mover]) -> list[MoverRow]:
    """The rows of a list of those who move."""
    return [_mover_row(summary, one) for one in movers]


def _mover_row(summary: Summary, mover: Mover) -> MoverRow:
    move = mover.move
    old, new = summary.sides.old, summary.sides.new
    return MoverRow(
        number=move.pk,
        child=child_of(mover.child) if mover.child else None,
        place=mover.town.name if mover.town else "",
        sex=sex_word(mover.sex),
        age=age_words(mover.age),
        before=chip_of(_tier(old, move.old_tier)),
        now=chip_of(_tier(new, move.new_tier)),
        is_rise=summary.direction(move.old_tier, move.new_tier) > 0,
        reasons=tuple(
            (one["id"], in_language(summary.title_of(one["id"])), effect_of(one["old"], one["new"]))
            for one in move.rules
        ),
    )


def _matrix_row(summary: Summary, old: Tier) -> MatrixRow:
    cells = tuple(_cell(summary, old.id, new.id) for new in summary.new_tiers)
    chip = None if old is NOTHING else chip_of(old)
    return MatrixRow(chip, cells, sum(cell.count for cell in cells))


def _cell(summary: Summary, old: str, new: str) -> Cell:
    count = summary.matrix.get((old, new), 0)
    tone = {1: "rise", -1: "fall", 0: "same"}[summary.direction(old, new)]
    return Cell(old, new, count, tone if count else "none")


def _bar(counts: dict[str, int], tiers: Sequence[Tier]) -> list[Bar]:
    whole, x, found = sum(counts.values()) or 1, 0.0, []
    for tier in tiers:
        count = counts.get(tier.id, 0)
        width = 100 * count / whole
        chip = chip_of(tier)
        if count and chip is not None:
            found.append(Bar(chip.style, round(x, 3), round(width, 3), chip.short, count))
        x += width
    return found


def _of(groups: Any, column: str) -> list[tuple[str, Any]]:
    return list(groups.get(column, {}).items())


def _by_age(item: tuple[str, Any]) -> int:
    order = [f"{low}-{high}" for low, high in AGE_GROUPS] + [OLDER]
    return order.index(item[0]) if item[0] in order else len(order)


def _towns(codes: Iterable[str]) -> dict[str, Area | None]:
    known = {area.code: area for area in Area.objects.filter(code__in=codes)}
    return {code: known.get(code) for code in sorted(codes)}


def _tier(rule_set: RuleSet | None, name: str) -> Tier | None:
    tiers = rule_set.tiers if rule_set else ()
    return next((tier for tier in tiers if tier.id == name), None)
