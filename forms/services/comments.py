"""What people say to each other about a record."""

from django.db import transaction

from forms.models import Comment, Submission
from server.journal.services import record
from server.people.models import Actor
from server.problems import UNEXPECTED, Problem

LONGEST = 10_000  # characters


@transaction.atomic
def add_comment(submission: Submission, body: str, *, actor: Actor) -> Comment:
    """Keep a remark on `submission`; the journal says that there was one, not what it said.
    Problem: 400.8 for an empty or too long one.
    """
    said = body.replace("\0", "").strip()
    if not said or len(said) > LONGEST:
        reason = f"a text of at most {LONGEST} characters is expected"
        raise Problem(
            UNEXPECTED, field="body", value=f"{said[:40]}…" if said else "", reason=reason
        )
    comment = Comment.objects.create(submission=submission, actor=actor, body=said)
    record(
        "submission.comment",
        actor=actor,
        subject=f"submission:{submission.instance_id}",
        project_id=submission.form.project_id,
        details={"instanceId": submission.instance_id, "submissionId": submission.pk},
    )
    return comment
