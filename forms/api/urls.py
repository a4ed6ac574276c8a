"""Addresses of the API below /v1. OpenRosa's own, and downloads that phones share, are in
`forms.openrosa.urls`.
"""

from django.urls import URLPattern, path

from forms import addresses  # noqa: F401  knows `<id:...>`
from forms.api import (
    app_users,
    assignments,
    audits,
    comments,
    datasets,
    drafts,
    entities,
    entity_bulk,
    entity_history,
    keys,
    people,
    preferences,
    projects,
    public_links,
    roles,
    sessions,
    submission_audits,
    submission_parts,
    submissions,
    users,
)
from forms.api import forms as form_views

_P = "v1/projects/<int:project_id>"
_F = f"{_P}/forms/<id:xml_form_id>"
_V = f"{_F}/versions/<id:version>"
_S = f"{_F}/submissions/<str:instance_id>"
_D = f"{_P}/datasets/<str:name>"
_E = f"{_D}/entities/<str:uuid>"
_T = "v1/test/<str:token>/projects/<int:project_id>/forms/<id:xml_form_id>"

_PEOPLE: list[URLPattern] = [
    path("v1/sessions", sessions.Sessions.as_view()),
    path("v1/sessions/restore", sessions.Restore.as_view()),
    path("v1/sessions/current", sessions.CurrentSession.as_view()),
    path("v1/sessions/<str:token>", sessions.OneSession.as_view()),
    path("v1/users", users.Users.as_view()),
    path("v1/users/current", users.CurrentUser.as_view()),
    path("v1/users/reset/initiate", users.ResetInitiate.as_view()),
    path("v1/users/reset/verify", users.ResetVerify.as_view()),
    path("v1/users/<int:user_id>", users.OneUser.as_view()),
    path("v1/users/<int:user_id>/password", users.Password.as_view()),
    path("v1/roles", roles.Roles.as_view()),
    path("v1/roles/<str:role>", roles.OneRole.as_view()),
    path("v1/assignments", assignments.SiteAssignments.as_view()),
    path("v1/assignments/<str:role>", assignments.SiteAssignments.as_view()),
    path("v1/assignments/<str:role>/<int:actor_id>", assignments.OneSiteAssignment.as_view()),
    path(f"{_P}/assignments", assignments.ProjectAssignments.as_view()),
    path(f"{_P}/assignments/forms", assignments.AllFormAssignments.as_view()),
    path(f"{_P}/assignments/forms/<str:role>", assignments.AllFormAssignments.as_view()),
    path(f"{_P}/assignments/<str:role>", assignments.ProjectAssignments.as_view()),
    path(f"{_P}/assignments/<str:role>/<int:actor_id>", assignments.OneProjectAssignment.as_view()),
    path("v1/user-preferences/site/<str:name>", preferences.OnePreference.as_view()),
    path(
        "v1/user-preferences/project/<int:project_id>/<str:name>",
        preferences.OnePreference.as_view(),
    ),
    path("v1/audits", audits.Audits.as_view()),
    path(f"{_P}/actor-properties", app_users.ActorProperties.as_view()),
    path(f"{_P}/app-users", app_users.AppUsers.as_view()),
    path(f"{_P}/app-users/<int:app_user_id>", app_users.OneAppUser.as_view()),
]
_FORMS: list[URLPattern] = [
    path("v1/projects", projects.Projects.as_view()),
    path(_P, projects.OneProject.as_view()),
    path(f"{_P}/forms", form_views.Forms.as_view()),
    path(f"{_P}/forms/<int:form_id>/restore", form_views.RestoreForm.as_view()),
    *[
        path(f"{_F}.{ending}", form_views.form_sheet, {"ending": ending})
        for ending in ("xlsx", "xls")
    ],
    *[
        path(f"{_F}/draft.{ending}", form_views.form_sheet, {"ending": ending, "is_draft": True})
        for ending in ("xlsx", "xls")
    ],
    *[
        path(f"{_V}.{ending}", form_views.form_sheet, {"ending": ending})
        for ending in ("xlsx", "xls")
    ],
    path(f"{_F}/fields", form_views.Fields.as_view()),
    path(f"{_F}/attachments", form_views.Attachments.as_view()),
    path(f"{_F}/versions", form_views.Versions.as_view()),
    path(f"{_V}/fields", form_views.Fields.as_view()),
    path(f"{_V}/attachments", form_views.Attachments.as_view()),
    path(_V, form_views.OneVersion.as_view()),
    path(f"{_F}/draft", drafts.Draft.as_view()),
    path(f"{_F}/draft/publish", drafts.Publish.as_view()),
    path(f"{_F}/draft/fields", drafts.DraftFields.as_view()),
    path(f"{_F}/draft/attachments", drafts.DraftAttachments.as_view()),
    path(f"{_F}/draft/attachments/<str:name>", drafts.DraftAttachment.as_view()),
    path(f"{_F}/draft/dataset-diff", drafts.DatasetDiff.as_view(), {"is_draft": True}),
    path(f"{_F}/dataset-diff", drafts.DatasetDiff.as_view()),
    path(f"{_F}/assignments", assignments.FormAssignments.as_view()),
    path(f"{_F}/assignments/<str:role>", assignments.FormAssignments.as_view()),
    path(f"{_F}/assignments/<str:role>/<int:actor_id>", assignments.OneFormAssignment.as_view()),
]
_KEYS: list[URLPattern] = [
    path(f"{_P}/key", keys.ProjectKey.as_view()),
    path(f"{_F}/submissions/keys", keys.SubmissionKeys.as_view()),
    path(f"{_F}/draft/submissions/keys", keys.SubmissionKeys.as_view(), {"is_draft": True}),
]
_LINKS: list[URLPattern] = [
    path(f"{_F}/public-links", public_links.PublicLinks.as_view()),
    path(f"{_F}/public-links/<int:link_id>", public_links.OnePublicLink.as_view()),
    path("v1/form-links/<str:form_link_id>/form", public_links.LinkedForm.as_view()),
]


