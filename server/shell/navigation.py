"""What the ground adds to the menu."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from server.people.access import can
from server.people.models import User
from server.people.roles import Verb
from server.shell.menu import Item


def items(user: User) -> Iterator[Item]:
    """The journal, for those who audit."""
    if can(user, Verb.AUDIT_READ):
        yield Item(_("Journal"), reverse("journal"), "journal")
