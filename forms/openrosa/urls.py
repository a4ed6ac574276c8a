"""OpenRosa's addresses below /v1 (and, by `server.people.keys`, below /v1/key/<key>); a slash at
the end is tolerated.
"""

from collections.abc import Iterator

from django.urls import URLPattern, path

from forms import addresses  # noqa: F401  knows `<id:...>`
from forms.openrosa import briefcase, views

_PROJECT = "v1/projects/<int:project_id>"
_FORM = f"{_PROJECT}/forms/<id:xml_form_id>"
_TEST = "v1/test/<str:token>/projects/<int:project_id>/forms/<id:xml_form_id>/draft"

_ROUTES = [
    (f"{_PROJECT}/formList", views.form_list),
    (f"{_PROJECT}/submission", views.submission),
    (f"{_PROJECT}/view/submissionList", briefcase.submission_list),
    (f"{_PROJECT}/view/downloadSubmission", briefcase.download_submission),
    (f"{_PROJECT}/datasets/<str:name>/integrity", views.integrity),
    (f"{_FORM}/draft.xml", views.draft_xml),
    (f"{_FORM}/draft/manifest", views.draft_manifest),
    (f"{_FORM}/draft/submission", views.draft_submission),
    (f"{_FORM}/versions/<id:version>.xml", views.form_xml),
    (f"{_FORM}/versions/<id:version>/manifest", views.manifest),
    (f"{_FORM}/versions/<id:version>/attachments/<str:name>", views.form_attachment),
    (f"{_FORM}.xml", views.form_xml),
    (f"{_FORM}/manifest", views.manifest),
    (f"{_FORM}/attachments/<str:name>", views.form_attachment),
    (f"{_TEST}/formList", views.draft_form_list),
    (f"{_TEST}/submission", views.draft_submission),
    (f"{_TEST}/manifest", views.draft_manifest),
    (f"{_TEST}.xml", views.draft_xml),
    (f"{_TEST}/attachments/<str:name>", views.draft_attachment),
]


def _patterns() -> Iterator[URLPattern]:
    for route, view in _ROUTES:
        yield path(route, view)
        yield path(f"{route}/", view)


urlpatterns: list[URLPattern] = list(_patterns())
