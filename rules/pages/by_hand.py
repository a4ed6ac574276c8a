"""What a person may open for a child by hand, from the child's page (items `manual` of the calendar)."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rules.pages.scope import find_child
from rules.services.calendar import open_by_hand
from rules.services.words import listed
from server.people.web import me


@login_required
@require_POST
def open_item(request: HttpRequest, child: uuid.UUID, item: str) -> HttpResponse:
    """Open the tasks of an item, then back to the child."""
    entity = find_child(me(request), child)
    tasks = open_by_hand(entity, me(request), item, request.POST.get("note", ""))
    said = _("Opened: %(tasks)s") % {"tasks": listed([task.title for task in tasks])}
    messages.success(request, said)
    return redirect("child", child)
