"""The audit log: the journal as the contract tells it, streamed newest first."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone as django_timezone
from rest_framework.request import Request
from rest_framework.views import APIView

from forms.api.requests import is_extended, person
from forms.api.shapes import project_json
from forms.models import Form, Project
from server.journal.models import Entry
from server.journal.reading import entries_for
from server.people.access import actor_json, api_time
from server.people.models import Actor
from server.people.roles import Verb
from server.problems import UNEXPECTED, Problem

CHUNK = 500  # entries that are read at a time
# ours in Central's words; all others are called alike
CENTRAL_NAMES = {"export.download": "form.submissions.export"}
OUR_NAMES = {central: ours for ours, central in CENTRAL_NAMES.items()}
# Central's names for many actions at once
GROUPS = (
    "user", "project", "form", "field_key", "public_link", "submission", "dataset", "entity", "config",
    "actor_property", "rule_set", "task", "tier", "export",
)  # fmt: skip
VERBOSE = ("submission.", "entity.", "user.session.", "user.preference.", "form.attachment.")
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?))?(?:([zZ])|([+ -])(\d\d):?(\d\d)?)?"
)


class Audits(APIView):
    """`/v1/audits`: filters action, actorId, start, end; limit and offset."""

    def get(self, request: Request) -> StreamingHttpResponse:
        rows = _filtered(entries_for(person(request, Verb.AUDIT_READ)), request).order_by("-id")
        limit, offset = _number(request, "limit"), _number(request, "offset") or 0
        rows = rows[offset : None if limit is None else offset + limit]
        lines = _lines(rows, is_extended(request))
        return StreamingHttpResponse(lines, content_type="application/json")


def _filtered(rows: QuerySet[Entry], request: Request) -> QuerySet[Entry]:
    action, actor_id = request.GET.get("action", ""), _number(request, "actorId")
    if action == "nonverbose":
        for beginning in VERBOSE:
            rows = rows.exclude(action__startswith=beginning)
    elif action in GROUPS:
        rows = rows.filter(action__startswith=f"{action}.")
    elif action:
        rows = rows.filter(action=OUR_NAMES.get(action, action))
    if actor_id is not None:
        rows = rows.filter(actor=actor_id)
    start, end = _moment(request, "start"), _moment(request, "end")
    rows = rows.filter(at__gte=start) if start else rows
    return rows.filter(at__lt=end) if end else rows


def _number(request: Request, name: str) -> int | None:
    """A whole number of the query. Problem 400.8."""
    said = request.GET.get(name, "")
    if not said:
        return None
    if not said.isascii() or not said.isdigit() or len(said) > 15:
        raise Problem(UNEXPECTED, field=name, value=said[:40], reason="a whole number is expected")
    return int(said)


def _moment(request: Request, name: str) -> datetime | None:
    """An ISO 8601 date or time of the query, in the site's zone where it names none. Problem 400.8."""
    said = request.GET.get(name, "")
    if not said:
        return None
    found = _MOMENT.fullmatch(said)
    try:
        if found is None:
            raise ValueError
        day, hour, utc, sign, hours, minutes = found.groups()
        moment = datetime.fromisoformat(f"{day}T{hour or '00:00'}")
        if utc:
            return moment.replace(tzinfo=UTC)
        if sign is None:
            return django_timezone.make_aware(moment)
        away = timedelta(hours=int(hours), minutes=int(minutes or 0))
        # an unescaped plus arrives as a space
        zone = timezone(-away if sign == "-" else away)
        return moment.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        reason = "a time as in 2026-01-31T08:00:00Z is expected"
        raise Problem(UNEXPECTED, field=name, value=said[:40], reason=reason) from error


def _lines(rows: QuerySet[Entry], extended: bool) -> Iterator[str]:
    """A JSON array, some entries at a time."""
    yield "["
    glue, chunk = "", []
    for entry in rows.iterator(CHUNK):
        chunk.append(entry)
        if len(chunk) == CHUNK:
            yield glue + _chunk_text(chunk, extended)
            glue, chunk = ",", []
    if chunk:
        yield glue + _chunk_text(chunk, extended)
    yield "]"


def _chunk_text(chunk: list[Entry], extended: bool) -> str:
    shapes = [_shape(entry) for entry in chunk]
    if extended:
        _extend(chunk, shapes)
    return ",".join(json.dumps(shape, ensure_ascii=False) for shape in shapes)


def _shape(entry: Entry) -> dict[str, Any]:
    return {
        "actorId": entry.actor_id,
        "action": CENTRAL_NAMES.get(entry.action, entry.action),
        "acteeId": entry.subject or None,
        "details": entry.details or None,
        "notes": entry.notes or None,
        "loggedAt": api_time(entry.at),
    }


def _extend(chunk: list[Entry], shapes: list[dict[str, Any]]) -> None:
    """Put actors and actees in: three queries for a chunk, however long."""
    named = [entry.subject.partition(":") for entry in chunk]
    people = {int(key) for kind, _, key in named if kind in PEOPLE and key.isdigit()}
    people |= {entry.actor_id for entry in chunk if entry.actor_id}
    actors = {one.pk: actor_json(one) for one in Actor.objects.filter(pk__in=people)}
    projects = {int(key) for kind, _, key in named if kind == "project" and key.isdigit()}
    found = {one.pk: project_json(one) for one in Project.objects.filter(pk__in=projects)}
    forms = _forms(
        {(e.project_id, k) for e, (kind, _, k) in zip(chunk, named, strict=True) if kind == "form"}
    )
    for entry, shape, (kind, _, key) in zip(chunk, shapes, named, strict=True):
        shape["actor"] = actors.get(entry.actor_id) if entry.actor_id else None
        number = int(key) if key.isdigit() else 0
        shape["actee"] = (
            actors.get(number) if kind in PEOPLE
            else found.get(number) if kind == "project"
            else forms.get((entry.project_id, key)) if kind == "form"
            else None
        )  # fmt: skip


PEOPLE = ("actor", "user", "app_user", "public_link")


def _forms(wanted: set[tuple[int | None, str]]) -> dict[tuple[int | None, str], dict[str, Any]]:
    rows = Form.objects.filter(
        Q(project__in={project for project, _ in wanted if project}),
        xml_form_id__in={name for _, name in wanted},
    ).order_by("-deleted_at", "pk")
    return {
        (one.project_id, one.xml_form_id): {
            "id": one.pk, "projectId": one.project_id, "xmlFormId": one.xml_form_id, "state": one.state,
            "createdAt": api_time(one.created_at), "updatedAt": api_time(one.updated_at),
            "deletedAt": api_time(one.deleted_at),
        }
        for one in rows
    }  # fmt: skip
