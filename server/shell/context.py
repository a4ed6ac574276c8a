"""What every page needs: the menu that the floors above contribute, and who is looking."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `menu`, a list of server.shell.menu.Item that this user may open."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"menu": []}
    return {"menu": [item for name in settings.NAVIGATION for item in import_string(name)(user)]}
