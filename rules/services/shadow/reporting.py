"""What a candidate said beside the release in force: how often they agree, where not, and by which rules."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from forms.models import Entity
from rules.models import Release, ShadowResult
from server.journal.services import record
from server.people.access import Scope, require, scope_of
from server.people.models import Actor
from server.people.roles import Verb

MOST_COUNTED = 5000  # differing children whose rules are counted
PAGE = 50


@dataclass(frozen=True, slots=True)
class Differing:
    """One child about whom they differ; `child` only for who may read it."""

    result: ShadowResult
    child: Entity | None


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """`matrix` counts children by (tier in force, tier of the candidate); `rules` are the ids that differ most."""

    compared: int
    differing: int
    failed: int
    matrix: dict[tuple[str, str], int]
    rules: tuple[tuple[str, int], ...]

    @property
    def agreement(self) -> float:
        """The share of children about whom both say the same, 0 to 1; 1 where nothing was compared."""
        return 1 - self.differing / self.compared if self.compared else 1.0


def shadow_report(candidate: Release) -> ShadowReport:
    """What came of `candidate` so far. Three queries."""
    rows = ShadowResult.objects.filter(release=candidate, entity__deleted_at=None)
    told = rows.order_by().values("active_tier", "tier", "differs").annotate(count=Count("pk"))
    matrix: Counter[tuple[str, str]] = Counter()
    differing = failed = 0
    for one in told:
        if not one["tier"]:
            failed += one["count"]
            continue
        matrix[one["active_tier"], one["tier"]] += one["count"]
        differing += one["count"] if one["differs"] else 0
    details = differing_children(candidate).values_list("details", flat=True)[:MOST_COUNTED]
    rules = Counter(rule["id"] for detail in details for rule in detail["rules"])
    return ShadowReport(
        sum(matrix.values()), differing, failed, dict(matrix), tuple(rules.most_common())
    )


def differing_children(candidate: Release) -> QuerySet[ShadowResult]:
    """The children about whom they differ, the newest first."""
    rows = ShadowResult.objects.filter(release=candidate, differs=True, entity__deleted_at=None)
    return rows.select_related("entity__area", "entity__dataset").order_by("-pk")


def differing_for(
    candidate: Release, reader: Actor, *, after: str = "", size: int = PAGE
) -> tuple[list[Differing], str]:
    """A page of the children about whom they differ, and the key of the next ("": none). Named are those whom `reader`
    may read, which is journalled; children outside of the reader's areas are left out. Problems: 401.2, 403.1."""
    require(reader, Verb.RULES_READ)
    mine, rules = scope_of(reader, Verb.ENTITY_READ), scope_of(reader, Verb.RULES_READ)
    rows = differing_children(candidate).filter(_either(mine, rules))
    if after.isdecimal() and after.isascii() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    found = list(rows[: size + 1])
    listed = [Differing(one, one.entity if _covers(mine, one.entity) else None) for one in found]
    _record(candidate, reader, sum(one.child is not None for one in listed[:size]))
    return listed[:size], str(found[size - 1].pk) if len(found) > size else ""


def _covers(scope: Scope, child: Entity) -> bool:
    return scope.covers(child.area.path if child.area else None, child.school_id, child.class_name)


def _either(one: Scope, other: Scope) -> Q:
    if one.everywhere or other.everywhere:
        return Q()  # an empty condition would vanish beside another
    return one.query("entity__") | other.query("entity__")


def _record(candidate: Release, reader: Actor, named: int) -> None:
    if named:
        rule_set = candidate.rule_set
        record(
            "rule_set.shadow.read",
            actor=reader,
            subject=f"rule_set:{rule_set.name}",
            project_id=rule_set.project_id,
            details={"release": candidate.number, "children": named},
        )
