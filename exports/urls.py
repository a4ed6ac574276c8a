"""Addresses of this floor."""

from django.urls import include, path, re_path

from exports.api import geodata, records
from exports.pages import downloads, encrypted
from forms import addresses  # noqa: F401  knows `<id:...>`

_P = "v1/projects/<int:project_id>"
_F = f"{_P}/forms/<id:xml_form_id>"
_D = f"{_P}/datasets/<str:name>"
_DRAFT = {"is_draft": True}

urlpatterns = [
    path("", include("exports.odata.urls")),
    path(f"{_F}/submissions.csv", records.submissions_csv),
    path(f"{_F}/submissions.csv.zip", records.submissions_zip),
    path(f"{_F}/draft/submissions.csv", records.submissions_csv, _DRAFT),
    path(f"{_F}/draft/submissions.csv.zip", records.submissions_zip, _DRAFT),
    path(f"{_F}/submissions.geojson", geodata.submissions),
    path(f"{_F}/submissions/<str:instance_id>.geojson", geodata.submission),
    path(
        f"{_F}/submissions/<str:instance_id>/versions/<str:version_id>.geojson",
        geodata.submission,
    ),
    path(f"{_D}/entities.geojson", geodata.dataset),
    path(f"{_D}/entities/<str:entity_id>/geojson", geodata.entity),
    path("exports", downloads.downloads, name="downloads"),
    path("exports/encrypted/<int:form_id>", encrypted.encrypted, name="encrypted_records"),
    re_path(
        r"^exports/roster/(?P<project_id>\d+)\.(?P<extension>csv|xlsx)$",
        downloads.roster,
        name="roster",
    ),
    re_path(
        r"^exports/submissions/(?P<form_id>\d+)\.(?P<extension>csv|xlsx)$",
        downloads.submissions,
        name="submissions_file",
    ),
]
