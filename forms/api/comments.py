"""What people say about a submission."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import body_of, is_extended, text_of
from forms.api.submission_finding import changer_of, reader_of, submission_of
from forms.api.submission_shapes import comment_json
from forms.services.comments import LONGEST, add_comment
from server.people.roles import Verb


class Comments(APIView):
    """`.../submissions/{instanceId}/comments`: newest first for whoever may read the record; written
    by whoever may change it.
    """

    def get(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = reader_of(request, is_draft=False)
        found = submission_of(user, project_id, xml_form_id, instance_id)
        extended = is_extended(request)
        rows = found.comments.select_related("actor")
        return Response([comment_json(one, extended=extended) for one in rows])

    def post(
        self, request: Request, project_id: int, xml_form_id: str, instance_id: str
    ) -> Response:
        user = changer_of(request, is_draft=False)
        found = submission_of(user, project_id, xml_form_id, instance_id, Verb.SUBMISSION_UPDATE)
        body = text_of(body_of(request), "body", limit=LONGEST)
        return Response(comment_json(add_comment(found, body, actor=user)))
