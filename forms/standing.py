"""Roles held on a project or form count on its pages too: who looks at one stands there.

The API and OpenRosa do this where they learn who asks (`authentication.actor_of`); pages know the person already.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from forms.models import Form, Submission
from server.people.access import all_grants_of, stand_at
from server.people.authentication import stand_on
from server.people.models import User


class StandingOnPages:
    """Middleware; costs who holds no such role nothing but their roles, which each page reads anyway."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
    ) -> None:
        """Look where the address leads before its view is called."""
        if not kwargs or request.path_info.startswith("/v1/"):
            return
        user: Any = request.user
        if isinstance(user, User) or (user.is_authenticated and hasattr(user, "grants")):
            _stand(user, kwargs)


def _stand(user: User, kwargs: dict[str, Any]) -> None:
    if all(grant.project_id is None for grant in all_grants_of(user)):
        return
    if isinstance(kwargs.get("project_id"), int):
        stand_on(user, kwargs["project_id"], kwargs.get("xml_form_id"))
        return
    place = None
    if isinstance(kwargs.get("form_id"), int):
        place = Form.objects.filter(pk=kwargs["form_id"]).values_list("project_id", "pk").first()
    elif isinstance(kwargs.get("submission_id"), int):
        rows = Submission.objects.filter(pk=kwargs["submission_id"])
        place = rows.values_list("form__project_id", "form_id").first()
    if place is not None:
        stand_at(user, *place)
