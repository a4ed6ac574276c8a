"""Copying a form's records out, as ODK Briefcase asks for them: ids in portions, then record by record.

A portion begins behind a key, so it costs the same however many records there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from forms.models import Form, Submission, SubmissionVersion
from forms.services.offers import project_for
from forms.services.visibility import verb_to_read, visible_submissions
from server.people.access import require, stand_at
from server.people.models import Actor, User
from server.people.roles import Verb
from server.problems import FORBIDDEN, NOT_FOUND, Problem

MOST_ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class Start:
    """Where a portion begins: behind the record with this key, or with those received from `since` on."""

    after: int = 0
    since: datetime | None = None


def form_to_copy(actor: Actor, project_id: int, xml_form_id: str) -> tuple[User, Form]:
    """The person who asks and the form. A phone's key and a public link copy nothing: whoever finds
    one would have all that its worker may read. Problems: 401.2, 403.1, 404.1.
    """
    if not isinstance(actor, User):
        raise Problem(FORBIDDEN)
    rows = Form.objects.alive().filter(project=project_id, xml_form_id=xml_form_id)
    form = rows.select_related("project").first()
    # the form is not in the address, so a role on this form alone counts from here on
    stand_at(actor, project_id, form.pk if form else None)
    project_for(actor, project_id, Verb.PROJECT_READ)
    require(actor, Verb.SUBMISSION_READ)
    if form is None:
        raise Problem(NOT_FOUND)
    require(actor, verb_to_read(form))
    return actor, form


def next_entries(
    user: User, form: Form, start: Start, size: int, *, with_incomplete: bool = False
) -> Sequence[Submission]:
    """At most `size` living submissions of `form` in the user's scope, in the order of their receipt.
    Those whose upload has not ended only if asked for.
    """
    rows = visible_submissions(user, form).filter(
        is_draft=False, deleted_at=None, pk__gt=start.after
    )
    if start.since is not None:
        rows = rows.filter(created_at__gte=start.since)
    if not with_incomplete:
        torn = SubmissionVersion.objects.filter(
            submission=OuterRef("pk"), is_current=True, is_complete=False
        )
        rows = rows.filter(~Exists(torn))
    return list(rows.only("pk", "instance_id", "created_at").order_by("pk")[:size])


def entry_of(user: User, form: Form, instance_id: str) -> SubmissionVersion:
    """The current version of the submission that began with `instance_id`. Problem 404.1."""
    rows = visible_submissions(user, form).filter(is_draft=False, deleted_at=None)
    found = (
        SubmissionVersion.objects.filter(
            submission__in=rows.filter(instance_id=instance_id), is_current=True
        )
        .select_related("submission")
        .only(
            "xml", "created_at", "is_complete", "submission__instance_id", "submission__created_at"
        )
        .first()
    )
    if found is None:
        raise Problem(NOT_FOUND)
    return found
