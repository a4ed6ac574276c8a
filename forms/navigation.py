"""What the forms floor adds to the menu."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from server.people.access import can, projects_with
from server.people.models import User
from server.people.roles import Verb
from server.shell.menu import Item


def items(user: User) -> Iterator[Item]:
    """Forms, phones and one's own phone; who designs forms begins there."""
    if can(user, Verb.FORM_READ) or projects_with(user, Verb.FORM_READ):
        designs = can(user, Verb.FORM_UPDATE)
        yield Item(
            _("Forms"), reverse("forms"), "form", home=1 if designs else 0, also="/submissions"
        )
    if can(user, Verb.FIELD_KEY_CREATE):
        yield Item(_("Phones"), reverse("phones"), "phone", also=reverse("my_phone"))
    elif can(user, Verb.SUBMISSION_CREATE):
        yield Item(_("My phone"), reverse("my_phone"), "phone")
