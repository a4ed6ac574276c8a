"""The OpenAPI document: valid, complete for what is under /v1, and without a warning."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from rest_framework.views import APIView

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document() -> dict:
    return SchemaGenerator().get_schema(public=True)


def test_the_document_is_valid_and_drawn_without_a_warning(tmp_path):
    file = str(tmp_path / "schema.yaml")
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", file)


def test_every_operation_has_a_name_of_its_own(document):
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(names) == len(set(names)) > 100


def test_every_view_of_the_api_is_in_it(document):
    for route, view, taken in views(get_resolver()):
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route).replace("{pk}", "{id}")
        if path != "/v1/schema":
            methods = {name for name in taken if name in METHODS and hasattr(view, name)}
            assert methods <= document["paths"][path].keys(), path


def test_bodies_and_problems_are_told_as_they_are(document):
    forms = document["paths"]["/v1/projects/{project_id}/forms"]
    assert list(forms["post"]["requestBody"]["content"]) == ["*/*"]
    assert "requestBody" not in forms["get"]
    problem = forms["get"]["responses"]["4XX"]["content"]["application/json"]["schema"]
    assert problem["required"] == ["message", "code"]
    assert {"bearer": []} in forms["get"]["security"]


def test_it_is_served_to_tools(db):
    answer = Client().get("/v1/schema")
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (
        200,
        "application/vnd.oai.openapi",
    )


def views(resolver: URLResolver, before: str = ""):
    """Each route below /v1 that is a view of the REST framework, and the methods that it takes."""
    for one in resolver.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from views(one, route)
        elif isinstance(one, URLPattern) and route.startswith("v1/"):
            view = getattr(one.callback, "view_class", None) or getattr(one.callback, "cls", None)
            if view is not None and issubclass(view, APIView):
                options = getattr(one.callback, "view_initkwargs", {})
                yield route, view, options.get("http_method_names", view.http_method_names)
