"""Who is told at the end of a pass: each coordinator once, with the changes that wait in his own areas (ux §6.4)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet

from rules.models import Evaluation, Notice, Reevaluation, Release, TierState
from rules.services.people import person_behind
from server import clock
from server.people.access import scope_of
from server.people.models import User
from server.people.roles import CAPABILITIES, Role, Verb

KIND = "release"
Review = TierState.Review
Change = Evaluation.Change
# people who decide about tiers every day; the administrator's right to do it does not make him one
_COORDINATORS = [
    role for role, verbs in CAPABILITIES.items() if Verb.TIER_REVIEW in verbs and role != Role.ADMIN
]


@dataclass(frozen=True, slots=True)
class Told:
    """What waits by reason in all, and by coordinator."""

    waiting: dict[str, int] = field(default_factory=dict)
    by_user: dict[User, dict[str, int]] = field(default_factory=dict)


def to_review(release: Release) -> QuerySet[TierState]:
    """The children who wait for a decision because of `release`."""
    return TierState.objects.filter(
        evaluation__release=release,
        evaluation__cause="release",
        evaluation__change__in=(Change.RULES, Change.BOTH),
        entity__deleted_at=None,
    ).exclude(review=Review.NONE)


def coordinators(release: Release) -> Told:
    """Who has something to review because of `release`, and how much. One query for each coordinator."""
    waiting = _by_reason(to_review(release))
    if not waiting:
        return Told()
    users = User.objects.filter(
        is_active=True, deleted_at=None, grants__role__in=_COORDINATORS
    ).distinct()
    found = {
        user: _by_reason(
            to_review(release).filter(scope_of(user, Verb.TIER_REVIEW).query("entity__"))
        )
        for user in users.order_by("pk")
    }
    return Told(waiting, {user: counts for user, counts in found.items() if counts})


def _by_reason(rows: QuerySet[TierState]) -> dict[str, int]:
    counted = rows.order_by().values("review").annotate(count=Count("pk"))
    return {one["review"]: one["count"] for one in counted}


def tell_end(run: Reevaluation, told: Told) -> None:
    """A notice to each coordinator concerned, and one to those who asked for the release and approved it. Older ones
    that nobody read count as read: the newest release is what matters."""
    number = run.release.number
    notices = [
        Notice(user=user, kind=KIND, text=_review_text(number, counts))
        for user, counts in told.by_user.items()
    ]
    known = {notice.user_id for notice in notices}
    for user in _responsible(run):
        if user.pk not in known:
            notices.append(Notice(user=user, kind="rules", text=_end_text(run)))
            known.add(user.pk)
    Notice.objects.filter(user__in=known, kind=KIND, read_at=None).update(read_at=clock.now())
    Notice.objects.bulk_create(notices)


def _responsible(run: Reevaluation) -> Iterable[User]:
    people = map(person_behind, (run.release.author, run.release.approver, run.actor))
    return [person for person in people if person is not None]


def _review_text(number: int, counts: dict[str, int]) -> dict[str, str]:
    total = sum(counts.values())
    zh = {Review.UP: "升级", Review.DOWN: "拟降级", Review.INSUFFICIENT: "信息不足"}
    en = {Review.UP: "up", Review.DOWN: "proposed down", Review.INSUFFICIENT: "lacking information"}
    told_zh = "，".join(f"{word}{counts[key]}名" for key, word in zh.items() if key in counts)
    told_en = ", ".join(f"{counts[key]} {word}" for key, word in en.items() if key in counts)
    return {
        "zh": f"规则第{number}版已生效：{total}项变化待核定"
        + (f"（{told_zh}）" if told_zh else ""),
        "en": f"Release {number} of the rules is in force: {total} changes to review"
        + (f" ({told_en})" if told_en else ""),
    }


def _end_text(run: Reevaluation) -> dict[str, str]:
    found = run.summary
    up, down, failed = (found.get(name, 0) for name in ("up", "down", "failed"))
    number = run.release.number
    return {
        "zh": f"规则第{number}版：{run.done}名儿童已重新评估，升级{up}名，降级{down}名"
        + (f"，{failed}名未能评估" if failed else ""),
        "en": f"Release {number}: {run.done} children evaluated again, {up} up, {down} down"
        + (f", {failed} could not be evaluated" if failed else ""),
    }
