"""The journal of one submission, as the contract tells it: everything that was done to it, newest
first. Who has read it is no part of that; auditors find it in `/v1/audits`.
"""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import is_extended
from forms.api.submission_finding import reader_of, submission_of
from forms.models import Form
from forms.services.submission_history import entries_of
from server.journal.models import Entry
from server.people.access import actor_json, api_time


class SubmissionAudits(APIView):
    """`.../submissions/{instanceId}/audits`"""

    def get(
        self,
        request: Request,
        project_id: int,
        xml_form_id: str,
        instance_id: str,
        is_draft: bool = False,
    ) -> Response:
        user = reader_of(request, is_draft)
        found = submission_of(user, project_id, xml_form_id, instance_id, is_draft=is_draft)
        shapes = [_shape(entry, found.form) for entry in entries_of(found)]
        if is_extended(request):
            return Response(shapes)
        return Response([_plain(shape) for shape in shapes])


def _shape(entry: Entry, form: Form) -> dict[str, object]:
    return {
        "actorId": entry.actor_id,
        "action": entry.action,
        "acteeId": f"form:{form.xml_form_id}",
        "details": entry.details or None,
        "notes": entry.notes or None,
        "loggedAt": api_time(entry.at),
        "actor": actor_json(entry.actor) if entry.actor else None,
        "actee": _form_json(form),
    }


def _plain(shape: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in shape.items() if name not in ("actor", "actee")}


def _form_json(form: Form) -> dict[str, object]:
    return {
        "id": form.pk,
        "projectId": form.project_id,
        "xmlFormId": form.xml_form_id,
        "state": form.state,
        "createdAt": api_time(form.created_at),
        "updatedAt": api_time(form.updated_at),
        "deletedAt": api_time(form.deleted_at),
    }
