"""Who asks, typed: `login_required` has made sure that it is a person."""

from django.http import HttpRequest

from forms.models import Project
from server.problems import NOT_FOUND, Problem


def chosen_project(request: HttpRequest) -> Project:
    """The project that the posted form names. Problem 404.1 where there is none."""
    named = request.POST.get("project", "")
    known = (
        Project.objects.alive().filter(pk=named) if named.isdecimal() and len(named) < 19 else None
    )
    found = known.first() if known is not None else None
    if found is None:
        raise Problem(NOT_FOUND)
    return found
