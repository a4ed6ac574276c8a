"""Addresses of the OData services."""

from django.urls import URLPattern, path, re_path

from exports.odata import datasets, forms
from forms import addresses  # noqa: F401  knows `<id:...>`

_P = "v1/projects/<int:project_id>"
_D = f"{_P}/datasets/<str:name>.svc"


def _form_service(ending: str, *, is_draft: bool) -> list[URLPattern]:
    base, options = f"{_P}/forms/<id:xml_form_id>{ending}", {"is_draft": is_draft}
    spelled = (
        r"^v1/projects/(?P<project_id>\d{1,18})/forms/(?P<xml_form_id>.+?)"
        + ending.replace(".", r"\.")
        + r"/Submissions\('(?P<instance_id>[^'/]+)'\)(?P<below>/.*)?$"
    )
    return [
        path(base, forms.service_document, options),
        path(f"{base}/$metadata", forms.metadata_document, options),
        re_path(spelled, forms.single_document, options),
        path(f"{base}/<str:table>", forms.data_document, options),
    ]


urlpatterns: list[URLPattern] = [
    *_form_service("/draft.svc", is_draft=True),
    *_form_service(".svc", is_draft=False),
    path(_D, datasets.service_document),
    path(f"{_D}/$metadata", datasets.metadata_document),
    path(f"{_D}/Entities", datasets.data_document),
]
