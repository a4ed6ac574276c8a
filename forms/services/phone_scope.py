"""Whose phones one may hand out: a key carries all of its worker's access, so one role outside is one too many."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from forms.models import ProjectAppUser
from server.people.access import Scope, scope_of
from server.people.models import Actor, AppUser, RoleGrant, User
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem


def workers_for(user: Actor) -> QuerySet[User]:
    """The people to whom `user` may give a phone: their every role lies within the user's areas."""
    granted = RoleGrant.objects.filter(user=OuterRef("pk"))
    people = User.objects.filter(Exists(granted), is_active=True, deleted_at=None)
    scope = scope_of(user, Verb.FIELD_KEY_CREATE)
    if not scope.everywhere:
        people = people.filter(~Exists(granted.exclude(grants_in(scope))))
    return people.prefetch_related("grants__area", "grants__school").order_by("email")


def readable_phones(reader: Actor) -> QuerySet[ProjectAppUser]:
    """The phones that `reader` may hand out: those of workers whose every role lies in the reader's own areas.

    A key carries all of its worker's access, so one role outside is one too many.
    """
    links = ProjectAppUser.objects.filter(app_user__deleted_at=None, project__deleted_at=None)
    scope = scope_of(reader, Verb.FIELD_KEY_CREATE)
    if scope.everywhere:
        return links
    granted = RoleGrant.objects.filter(user=OuterRef("app_user__worker"))
    outside = granted.exclude(grants_in(scope))
    return links.filter(Exists(granted), ~Exists(outside))


def phone_for(user: Actor, project_id: int, app_user_id: int) -> AppUser:
    """The phone of that number that `user` may hand out. Problem 404.1."""
    links = readable_phones(user).filter(project_id=project_id, app_user=app_user_id)
    found = AppUser.objects.filter(project_link__in=links).select_related("created_by").first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def grants_in(scope: Scope) -> Q:
    """The role grants that lie wholly inside `scope`, which is not everywhere."""
    wanted = Q(pk__in=[])
    for path in scope.paths:
        wanted |= Q(area__path__startswith=path) | Q(school__area__path__startswith=path)
    return wanted | Q(school__in=scope.schools)
