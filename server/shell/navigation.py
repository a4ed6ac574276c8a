"""What the ground adds to the menu."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from server.people.access import can, scope_of
from server.people.models import User
from server.people.roles import Verb
from server.shell.menu import Item


def items(user: User) -> Iterator[Item]:
    """The people, for administrators; areas and schools, for who keeps them; the journal, for those who audit."""
    if scope_of(user, Verb.USER_CREATE).everywhere:
        yield Item(_("People"), reverse("people"), "people")
    if can(user, Verb.PLACE_UPDATE):
        yield Item(_("Areas and schools"), reverse("places"), "place")
    if can(user, Verb.AUDIT_READ):
        yield Item(_("Journal"), reverse("journal"), "journal")
