"""Items of the menu, contributed by `settings.NAVIGATION`."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from server.people.models import User


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: translated label, address, an icon of `templatetags.shell`, a count to show beside it (0: none).

    `also`: the beginning of other addresses that belong to it ("/submissions").
    `home`: how much this is the page to begin with; the highest wins, of equals the first in the menu.
    """

    label: str
    url: str
    icon: str = ""
    count: int = 0
    home: int = 0
    also: str = ""


def menu_of(user: User) -> list[Item]:
    """What `user` may open, floor by floor in the order of `settings.NAVIGATION`."""
    return [item for name in settings.NAVIGATION for item in import_string(name)(user)]


def home_of(user: User) -> str:
    """The address where this person's work begins: the bell is no work, and who may do nothing sees the profile."""
    items = [item for item in menu_of(user) if item.icon != "bell"]
    return max(items, key=lambda item: item.home).url if items else "/profile"
