"""What every page needs: the menu that the floors above contribute, and who is looking."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from server.shell.menu import menu_of


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `menu`, the `server.shell.menu.Item`s that this user may open; read only when it is drawn."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"menu": []}
    return {"menu": SimpleLazyObject(lambda: menu_of(user))}
