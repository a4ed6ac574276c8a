"""The journal, for auditors: who did what to what, newest first, by key and not by page number."""

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from server.journal.models import Entry
from server.journal.reading import entries_for
from server.people.access import require
from server.people.models import Actor
from server.people.roles import Verb
from server.shell.journal_words import KINDS
from server.shell.paging import Page, page_of


@login_required
@require_GET
def journal(request: HttpRequest) -> HttpResponse:
    """Entries that this auditor may see, filtered by what, who and about what."""
    require(request.user, Verb.AUDIT_READ)  # type: ignore[arg-type]
    asked = {name: request.GET.get(name, "").strip() for name in ("action", "actor", "subject")}
    found = filtered(entries_for(request.user), **asked)  # type: ignore[arg-type]
    page: Page[Entry] = page_of(found.select_related("actor"), request.GET)
    context = {"page": page, "asked": asked, "actions": KINDS.items()}
    return render(request, "shell/journal.html", context)


def filtered(entries: QuerySet[Entry], *, action: str, actor: str, subject: str) -> QuerySet[Entry]:
    """Narrow by the beginning of the action, part of the actor's name, and the subject as it is written."""
    if action:
        entries = entries.filter(action__startswith=action)
    if actor:
        named = Actor.objects.filter(display_name__icontains=actor).values("pk")
        entries = entries.filter(actor__in=named)
    return entries.filter(subject=subject) if subject else entries
