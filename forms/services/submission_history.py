"""What was done to a submission, from the journal."""

from django.db.models import QuerySet

from forms.models import Submission
from server.journal.models import Entry
from server.journal.services import SUBJECT

READING = (
    "submission.read",
    "submission.attachment.read",
    "submission.download",
    "submission.list",
)


def entries_of(submission: Submission) -> QuerySet[Entry]:
    """The entries about `submission` and its versions, newest first, with their actors; those of who
    read it are left out. The instanceID may occur in other forms: the details tell whose it is.
    """
    names = submission.versions.values_list("instance_id", flat=True)
    about = Entry.objects.filter(subject__in=[f"submission:{name}"[:SUBJECT] for name in names])
    rows = about.filter(details__submissionId=submission.pk).exclude(action__in=READING)
    return rows.select_related("actor").order_by("-id")
