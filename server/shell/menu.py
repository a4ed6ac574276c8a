"""Items of the menu, contributed by `settings.NAVIGATION`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: translated label, address, an icon of `shell/icons.html`, and a count to show beside it (0: none)."""

    label: str
    url: str
    icon: str = ""
    count: int = 0
