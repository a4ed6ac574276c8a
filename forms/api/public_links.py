"""Public links of a form (the contract's Public Access Links), and the form that one opens."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.forms import form_of, shown
from forms.api.requests import body_of, flag_of, is_extended, person, success, text_of
from forms.api.shapes import form_json
from forms.models import Form, PublicLink
from forms.services.public_links import (
    area_named,
    create_link,
    delete_link,
    link_for,
    link_of,
    links_for,
)
from server.accounts.properties import set_properties
from server.people.access import actor_json
from server.people.models import User
from server.people.roles import Verb
from server.problems import FORBIDDEN, NOT_FOUND, Problem


class PublicLinks(APIView):
    """`/v1/projects/{projectId}/forms/{xmlFormId}/public-links`"""

    def get(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user, form = _maker(request, project_id, xml_form_id)
        extended = is_extended(request)
        rows = links_for(user).filter(form=form).order_by("-id")
        return Response([link_json(one, extended=extended) for one in rows])

    def post(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user, form = _maker(request, project_id, xml_form_id)
        body = body_of(request)
        link = create_link(
            form,
            text_of(body, "displayName", limit=100),
            actor=user,
            once=flag_of(body, "once", False),
            # ours: where its records belong, and whether its lists hold the entities there
            area=area_named(body.get("areaCode")),
            sees_entities=flag_of(body, "seesEntities", False),
            properties=body.get("properties"),
        )
        return Response(link_json(link))


class OnePublicLink(APIView):
    """`/v1/projects/{projectId}/forms/{xmlFormId}/public-links/{id}`"""

    def get(self, request: Request, project_id: int, xml_form_id: str, link_id: int) -> Response:
        user, form = _maker(request, project_id, xml_form_id)
        return Response(link_json(link_for(user, form, link_id), extended=is_extended(request)))

    def patch(self, request: Request, project_id: int, xml_form_id: str, link_id: int) -> Response:
        user, form = _maker(request, project_id, xml_form_id)
        link = link_for(user, form, link_id)
        set_properties(link, project_id, body_of(request).get("properties"), actor=user)
        return Response(link_json(link, extended=True))

    def delete(self, request: Request, project_id: int, xml_form_id: str, link_id: int) -> Response:
        user, form = _maker(request, project_id, xml_form_id)
        delete_link(link_for(user, form, link_id), actor=user)
        return success()


class LinkedForm(APIView):
    """`/v1/form-links/{formLinkId}/form`: the token of a public link names its form to whoever holds it."""

    authentication_classes = []

    def get(self, request: Request, form_link_id: str) -> Response:
        try:
            form = link_of(form_link_id).form
        except Problem as problem:
            raise Problem(NOT_FOUND) if problem.kind is FORBIDDEN else problem from problem
        return Response(form_json(form, shown(form)) | {"draftToken": None})


def link_json(link: PublicLink, *, extended: bool = False) -> dict[str, Any]:
    """The contract's PublicLink, or ExtendedPublicLink; its token is null once it is ended."""
    shape: dict[str, Any] = actor_json(link) | {
        "token": None if link.revoked_at else link.token,
        "once": link.once,
        "areaCode": link.area.code if link.area else None,
        "seesEntities": link.sees_entities,
    }
    if extended:
        shape["createdBy"] = actor_json(link.created_by) if link.created_by else None
        shape["properties"] = link.properties or None
    return shape


def _maker(request: Request, project_id: int, xml_form_id: str) -> tuple[User, Form]:
    user = person(request, Verb.FIELD_KEY_CREATE)
    return user, form_of(user, project_id, xml_form_id)
