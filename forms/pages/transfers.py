"""Children who move: the list of transfers, the form that asks for one, the answers."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forms.models import Entity, Transfer
from forms.pages.child_finding import child_to_change, coded_area
from forms.services.duplicates import name_of
from forms.services.transfers import (
    Destination,
    accept_transfer,
    may_accept,
    may_request,
    refuse_transfer,
    request_transfer,
    transfer_of,
    transfers_for,
    withdraw_transfer,
)
from server import clock
from server.people.access import can, require
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.places.models import Area, School
from server.problems import NOT_FOUND, UNEXPECTED, Problem
from server.shell.paging import page_of

OFFERED = 1000
ANSWERS: dict[str, Any] = {
    "accept": accept_transfer,
    "refuse": refuse_transfer,
    "withdraw": withdraw_transfer,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A transfer and what the reader may do about it."""

    transfer: Transfer
    name: str  # of the child
    may_accept: bool
    may_withdraw: bool
    is_late: bool


@login_required
@require_safe
def transfers(request: HttpRequest) -> HttpResponse:
    """Those that wait, or all, newest first."""
    user = me(request)
    require(user, Verb.ENTITY_READ)
    state = request.GET.get("state", Transfer.State.REQUESTED.value)
    rows = transfers_for(user)
    if state in Transfer.State.values:
        rows = rows.filter(state=state)
    page = page_of(rows, request.GET)
    context = {
        "page": page,
        "rows": [row_of(one, user) for one in page.rows],
        "states": Transfer.State.choices,
        "state": state,
        "may_change": can(user, Verb.ENTITY_UPDATE),
    }
    return render(request, "forms/people/transfers.html", context)


def row_of(transfer: Transfer, user: User) -> Row:
    """One line of the list."""
    is_open = transfer.state == Transfer.State.REQUESTED
    return Row(
        transfer,
        name_of(transfer.entity),
        is_open and may_accept(user, transfer),
        is_open and may_request(user, transfer.entity),
        is_open and transfer.due_on < clock.today(),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_transfer(request: HttpRequest, child: str) -> HttpResponse:
    """Ask for one."""
    user = me(request)
    entity = child_to_change(user, child)
    if request.method == "POST":
        return _request(request, user, entity)
    context = {
        "entity": entity,
        "name": name_of(entity),
        "areas": list(Area.objects.exclude(kind=Area.Kind.GROUP).order_by("path")[:OFFERED]),
        "schools": list(School.objects.select_related("area").order_by("code")[:OFFERED]),
        "reasons": Transfer.Reason.choices,
        "today": clock.today(),
        "waiting": entity.transfers.filter(state=Transfer.State.REQUESTED).first(),
    }
    return render(request, "forms/people/transfer_new.html", context)


def _request(request: HttpRequest, user: User, entity: Entity) -> HttpResponse:
    asked = request.POST
    made = request_transfer(
        entity,
        _destination(request),
        reason=asked.get("reason", ""),
        moves_on=_day(asked.get("moves_on", "")),
        note=asked.get("note", "").strip(),
        actor=user,
    )
    is_done = made.state == Transfer.State.ACCEPTED
    said = _("The child has moved.") if is_done else _("Asked for. The other side has 15 days.")
    messages.success(request, said)
    return redirect("transfers") if not is_done else redirect("child", entity.uuid)


def _destination(request: HttpRequest) -> Destination:
    area, code = request.POST.get("area", ""), request.POST.get("school", "")
    school = None
    if code and code != "-":
        school = School.objects.select_related("area").filter(code=code).first()
        if school is None:
            raise Problem(UNEXPECTED, field="school", value=code[:40], reason="no such school")
    return Destination(
        coded_area(area) if area else None,
        school,
        request.POST.get("class", "").strip()[:50] if school else "",
        leaves_school=code == "-",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(UNEXPECTED, field="moves_on", value=text[:40], reason="a day") from None


@login_required
@require_POST
def answer_transfer(request: HttpRequest, transfer_id: int, action: str) -> HttpResponse:
    """Accept, refuse or take back."""
    user = me(request)
    require(user, Verb.ENTITY_UPDATE)
    if action not in ANSWERS:
        raise Problem(NOT_FOUND)
    transfer = transfer_of(user, transfer_id)
    ANSWERS[action](transfer, actor=user, answer=request.POST.get("answer", "").strip()[:500])
    messages.success(request, _("Done. Both sides are told."))
    return redirect("transfers")
