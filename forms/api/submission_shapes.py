"""Submissions as the contract's JSON objects."""

from typing import Any

from forms.models import Comment, Submission, SubmissionAttachment, SubmissionVersion
from server.people.access import actor_json, api_time

Json = dict[str, Any]


def submission_json(
    submission: Submission,
    current: SubmissionVersion,
    first: SubmissionVersion | None = None,
    *,
    extended: bool = False,
) -> Json:
    """Submission with its current version, or with the submitters written out; `first`: the version
    before all edits, where that is another one.
    """
    shape: Json = {
        "instanceId": submission.instance_id,
        "submitterId": submission.submitter_id,
        "deviceId": submission.device_id or None,
        "userAgent": (first or current).user_agent or None,
        "reviewState": submission.review_state,
        "createdAt": api_time(submission.created_at),
        "updatedAt": api_time(submission.updated_at),
        "deletedAt": api_time(submission.deleted_at),
        "currentVersion": version_json(current, extended=extended),
    }
    if extended:
        shape["submitter"] = actor_json(submission.submitter) if submission.submitter else None
    return shape


def version_json(
    version: SubmissionVersion, *, extended: bool = False, form_version: str | None = None
) -> Json:
    """One version of a submission."""
    shape: Json = {
        "instanceId": version.instance_id,
        "instanceName": version.instance_name or None,
        "submitterId": version.submitter_id,
        "deviceId": version.device_id or None,
        "userAgent": version.user_agent or None,
        "createdAt": api_time(version.created_at),
        "current": version.is_current,
    }
    if form_version is not None:
        shape["formVersion"] = form_version
    if extended:
        shape["submitter"] = actor_json(version.submitter) if version.submitter else None
    return shape


def file_json(file: SubmissionAttachment) -> Json:
    """A file that the XML names, or that was sent along."""
    return {"name": file.name, "exists": file.blob_id is not None}


def comment_json(comment: Comment, *, extended: bool = False) -> Json:
    """What somebody said about a submission."""
    shape: Json = {
        "body": comment.body,
        "actorId": comment.actor_id,
        "createdAt": api_time(comment.created_at),
    }
    return shape | {"actor": actor_json(comment.actor)} if extended else shape
