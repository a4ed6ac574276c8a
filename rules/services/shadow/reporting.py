"""What a candidate said beside the release in force: how often they agree, where not, and by which rules."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from rules.models import Release, ShadowResult

MOST_COUNTED = 5000  # differing children whose rules are counted


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
    return rows.select_related("entity__area").order_by("-pk")