def _of_records(base: str, named: dict[str, bool]) -> list[URLPattern]:
    """What the records of a form and those of its draft have in common."""
    one = f"{base}/<str:instance_id>"
    version = f"{one}/versions/<str:version_id>"
    # a file is sent to the current version; those of older ones are read and cleared
    kept = submission_parts.OneFile.as_view(http_method_names=["get", "head", "delete", "options"])
    return [
        path(base, submissions.Submissions.as_view(), named),
        path(f"{base}/submitters", submissions.Submitters.as_view(), named),
        path(f"{one}.xml", submissions.submission_xml, named),
        path(f"{version}.xml", submission_parts.version_xml, named),
        path(f"{one}/audits", submission_audits.SubmissionAudits.as_view(), named),
        path(f"{one}/attachments", submission_parts.Files.as_view(), named),
        path(f"{one}/attachments/<str:name>", submission_parts.OneFile.as_view(), named),
        path(f"{one}/versions", submission_parts.Versions.as_view(), named),
        path(f"{one}/diffs", submission_parts.Diffs.as_view(), named),
        path(f"{version}/attachments", submission_parts.Files.as_view(), named),
        path(f"{version}/attachments/<str:name>", kept, named),
        path(version, submission_parts.OneVersion.as_view(), named),
    ]


_SUBMISSIONS: list[URLPattern] = [
    path(f"{_T}/draft/submissions", submissions.TestSubmissions.as_view()),
    path(f"{_S}/restore", submissions.RestoreSubmission.as_view()),
    path(f"{_S}/edit", submissions.Edit.as_view()),
    path(f"{_S}/comments", comments.Comments.as_view()),
    *_of_records(f"{_F}/submissions", {}),
    *_of_records(f"{_F}/draft/submissions", {"is_draft": True}),
    path(_S, submissions.OneSubmission.as_view()),
    path(
        f"{_F}/draft/submissions/<str:instance_id>",
        submissions.OneDraftSubmission.as_view(),
        {"is_draft": True},
    ),
]
_ENTITIES: list[URLPattern] = [
    path(f"{_P}/datasets", datasets.Datasets.as_view()),
    path(f"{_D}/properties", datasets.Properties.as_view()),
    path(f"{_D}/entities.csv", datasets.entities_csv),
    path(f"{_D}/entities", entities.Entities.as_view()),
    path(f"{_D}/entities/creators", entity_bulk.Creators.as_view()),
    path(f"{_D}/entities/bulk-delete", entity_bulk.BulkDelete.as_view()),
    path(f"{_D}/entities/bulk-restore", entity_bulk.BulkRestore.as_view()),
    path(f"{_E}/versions", entities.Versions.as_view()),
    path(f"{_E}/diffs", entity_history.Diffs.as_view()),
    path(f"{_E}/audits", entity_history.EntityAudits.as_view()),
    path(f"{_E}/restore", entities.RestoreEntity.as_view()),
    path(_E, entities.OneEntity.as_view()),
    path(_D, datasets.OneDataset.as_view()),
]
_PEOPLE_OF_LISTS: list[URLPattern] = [
    path(f"{_P}/transfers", people.Transfers.as_view()),
    path(f"{_P}/transfers/<int:pk>", people.OneTransfer.as_view()),
    path(f"{_D}/duplicates", people.Duplicates.as_view()),
    path(f"{_D}/duplicates/<int:pk>", people.OneDuplicate.as_view()),
    path(f"{_D}/responsible", people.ResponsibleInArea.as_view()),
    path(f"{_E}/duplicates", people.ChildDuplicates.as_view()),
    path(f"{_E}/merge", people.MergeInto.as_view()),
    path(f"{_E}/merges", people.Merges.as_view()),
    path(f"{_E}/merges/<int:pk>/undo", people.UndoMerge.as_view()),
    path(f"{_E}/transfers", people.ChildTransfers.as_view()),
    path(f"{_E}/responsible", people.Responsible.as_view()),
    path(f"{_E}/household", people.ChildHousehold.as_view()),
]
# the form itself last: its address ends in anything, "visit.xlsx" too
urlpatterns: list[URLPattern] = [
    *_PEOPLE,
    *_FORMS,
    *_KEYS,
    *_LINKS,
    *_SUBMISSIONS,
    *_ENTITIES,
    *_PEOPLE_OF_LISTS,
    path(_F, form_views.OneForm.as_view()),
]
