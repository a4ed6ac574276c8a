"""What people like: kept for the clients of the contract, of any JSON type."""

import json

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import body_of, person, success
from forms.services.offers import project_for
from server.accounts.preferences import forget_preference, keep_preference
from server.people.models import User
from server.problems import MISSING, TOO_LARGE, Problem

LIMIT = 20_000  # characters of JSON


class OnePreference(APIView):
    """`/v1/user-preferences/site/{name}` and `/v1/user-preferences/project/{projectId}/{name}`"""

    def put(self, request: Request, name: str, project_id: int | None = None) -> Response:
        user, body = _owner(request, project_id), body_of(request)
        if "propertyValue" not in body:
            raise Problem(MISSING, field="propertyValue")
        if len(name) > 100 or len(json.dumps(body["propertyValue"])) > LIMIT:
            raise Problem(TOO_LARGE, limit=f"{LIMIT} characters")
        keep_preference(user, project_id, name, body["propertyValue"])
        return success()

    def delete(self, request: Request, name: str, project_id: int | None = None) -> Response:
        forget_preference(_owner(request, project_id), project_id, name)
        return success()


def _owner(request: Request, project_id: int | None) -> User:
    user = person(request)
    if project_id is not None:
        project_for(user, project_id)
    return user
