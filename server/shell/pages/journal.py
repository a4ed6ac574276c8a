"""The journal, for auditors: who did what to what, newest first, by key and not by page number."""

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from server.journal.models import Entry
from server.people.access import require, scope_of
from server.people.models import Actor, AppUser, RoleGrant, User
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


def entries_for(auditor: User) -> QuerySet[Entry]:
    """All entries for who audits everything; else what people with a role in the auditor's areas did."""
    scope = scope_of(auditor, Verb.AUDIT_READ)
    if scope.everywhere:
        return Entry.objects.all()
    near = RoleGrant.objects.filter(
        Q(area__path__startswith="\0") if not scope.paths else _below(scope.paths)
    )
    people = near.values("user_id")
    phones = AppUser.objects.filter(worker__in=people).values("pk")
    return Entry.objects.filter(Q(actor__in=people) | Q(actor__in=phones))


def filtered(entries: QuerySet[Entry], *, action: str, actor: str, subject: str) -> QuerySet[Entry]:
    """Narrow by the beginning of the action, part of the actor's name, and the subject as it is written."""
    if action:
        entries = entries.filter(action__startswith=action)
    if actor:
        named = Actor.objects.filter(display_name__icontains=actor).values("pk")
        entries = entries.filter(actor__in=named)
    return entries.filter(subject=subject) if subject else entries


def _below(paths: tuple[str, ...]) -> Q:
    wanted = Q(pk__in=[])
    for path in paths:
        wanted |= Q(area__path__startswith=path) | Q(school__area__path__startswith=path)
    return wanted
