"""Addresses of this floor."""

from django.urls import path, re_path

from exports.api.submissions import SubmissionsCsv
from exports.pages import downloads

urlpatterns = [
    path(
        "v1/projects/<int:project_id>/forms/<str:xml_form_id>/submissions.csv",
        SubmissionsCsv.as_view(),
    ),
    path("exports", downloads.downloads, name="downloads"),
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
