"""Roles, which anybody may read."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from server.people.central import ROLES, role_named


class Roles(APIView):
    """`/v1/roles`"""

    def get(self, request: Request) -> Response:
        return Response([role.as_json() for role in ROLES])


class OneRole(APIView):
    """`/v1/roles/{id or system name}`"""

    def get(self, request: Request, role: str) -> Response:
        return Response(role_named(role).as_json())
