"""Who looks at a page, typed."""

from django.http import HttpRequest

from server.people.models import User


def me(request: HttpRequest) -> User:
    """The person who is logged in; only behind `login_required`."""
    assert isinstance(request.user, User)  # noqa: S101  login_required
    return request.user
