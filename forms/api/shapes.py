"""Projects, forms and phones as the contract's JSON objects."""

from pathlib import PurePath
from typing import Any

from forms.instance.odata import odata_name
from forms.models import Form, FormAttachment, FormVersion, Key, Project
from forms.services.summaries import FormSummary, ProjectSummary
from server.people.access import actor_json, api_time
from server.people.models import AppUser

Json = dict[str, Any]
EXCEL = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xls": "application/vnd.ms-excel",
}


def project_json(project: Project, summary: ProjectSummary | None = None) -> Json:
    """Project, or ExtendedProject with a summary."""
    shape: Json = {
        "id": project.pk,
        "name": project.name,
        "description": project.description or None,
        "archived": project.archived,
        "keyId": project.key_id,
        "createdAt": api_time(project.created_at),
        "updatedAt": api_time(project.updated_at),
        "deletedAt": api_time(project.deleted_at),
    }
    if summary is None:
        return shape
    return shape | {
        "appUsers": summary.app_users,
        "forms": summary.forms,
        "datasets": summary.datasets,
        "lastSubmission": api_time(summary.last_submission),
        "lastEntity": api_time(summary.last_entity),
    }


def key_json(key: Key) -> Json:
    """A key without its private half."""
    return {"id": key.pk, "public": key.public, "managed": key.is_managed, "hint": key.hint or None}


def form_json(form: Form, version: FormVersion, summary: FormSummary | None = None) -> Json:
    """Form as seen in `version` (the current one, or the draft), or ExtendedForm with a summary."""
    shape: Json = {
        "id": form.pk,
        "projectId": form.project_id,
        "xmlFormId": form.xml_form_id,
        "name": version.title,
        "version": version.version,
        "hash": version.md5,
        "sha256": version.sha256,
        "state": form.state,
        "enketoId": None,
        "enketoOnceId": None,
        "keyId": version.key_id,
        "draftToken": None if version.published_at else version.draft_token,
        "createdAt": api_time(form.created_at),
        "updatedAt": api_time(form.updated_at),
        "publishedAt": api_time(version.published_at),
        "webformsEnabled": False,
    }
    return shape if summary is None else shape | _extended(form, version, summary)


def _extended(form: Form, version: FormVersion, summary: FormSummary) -> Json:
    return {
        "submissions": summary.submissions,
        "reviewStates": summary.review_states,
        "lastSubmission": api_time(summary.last_submission),
        "createdBy": actor_json(form.created_by) if form.created_by else None,
        "excelContentType": sheet_type(version),
        "entityRelated": bool(version.entities),
        "publicLinks": summary.public_links,
    }


def notes_json(version: FormVersion) -> Json:
    """What was said when the version was published; only for those who may change the form."""
    return {"publishNotes": version.publish_notes or None}


def sheet_type(version: FormVersion) -> str | None:
    """The MIME type of the Excel file that the version was made from; null without one."""
    return EXCEL.get(PurePath(version.sheet_name).suffix.lower()) if version.sheet_id else None


def version_json(form: Form, version: FormVersion, *, extended: bool = False) -> Json:
    """One published version."""
    shape = form_json(form, version)
    if extended:
        shape["publishedBy"] = actor_json(version.published_by) if version.published_by else None
        shape["excelContentType"] = sheet_type(version)
    return shape


def attachment_json(file: FormAttachment) -> Json:
    """A file that a form names."""
    is_list = file.source != FormAttachment.Source.FILE
    shape: Json = {
        "name": file.name,
        "type": file.type,
        "hash": file.blob.md5 if file.blob else None,
        "exists": is_list or file.blob_id is not None,
        "blobExists": file.blob_id is not None,
        "datasetExists": file.source == FormAttachment.Source.DATASET,
        "updatedAt": api_time(file.updated_at),
    }
    return shape | {"size": file.blob.size} if file.blob else shape


def fields_json(version: FormVersion, *, odata: bool = False) -> list[Json]:
    """The schema fields; `odata` writes names as they appear in OData."""
    return [
        {
            "path": _odata_path(one["path"]) if odata else one["path"],
            "name": odata_name(one["name"]) if odata else one["name"],
            "type": one.get("type", "string"),
            "binary": True if one.get("binary") else None,
            "selectMultiple": True if one.get("select_multiple") else None,
        }
        for one in version.fields
    ]


def _odata_path(path: str) -> str:
    return "/".join(odata_name(name) if name else "" for name in path.split("/"))


def app_user_json(app_user: AppUser, project_id: int, *, extended: bool = False) -> Json:
    """A phone; its token is null once revoked."""
    shape = actor_json(app_user) | {
        "projectId": project_id,
        "token": None if app_user.revoked_at else app_user.key,
    }
    if extended:
        created_by = actor_json(app_user.created_by) if app_user.created_by else None
        shape |= {
            "createdBy": created_by,
            "lastUsed": api_time(app_user.last_used_at),
            "properties": app_user.properties or None,
        }
    return shape
