"""Who sent a submission, as the actor whose scope counts: an app user with its worker, or a user."""

from forms.models import SubmissionVersion
from server.people.models import Actor, AppUser, User


def sender_of(version: SubmissionVersion) -> Actor | None:
    """The AppUser (worker and project link at hand) or User behind `submitter`; None for drafts and
    anonymous links.
    """
    if version.submitter_id is None:
        return None
    phones = AppUser.objects.select_related("worker", "project_link")
    return (
        phones.filter(pk=version.submitter_id).first()
        or User.objects.filter(pk=version.submitter_id).first()
    )
