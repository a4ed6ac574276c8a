"""Rows of releases: the next one, the one that is held, what the journal keeps of a step."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Max

from rules import problems
from rules.engine.rule_set import load_document
from rules.models import Notice, Release, RuleSet
from rules.services.drafts import plain_document
from server.journal.services import record
from server.people.models import Actor, User
from server.problems import MISSING, Problem

Status = Release.Status


def freeze(
    rule_set: RuleSet,
    document: Mapping[str, Any],
    author: Actor | None,
    note: str = "",
    status: Release.Status = Status.REQUESTED,
) -> Release:
    """The next release of `rule_set`, from a valid document; call with the rule set locked. Problems: DOCUMENT_SHAPE,
    RULE_SET_INVALID."""
    checked = load_document(document)
    last = rule_set.releases.aggregate(last=Max("number"))["last"] or 0
    return Release.objects.create(
        rule_set=rule_set,
        number=last + 1,
        document=plain_document(document),
        sha256=checked.sha256,
        author=author,
        note=note,
        status=status,
        base_id=rule_set.active_id,
    )


def locked_rule_set(pk: int) -> RuleSet:
    """The rule set, held until the transaction ends."""
    return RuleSet.objects.select_for_update(of=("self",)).get(pk=pk)


def locked_release(release: Release) -> Release:
    """The release as it is now, held until the transaction ends, without its document."""
    rows = Release.objects.select_for_update(of=("self",)).select_related("rule_set")
    return rows.defer("document", "rule_set__draft").get(pk=release.pk)


def require_state(release: Release, *states: str) -> None:
    """Problem RELEASE_STATE unless it is in one of `states`."""
    if release.status not in states:
        raise state_problem(release)


def state_problem(release: Release) -> Problem:
    """That this cannot be done with the release as it stands."""
    state = release.get_status_display()
    return Problem(problems.RELEASE_STATE, number=release.number, state=state)


def require_reason(text: str, field: str = "reason") -> str:
    """The reason without blanks around it. Problem 400.2 where there is none."""
    if not text.strip():
        raise Problem(MISSING, field=field)
    return text.strip()


def journal(action: str, release: Release, actor: Actor | None, note: str = "") -> None:
    """An entry about a step of a release."""
    rule_set = release.rule_set
    record(
        f"rule_set.release.{action}",
        actor=actor,
        subject=f"rule_set:{rule_set.name}",
        project_id=rule_set.project_id,
        details={"release": release.number, "sha256": release.sha256},
        notes=note,
    )


def tell(users: Iterable[User | None], text: Mapping[str, str]) -> None:
    """A notice about a release to each of `users`; each step is news, so none is left out for an unread one."""
    wanted = {user.pk: user for user in users if user is not None}
    Notice.objects.bulk_create(
        Notice(user=user, kind="rules", text=dict(text)) for user in wanted.values()
    )
