"""Which entries of the journal an auditor may read."""

from django.db.models import Q, QuerySet

from server.journal.models import Entry
from server.people.access import scope_of
from server.people.models import AppUser, RoleGrant, User
from server.people.roles import Verb


def entries_for(auditor: User) -> QuerySet[Entry]:
    """All entries for who audits everything; else what people with a role in the auditor's areas did."""
    scope = scope_of(auditor, Verb.AUDIT_READ)
    if scope.everywhere:
        return Entry.objects.all()
    people = RoleGrant.objects.filter(_below(scope.paths)).values("user_id")
    phones = AppUser.objects.filter(worker__in=people).values("pk")
    return Entry.objects.filter(Q(actor__in=people) | Q(actor__in=phones))


def _below(paths: tuple[str, ...]) -> Q:
    wanted = Q(pk__in=[])
    for path in paths:
        wanted |= Q(area__path__startswith=path) | Q(school__area__path__startswith=path)
    return wanted
