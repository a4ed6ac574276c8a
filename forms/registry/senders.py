"""Who sent a submission, as the actor whose scope counts: an app user with its worker, a user, or a public link."""

from forms.models import PublicLink, SubmissionVersion
from server.people.models import Actor, AppUser, User


def sender_of(version: SubmissionVersion) -> Actor | None:
    """The AppUser (worker and project link at hand), User or public link behind `submitter`; None for drafts."""
    if version.submitter_id is None:
        return None
    phones = AppUser.objects.select_related("worker", "project_link")
    return (
        phones.filter(pk=version.submitter_id).first()
        or User.objects.filter(pk=version.submitter_id).first()
        or PublicLink.objects.filter(pk=version.submitter_id).select_related("area").first()
    )
