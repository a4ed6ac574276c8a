"""`GET /v1/projects/{id}/forms/{xmlFormId}/submissions.csv`, as ODK Central answers it."""

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from exports.answers import csv_answer, note_export
from exports.tables.submissions import submissions_table
from forms.api.requests import person
from forms.models import Form
from server.problems import NOT_FOUND, Problem


class SubmissionsCsv(APIView):
    """The root table of a form in the reader's scope; `?groupPaths=false` leaves group names out of the titles."""

    def get(self, request: Request, project_id: int, xml_form_id: str) -> HttpResponseBase:
        reader = person(request)
        form = (
            Form.objects.published()
            .select_related("current")
            .filter(project_id=project_id, xml_form_id=xml_form_id)
            .first()
        )
        if form is None:
            raise Problem(NOT_FOUND)
        table = submissions_table(
            form, reader, group_paths=request.query_params.get("groupPaths") != "false"
        )
        note_export(reader, f"form:{xml_form_id}", project_id)
        return csv_answer(table, f"{xml_form_id}.csv")
