"""Addresses of the pages of this floor."""

from django.urls import path

from forms.pages import (
    duplicates,
    encryption,
    files,
    fill,
    fill_edit,
    fill_link,
    form_detail,
    form_list,
    phones,
    place_import,
    public_links,
    responsible,
    submission_talk,
    submissions,
    transfers,
)

_FORM = "projects/<int:project_id>/forms/<str:xml_form_id>"
_RECORD = f"{_FORM}/submissions/<str:instance_id>"

urlpatterns = [
    path("places/import", place_import.upload, name="places_import"),
    path("places/import/apply", place_import.apply, name="places_apply"),
    path("places.xlsx", place_import.export, name="places_export"),
    path("forms", form_list.form_list, name="forms"),
    path("forms/upload", form_list.upload, name="form_upload"),
    path("forms/<int:form_id>", form_detail.form_page, name="form"),
    path("forms/<int:form_id>/upload", form_list.upload, name="form_upload_draft"),
    path("forms/<int:form_id>/draft", form_detail.draft_page, name="form_draft"),
    path("forms/<int:form_id>/draft/publish", form_detail.publish, name="form_publish"),
    path("forms/<int:form_id>/draft/abandon", form_detail.abandon, name="form_abandon"),
    path("forms/<int:form_id>/state", form_detail.set_state, name="form_state"),
    path("forms/<int:form_id>/links", public_links.link_list, name="public_links"),
    path(
        "forms/<int:form_id>/links/new", public_links.create_public_link, name="public_link_create"
    ),
    path("forms/<int:form_id>/links/<int:link_id>", public_links.link_card, name="public_link"),
    path(
        "forms/<int:form_id>/links/<int:link_id>/end",
        public_links.end_public_link,
        name="public_link_end",
    ),
    path("forms/<int:form_id>/versions", form_detail.versions_page, name="form_versions"),
    path(
        "forms/<int:form_id>/versions/<int:version_id>",
        form_detail.version_page,
        name="form_version",
    ),
    path(
        "forms/<int:form_id>/versions/<int:version_id>/workbook",
        files.workbook,
        name="form_workbook",
    ),
    path("forms/<int:form_id>/versions/<int:version_id>/xform", files.xform, name="form_xform"),
    path("forms/<int:form_id>/submissions", submissions.submission_list, name="submissions"),
    path("forms/<int:form_id>/submissions/trash", submission_talk.trash, name="submission_trash"),
    path(
        "submissions/<int:submission_id>/comments",
        submission_talk.comment,
        name="submission_comment",
    ),
    path(
        "submissions/<int:submission_id>/delete", submission_talk.remove, name="submission_delete"
    ),
    path(
        "submissions/<int:submission_id>/restore",
        submission_talk.restore,
        name="submission_restore",
    ),
    path(
        "submissions/<int:submission_id>/versions/<int:version_id>/xml",
        submissions.submission_xml,
        name="submission_version_xml",
    ),
    path("submissions/<int:submission_id>", submissions.submission_page, name="submission"),
    path("submissions/<int:submission_id>/review", submissions.review, name="submission_review"),
    path("submissions/<int:submission_id>/xml", submissions.submission_xml, name="submission_xml"),
    path(
        "submissions/<int:submission_id>/files/<str:name>",
        submissions.submission_file,
        name="submission_file",
    ),
    path("projects/<int:project_id>/encryption", encryption.encryption, name="encryption"),
    path("duplicates", duplicates.duplicates, name="duplicates"),
    path("duplicates/<int:pair_id>", duplicates.duplicate, name="duplicate"),
    path("duplicates/<int:pair_id>/merge", duplicates.merge, name="duplicate_merge"),
    path("duplicates/<int:pair_id>/different", duplicates.different, name="duplicate_different"),
    path("merges/<int:merge_id>/undo", duplicates.undo, name="merge_undo"),
    path("transfers", transfers.transfers, name="transfers"),
    path(
        "transfers/<int:transfer_id>/<slug:action>",
        transfers.answer_transfer,
        name="transfer_answer",
    ),
    path("children/<uuid:child>/transfer", transfers.new_transfer, name="transfer_new"),
    path("responsible", responsible.responsible, name="responsible"),
    path(
        "children/<uuid:child>/responsible",
        responsible.responsible_of_child,
        name="responsible_of_child",
    ),
    path("phones", phones.phone_list, name="phones"),
    path("phones/new", phones.create_phone, name="phone_create"),
    path("phones/<int:phone_id>", phones.phone_page, name="phone"),
    path("phones/<int:phone_id>/revoke", phones.revoke_phone, name="phone_revoke"),
    path("phone", phones.my_phone, name="my_phone"),
    path("fill/session", fill.fill_session, name="fill_session"),
    path(f"{_FORM}/fill", fill.fill, name="fill"),
    path(f"{_FORM}/fill/files/<str:name>", fill.fill_file, name="fill_file"),
    path(f"{_FORM}/draft/preview", fill.preview, name="form_preview"),
    path(f"{_FORM}/draft/preview/files/<str:name>", fill.preview_file, name="preview_file"),
    path(f"{_RECORD}/edit", fill_edit.edit, name="submission_edit"),
    path(f"{_RECORD}/edit/files/<str:name>", fill_edit.edit_file, name="edit_file"),
    path("f/<str:token>", fill_link.link_page, name="public_form"),
    path("f/<str:token>/files/<str:name>", fill_link.link_file, name="public_form_file"),
]
