"""Forms and their published versions."""

from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import RawParser, asked, body_of, is_extended, person, success
from forms.api.shapes import (
    EXCEL,
    attachment_json,
    fields_json,
    form_json,
    notes_json,
    version_json,
)
from forms.edge import download, known_actor
from forms.files import blob_response
from forms.models import Form, FormVersion
from forms.services import upload_form
from forms.services.offers import own_draft, project_for, published_version
from forms.services.projects import delete_form, set_form_state
from forms.services.summaries import form_summaries
from forms.services.trash import restore_form
from forms.services.visibility import visible_in_lists
from server.people.access import can, forms_with
from server.people.models import User
from server.people.roles import Verb
from server.problems import FORBIDDEN, NOT_FOUND, UNEXPECTED, Problem

_HEAVY = ("current__xml", "current__fields", "draft__xml", "draft__fields")


class Forms(APIView):
    """`/v1/projects/{projectId}/forms`"""

    parser_classes = [RawParser]

    def get(self, request: Request, project_id: int) -> Response:
        user = person(request)
        project = project_for(user, project_id)
        rows = Form.objects.filter(
            project=project, deleted_at__isnull=not asked(request, "deleted")
        )
        readable = forms_with(user, project.pk, Verb.FORM_READ)
        if readable is not None:
            if not readable:
                raise Problem(FORBIDDEN)
            rows = rows.filter(pk__in=readable)
        forms = list(rows.select_related("current", "draft", "created_by").defer(*_HEAVY))
        summaries = form_summaries(forms, visible_in_lists(user)) if is_extended(request) else {}
        return Response(
            [form_json(one, shown(one), summaries.get(one.pk)) for one in forms if shown(one)]
        )

    def post(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        version = upload_form(
            project_for(user, project_id),
            request.data if isinstance(request.data, bytes) else b"",
            request.content_type or "",
            actor=user,
            fallback_form_id=request.headers.get("X-XlsForm-FormId-Fallback", ""),
            ignore_warnings=asked(request, "ignoreWarnings"),
            publish=asked(request, "publish"),
        )
        return Response(form_json(version.form, version))


class OneForm(APIView):
    """`/v1/projects/{projectId}/forms/{xmlFormId}`"""

    def get(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user = person(request, Verb.FORM_READ)
        form = form_of(user, project_id, xml_form_id)
        if not is_extended(request):
            return Response(form_json(form, shown(form)))
        summary = form_summaries([form], visible_in_lists(user))[form.pk]
        notes = notes_json(shown(form)) if can(user, Verb.FORM_UPDATE) else {}
        return Response(form_json(form, shown(form), summary) | notes)

    def patch(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        form, state = form_of(user, project_id, xml_form_id), body_of(request).get("state")
        if state is not None and state not in Form.State.values:
            raise Problem(
                UNEXPECTED, field="state", value=str(state)[:40], reason="open, closing or closed"
            )
        if state is not None:
            set_form_state(form, state, actor=user)
        return Response(form_json(form, shown(form)))

    def delete(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        delete_form(form_of(user, project_id, xml_form_id), actor=user)
        return success()


class RestoreForm(APIView):
    """`/v1/projects/{projectId}/forms/{id}/restore`"""

    def post(self, request: Request, project_id: int, form_id: int) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        project = project_for(user, project_id)
        form = Form.objects.filter(project=project, pk=form_id).exclude(deleted_at=None).first()
        if form is None:
            raise Problem(NOT_FOUND)
        restore_form(form, actor=user)
        return success()


class Versions(APIView):
    """`/v1/projects/{projectId}/forms/{xmlFormId}/versions`"""

    def get(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user = person(request, Verb.FORM_READ)
        form = form_of(user, project_id, xml_form_id)
        rows = form.versions.exclude(published_at=None).select_related("published_by")
        ordered = rows.defer("xml", "fields").order_by("-published_at", "-id")
        return Response([_version(form, one, user, request) for one in ordered])


class OneVersion(APIView):
    """`/v1/projects/{projectId}/forms/{xmlFormId}/versions/{version}`"""

    def get(self, request: Request, project_id: int, xml_form_id: str, version: str) -> Response:
        user = person(request, Verb.FORM_READ)
        row = published_version(user, project_id, xml_form_id, named(version))
        return Response(_version(row.form, row, user, request))


class Fields(APIView):
    """`.../fields` of the form, of a version, or of the draft."""

    def get(
        self, request: Request, project_id: int, xml_form_id: str, version: str | None = None
    ) -> Response:
        user = person(request, Verb.FORM_READ)
        row = published_version(user, project_id, xml_form_id, named(version))
        return Response(fields_json(row, odata=asked(request, "odata")))


class Attachments(APIView):
    """`.../attachments` of the form or of a version."""

    def get(
        self, request: Request, project_id: int, xml_form_id: str, version: str | None = None
    ) -> Response:
        row = published_version(
            person(request, Verb.FORM_READ), project_id, xml_form_id, named(version)
        )
        return Response([attachment_json(one) for one in row.attachments.select_related("blob")])


@download("GET", "HEAD")
def form_sheet(
    request: HttpRequest,
    project_id: int,
    xml_form_id: str,
    ending: str,
    version: str | None = None,
    is_draft: bool = False,
) -> HttpResponseBase:
    """The workbook that a version was made from."""
    actor = known_actor(request)
    row = (
        own_draft(actor, project_id, xml_form_id)
        if is_draft
        else published_version(actor, project_id, xml_form_id, named(version))
    )
    if row.sheet is None or not row.sheet_name.lower().endswith(f".{ending}"):
        raise Problem(NOT_FOUND)
    response = blob_response(request, row.sheet, f"{xml_form_id}.{ending}")
    if response.status_code == 200:
        # the same bytes may have come before under another type
        response["Content-Type"] = EXCEL[f".{ending}"]
    return response


def form_of(user: User, project_id: int, xml_form_id: str) -> Form:
    """The form of that id, with both its versions. Problems: 403.1, 404.1."""
    project = project_for(user, project_id)
    rows = Form.objects.alive().filter(project=project, xml_form_id=xml_form_id)
    found = rows.select_related("current", "draft", "created_by", "project").first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def shown(form: Form) -> FormVersion:
    """The version that stands for the form: the published one, else the draft."""
    found = form.current or form.draft
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _version(form: Form, row: FormVersion, user: User, request: Request) -> dict[str, object]:
    extended = is_extended(request)
    notes = notes_json(row) if extended and can(user, Verb.FORM_UPDATE) else {}
    return version_json(form, row, extended=extended) | notes


def named(version: str | None) -> str | None:
    """A version from an address, where `___` means the empty one."""
    return "" if version == "___" else version
