"""Which submission an address means, and whether it is the asker's to see: of a form, scoped to
areas, schools and classes; of a draft, for whoever may change the form.
"""

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.utils.encoding import escape_uri_path
from rest_framework.request import Request

from forms.api.forms import form_of
from forms.api.requests import person
from forms.edge import known_actor
from forms.models import Form, FormVersion, Submission, SubmissionVersion
from forms.services.offers import own_draft
from forms.services.visibility import visible_submissions
from server.people.models import User
from server.people.roles import Verb
from server.problems import FORBIDDEN, NOT_FOUND, Problem


def reader_of(request: Request, is_draft: bool) -> User:
    """The user who asks to read. Problems: 401.2, 403.1."""
    return person(request, Verb.FORM_UPDATE if is_draft else Verb.SUBMISSION_READ)


def changer_of(request: Request, is_draft: bool) -> User:
    """The user who asks to change a record. Problems: 401.2, 403.1."""
    return person(request, Verb.FORM_UPDATE if is_draft else Verb.SUBMISSION_UPDATE)


def downloader_of(request: HttpRequest) -> User:
    """The same for plain views, which also take a Basic login. Problems: 401.2, 403.1."""
    actor = known_actor(request)
    if not isinstance(actor, User):
        raise Problem(FORBIDDEN)
    return actor


def records_of(
    user: User,
    project_id: int,
    xml_form_id: str,
    *,
    is_draft: bool = False,
    verb: Verb = Verb.SUBMISSION_READ,
) -> tuple[Form, QuerySet[Submission]]:
    """The form and its submissions (or those of its draft) within the user's scope for `verb`,
    deleted ones included. Problems: 403.1, 404.1.
    """
    if is_draft:
        draft = own_draft(user, project_id, xml_form_id)
        return draft.form, tests_of(draft)
    form = form_of(user, project_id, xml_form_id)
    return form, visible_submissions(user, form, verb).filter(is_draft=False)


def tests_of(draft: FormVersion) -> QuerySet[Submission]:
    """The records that were sent to try this draft."""
    sent = SubmissionVersion.objects.filter(submission=OuterRef("pk"), form_version=draft)
    return Submission.objects.filter(Exists(sent), form=draft.form_id, is_draft=True)


def submission_of(
    user: User,
    project_id: int,
    xml_form_id: str,
    instance_id: str,
    verb: Verb = Verb.SUBMISSION_READ,
    *,
    is_draft: bool = False,
) -> Submission:
    """The submission by the ID of its first version, if it is within the user's scope. Problems:
    403.1, 404.1.
    """
    _, rows = records_of(user, project_id, xml_form_id, is_draft=is_draft, verb=verb)
    found = found_in(rows, instance_id)
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def found_in(rows: QuerySet[Submission], instance_id: str) -> Submission | None:
    """The living submission of that ID."""
    living = rows.filter(instance_id=instance_id, deleted_at=None)
    return living.select_related("submitter", "form").first()


def moved(
    request: HttpRequest | Request, rows: QuerySet[Submission], instance_id: str
) -> HttpResponsePermanentRedirect:
    """Where the record is to be found when `instance_id` names a later version of it (the contract's
    301). Problem 404.1 when it names nothing.
    """
    root = (
        rows.filter(versions__instance_id=instance_id, deleted_at=None)
        .values_list("instance_id", flat=True)
        .first()
    )
    if root is None:
        raise Problem(NOT_FOUND)
    head, _, tail = request.path.partition(f"/submissions/{instance_id}")
    path = escape_uri_path(f"{head}/submissions/{root}/versions/{instance_id}{tail}")
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)


def current_of(submission: Submission) -> SubmissionVersion:
    """The version that counts."""
    return submission.versions.select_related("submitter", "form_version").get(is_current=True)


def version_of(submission: Submission, version_id: str) -> SubmissionVersion:
    """The version of that instanceID; the current one when none is named. Problem 404.1."""
    if not version_id:
        return current_of(submission)
    versions = submission.versions.select_related("form_version", "submitter")
    found = versions.filter(instance_id=version_id).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found
