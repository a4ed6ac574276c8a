"""Entity lists and their properties."""

from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.dataset_shapes import dataset_details, dataset_json
from forms.api.reading import note_read
from forms.api.requests import body_of, flag_of, is_extended, person, success, text_of
from forms.edge import cached_response, download, known_actor
from forms.files import stream
from forms.lists import download_chunks
from forms.models import Dataset
from forms.services import add_property, create_dataset
from forms.services.datasets import set_approval
from forms.services.offers import project_for
from forms.services.summaries import dataset_summaries
from forms.services.visibility import dataset_for, entities_for
from server.people.models import User
from server.people.roles import Verb
from server.problems import FORBIDDEN, Problem


class Datasets(APIView):
    """`/v1/projects/{projectId}/datasets`"""

    def get(self, request: Request, project_id: int) -> Response:
        project = project_for(person(request, Verb.ENTITY_READ), project_id)
        rows = list(Dataset.objects.filter(project=project).exclude(published_at=None))
        summaries = dataset_summaries(rows) if is_extended(request) else None
        if summaries is None:
            return Response([dataset_json(one) for one in rows])
        return Response([dataset_json(one, summaries[one.pk]) for one in rows])

    def post(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        project, body = project_for(user, project_id), body_of(request)
        name, approval = text_of(body, "name"), flag_of(body, "approvalRequired", False)
        return Response(
            dataset_details(create_dataset(project, name, approval_required=approval, actor=user))
        )


class OneDataset(APIView):
    """`/v1/projects/{projectId}/datasets/{name}`"""

    def get(self, request: Request, project_id: int, name: str) -> Response:
        project = project_for(person(request, Verb.ENTITY_READ), project_id)
        return Response(dataset_details(dataset_for(project, name)))

    def patch(self, request: Request, project_id: int, name: str) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        dataset, body = dataset_for(project_for(user, project_id), name), body_of(request)
        if "approvalRequired" in body:
            set_approval(dataset, flag_of(body, "approvalRequired", False), actor=user)
        return Response(dataset_details(dataset))


class Properties(APIView):
    """`/v1/projects/{projectId}/datasets/{name}/properties`"""

    def post(self, request: Request, project_id: int, name: str) -> Response:
        user = person(request, Verb.FORM_UPDATE)
        dataset = dataset_for(project_for(user, project_id), name)
        add_property(dataset, text_of(body_of(request), "name"), actor=user)
        return success()


@download("GET", "HEAD")
def entities_csv(request: HttpRequest, project_id: int, name: str) -> HttpResponseBase:
    """Everything that the reader may see of a list, with system columns."""
    user = known_actor(request)
    if not isinstance(user, User):
        raise Problem(FORBIDDEN)
    dataset = dataset_for(project_for(user, project_id, Verb.ENTITY_READ), name)
    rows = entities_for(user, dataset).filter(deleted_at=None)
    note_read(user, "entity.list", f"dataset:{name}", project_id)
    tag = f"{dataset.pk}-{dataset.changed_at.timestamp()}-{user.pk}"
    return cached_response(
        request, tag, lambda: stream(download_chunks(dataset, rows), f"{name}.csv")
    )
