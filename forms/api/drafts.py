"""Drafts: uploaded, filled with files, published or put aside."""

from django.http import HttpResponseBase
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.forms import form_of, shown
from forms.api.requests import (
    SUCCESS,
    RawParser,
    anybody,
    asked,
    body_of,
    flag_of,
    is_extended,
    person,
    success,
)
from forms.api.shapes import attachment_json, fields_json, form_json
from forms.files import attachment_response
from forms.models import Dataset, FormVersion
from forms.registry.placing import Reach
from forms.services import (
    abandon_draft,
    attach_file,
    clear_file,
    link_dataset,
    publish_checks,
    publish_draft,
    set_draft,
)
from forms.services.form_files import unlink_dataset
from forms.services.offers import own_draft
from forms.services.summaries import draft_summary
from forms.xlsform.entity import EntityDeclaration
from server.people.access import Scope
from server.people.roles import Verb
from server.problems import MISSING, Problem

EVERYTHING = Reach(Scope(), None, all_rows=True)


class Draft(APIView):
    """`.../draft`"""

    parser_classes = [RawParser]

    def get(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        draft = _draft(request, project_id, xml_form_id)
        if not is_extended(request):
            return Response(form_json(draft.form, draft, None))
        told = [
            one.as_dict() if hasattr(one, "as_dict") else {"message": str(one)}
            for one in publish_checks(draft)
        ]
        shape = form_json(draft.form, draft, draft_summary(draft))
        return Response(shape | {"publishChecks": told})

    def post(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        form = form_of(user, project_id, xml_form_id)
        content = request.data if isinstance(request.data, bytes) else b""
        set_draft(
            form,
            content,
            request.content_type or "",
            actor=user,
            ignore_warnings=asked(request, "ignoreWarnings"),
        )
        return success()

    def delete(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        abandon_draft(form_of(user, project_id, xml_form_id), actor=user)
        return success()


class Publish(APIView):
    """`.../draft/publish`"""

    parser_classes = [RawParser]

    def post(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        form = form_of(user, project_id, xml_form_id)
        publish_draft(form, version=request.GET.get("version"), actor=user)
        return success()


class DraftFields(APIView):
    """`.../draft/fields`"""

    def get(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        draft = _draft(request, project_id, xml_form_id)
        return Response(fields_json(draft, odata=asked(request, "odata")))


class DraftAttachments(APIView):
    """`.../draft/attachments`"""

    def get(self, request: Request, project_id: int, xml_form_id: str) -> Response:
        draft = _draft(request, project_id, xml_form_id)
        return Response([attachment_json(one) for one in draft.attachments.select_related("blob")])


class DraftAttachment(APIView):
    """`.../draft/attachments/{filename}`"""

    def get_parsers(self) -> list[BaseParser]:
        # PATCH sends JSON, POST sends the file
        is_file = self.request is not None and self.request.method == "POST"
        return [RawParser()] if is_file else super().get_parsers()

    def get(
        self, request: Request, project_id: int, xml_form_id: str, name: str
    ) -> HttpResponseBase:
        draft = _draft(request, project_id, xml_form_id)
        return attachment_response(
            request._request, draft, name, EVERYTHING, Scope(everywhere=True)
        )

    def post(self, request: Request, project_id: int, xml_form_id: str, name: str) -> Response:
        draft = _draft(request, project_id, xml_form_id)
        content = request.data if isinstance(request.data, bytes) else b""
        place = attach_file(
            draft, name, content, content_type=request.content_type or "", actor=anybody(request)
        )
        # the contract has changed from one to the other, and clients look for either
        return Response(attachment_json(place) | SUCCESS)

    def patch(self, request: Request, project_id: int, xml_form_id: str, name: str) -> Response:
        draft, body = _draft(request, project_id, xml_form_id), body_of(request)
        if "dataset" not in body:
            raise Problem(MISSING, field="dataset")
        act = link_dataset if flag_of(body, "dataset", False) else unlink_dataset
        return Response(attachment_json(act(draft, name, actor=anybody(request))) | SUCCESS)

    def delete(self, request: Request, project_id: int, xml_form_id: str, name: str) -> Response:
        clear_file(_draft(request, project_id, xml_form_id), name, actor=anybody(request))
        return success()


class DatasetDiff(APIView):
    """`.../draft/dataset-diff` and `.../dataset-diff`: the lists that the form writes, and what is
    new in them.
    """

    def get(
        self, request: Request, project_id: int, xml_form_id: str, is_draft: bool = False
    ) -> Response:
        if is_draft:
            version = _draft(request, project_id, xml_form_id)
        else:
            version = shown(form_of(person(request, Verb.FORM_READ), project_id, xml_form_id))
        return Response(
            [
                _diff(project_id, EntityDeclaration.from_json(one), is_draft)
                for one in version.entities
            ]
        )


def _diff(project_id: int, declared: EntityDeclaration, is_draft: bool) -> dict[str, object]:
    dataset = Dataset.objects.filter(project_id=project_id, name=declared.dataset).first()
    have = set(dataset.properties.values_list("name", flat=True)) if dataset else set()
    rows: list[dict[str, object]] = [
        {"name": name, "inForm": name in declared.saves}
        for name in sorted(have | set(declared.saves))
    ]
    shape: dict[str, object] = {"name": declared.dataset, "properties": rows}
    if is_draft:
        shape["isNew"] = dataset is None
        for row in rows:
            row["isNew"] = row["name"] not in have
    return shape


def _draft(request: Request, project_id: int, xml_form_id: str) -> FormVersion:
    return own_draft(person(request, Verb.FORM_UPDATE), project_id, xml_form_id)
