"""Who asks, typed: `login_required` has made sure that it is a person."""

from django.http import HttpRequest

from server.people.models import User


def me(request: HttpRequest) -> User:
    """The person who is logged in."""
    assert isinstance(request.user, User)  # noqa: S101  login_required
    return request.user
