"""Encryption: turned on for a project, and the keys that a form's records were encrypted with."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.forms import form_of
from forms.api.requests import body_of, person
from forms.api.shapes import key_json, project_json
from forms.models import Submission
from forms.services.encryption import encrypt_project, submission_keys
from forms.services.offers import own_draft, project_for
from forms.services.visibility import visible_submissions
from server.people.roles import Verb
from server.problems import MISSING, UNEXPECTED, Problem

LONGEST = {"passphrase": 1000, "hint": 500}


class ProjectKey(APIView):
    """`/v1/projects/{id}/key`"""

    def post(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.PROJECT_UPDATE)
        project, body = project_for(user, project_id, Verb.PROJECT_UPDATE), body_of(request)
        if body.get("passphrase") is None:
            raise Problem(MISSING, field="passphrase")
        passphrase, hint = _said(body, "passphrase"), _said(body, "hint")
        return Response(project_json(encrypt_project(project, passphrase, hint, actor=user)))


class SubmissionKeys(APIView):
    """`.../submissions/keys` and `.../draft/submissions/keys`: of records in the reader's scope."""

    def get(
        self, request: Request, project_id: int, xml_form_id: str, is_draft: bool = False
    ) -> Response:
        rows: QuerySet[Submission]
        if is_draft:
            user = person(request, Verb.FORM_UPDATE)
            draft = own_draft(user, project_id, xml_form_id)
            form, rows = draft.form, Submission.objects.filter(form=draft.form, is_draft=True)
        else:
            user = person(request, Verb.SUBMISSION_READ)
            form = form_of(user, project_id, xml_form_id)
            rows = visible_submissions(user, form).filter(is_draft=False, deleted_at=None)
        return Response([key_json(one) for one in submission_keys(rows, form, is_draft=is_draft)])


def _said(body: dict[str, object], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST[name] or not _is_text(value):
        reason = f"a text of at most {LONGEST[name]} characters is expected"
        # never the passphrase itself: answers end in logs
        raise Problem(UNEXPECTED, field=name, value="…", reason=reason)
    return value


def _is_text(value: str) -> bool:
    """JSON can hold what no database and no keyboard can: NUL, halves of characters."""
    return "\0" not in value and value.encode(errors="ignore").decode() == value
