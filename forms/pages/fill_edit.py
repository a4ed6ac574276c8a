"""Changing a record in the browser: its answers in the form's current version, sent as a new version of the record."""

from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from forms.pages.fill import receive
from forms.pages.fill_frame import (
    Sheet,
    check_token,
    fill_page,
    form_file,
    owner_of,
    read_sent,
    sender,
    sending,
    values_of,
)
from forms.services.web_forms import Editing, audience_of, record_to_edit
from server.journal.services import record
from server.people.models import User
from server.people.web import me
from server.problems import MISSING, Problem


@sending
@require_http_methods(["GET", "POST"])
def edit(
    request: HttpRequest, project_id: int, xml_form_id: str, instance_id: str
) -> HttpResponseBase:
    """The record with its answers; and where the edit is posted to. Of two editors the second is told (409)."""
    if request.method == "POST":
        return _send(request, project_id, xml_form_id, instance_id)
    return _filled(request, project_id, xml_form_id, instance_id)


@login_required
def _filled(
    request: HttpRequest, project_id: int, xml_form_id: str, instance_id: str
) -> HttpResponseBase:
    user = me(request)
    editing = record_to_edit(user, project_id, xml_form_id, instance_id)
    subject = f"submission:{instance_id}"
    record("submission.read", actor=user, subject=subject, project_id=project_id)
    return fill_page(request, editing.version, _sheet(user, editing, project_id, xml_form_id))


def _sheet(user: User, editing: Editing, project_id: int, xml_form_id: str) -> Sheet:
    submission, current = editing.submission, editing.current
    address = [project_id, xml_form_id, submission.instance_id]
    there = reverse("submission", args=[submission.pk])
    names = current.attachments.filter(blob__isnull=False).values_list("name", flat=True)  # type: ignore[attr-defined]
    return Sheet(
        mode="edit",
        owner=owner_of(user),
        # an edit that was begun before somebody else's belongs to another version
        place=f"{project_id}/{xml_form_id}/{current.instance_id}",
        files=reverse("edit_file", args=[*address, "_"])[:-1],
        send=reverse("submission_edit", args=address),
        session=reverse("fill_session"),
        back=there,
        next=there,
        instance=bytes(current.xml).decode("utf-8", "replace"),
        attached={name: f"{there}/files/{quote(name)}" for name in names},
        values=values_of(user),
    )


def _send(
    request: HttpRequest, project_id: int, xml_form_id: str, instance_id: str
) -> HttpResponseBase:
    sent = read_sent(request)
    user = sender(request)
    check_token(request)
    if not sent.replaces:
        raise Problem(MISSING, field="deprecatedID")
    editing = record_to_edit(user, project_id, xml_form_id, instance_id, replaces=sent.replaces)
    following = reverse("submission", args=[editing.submission.pk])
    return receive(request, user, project_id, xml_form_id, sent.arrival, following)


@login_required
@require_GET
def edit_file(
    request: HttpRequest, project_id: int, xml_form_id: str, instance_id: str, name: str
) -> HttpResponseBase:
    """A file of the form that the record is edited in."""
    user = me(request)
    editing = record_to_edit(user, project_id, xml_form_id, instance_id)
    return form_file(request, editing.version, name, audience_of(user))
