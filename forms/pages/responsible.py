"""The five responsible persons: of one child with their history, and one person for a whole area."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from forms.models import Dataset, Entity, Network, ResponsiblePerson
from forms.pages.child_finding import child_to_read, coded_area
from forms.registry.likeness import DATASET
from forms.services.duplicates import name_of
from forms.services.responsible import (
    Named,
    history_of,
    may_name,
    name_in_area,
    name_responsible,
    places_of,
    read_named,
)
from server import clock
from server.journal.services import record
from server.people.access import require, scope_of
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.places.models import Area
from server.problems import NOT_FOUND, UNEXPECTED, Problem

OFFERED = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One network on the page of a child."""

    network: str
    title: str
    person: ResponsiblePerson | None
    may_name: bool


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def responsible_of_child(request: HttpRequest, child: str) -> HttpResponse:
    """Who is named now, to be changed, and who was before. Reading it is journalled."""
    user = me(request)
    entity = child_to_read(user, child)
    if request.method == "POST":
        name_responsible(entity, _wanted(request, user, entity), actor=user)
        messages.success(request, _("Saved."))
        return redirect("child", entity.uuid)
    project_id = entity.dataset.project_id
    record("entity.read", actor=user, subject=f"entity:{entity.uuid}", project_id=project_id)
    lines = [
        Line(one.network, one.title, one.person, may_name(user, entity, one.network))
        for one in places_of(entity)
    ]
    context = {
        "entity": entity,
        "name": name_of(entity),
        "lines": lines,
        "before": history_of(entity),
        "may_name": any(one.may_name for one in lines),
        "today": clock.today(),
    }
    return render(request, "forms/people/responsible_child.html", context)


def _wanted(request: HttpRequest, user: User, entity: Entity) -> dict[str, Named | None]:
    """What was written for the networks that the person may name; an empty name ends the present one."""
    found: dict[str, Named | None] = {}
    for network in Network.values:
        name = request.POST.get(f"{network}-name")
        if name is None or not may_name(user, entity, network):
            continue
        parts = ("name", "phone", "post", "since")
        told = {part: request.POST.get(f"{network}-{part}", "") for part in parts}
        found[network] = read_named(told) if name.strip() else None
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def responsible(request: HttpRequest) -> HttpResponse:
    """Name one person for a network of all children of an area."""
    user = me(request)
    require(user, Verb.ENTITY_UPDATE)
    lists = list(
        Dataset.objects.filter(name=DATASET, project__deleted_at=None)
        .select_related("project")
        .order_by("pk")
    )
    if request.method == "POST":
        _name_all(request, user, lists)
        return redirect("responsible")
    scope = scope_of(user, Verb.ENTITY_UPDATE)
    areas = Area.objects.exclude(kind=Area.Kind.GROUP).order_by("path")
    context = {
        "areas": list((areas if scope.everywhere else areas.within(scope.paths))[:OFFERED]),
        "networks": Network.choices,
        "lists": lists,
        "today": clock.today(),
    }
    return render(request, "forms/people/responsible.html", context)


def _name_all(request: HttpRequest, user: User, lists: list[Dataset]) -> None:
    asked = request.POST
    chosen = next((one for one in lists if str(one.pk) == asked.get("list")), None)
    if chosen is None:
        raise Problem(NOT_FOUND)
    network = asked.get("network", "")
    if network not in Network.values:
        raise Problem(UNEXPECTED, field="network", value=network[:40], reason="no such network")
    count = name_in_area(
        chosen,
        coded_area(asked.get("area", "")),
        network,
        read_named(asked.dict()),
        replaces=bool(asked.get("replace")),
        actor=user,
    )
    said = ngettext("Named for %(count)d child.", "Named for %(count)d children.", count)
    messages.success(request, said % {"count": count})
