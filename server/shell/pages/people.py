"""The people with a login, for administrators: invite, give and take roles, keep out, let in, remove."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from server.accounts.granting import give_role_over, take_grant
from server.accounts.mail import ask_for_reset
from server.accounts.users import create_account, delete_account, set_active
from server.people.access import require, scope_of
from server.people.models import User
from server.people.roles import Role, Verb
from server.people.web import me
from server.places.models import Area, School
from server.problems import FORBIDDEN, NOT_FOUND, Problem
from server.shell.paging import Page, page_of
from server.shell.problems import gettext as told

PLACES = 3000  # that are offered while a code is typed


@login_required
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Who can log in, newest first, by name or email."""
    _administrator(request)
    q = request.GET.get("q", "").strip()[:100]
    rows = User.objects.filter(deleted_at=None)
    if q:
        rows = rows.filter(Q(email__icontains=q) | Q(display_name__icontains=q))
    page: Page[User] = page_of(rows.prefetch_related("grants__area", "grants__school"), request.GET)
    return render(request, "shell/people.html", {"page": page, "q": q})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Make a login; the person sets the password by the mail."""
    admin, said = _administrator(request), request.POST
    context: dict[str, object] = {"said": said}
    if request.method == "POST":
        try:
            user = create_account(
                said.get("email", ""), actor=admin, display_name=said.get("name", ""),
                phone=said.get("phone", "").strip()[:20],
            )  # fmt: skip
        except Problem as problem:
            context["error"] = problem.message_in(told)
        else:
            messages.success(request, _("The invitation is on its way. Now give a role."))
            return redirect("person", user_id=user.pk)
    return render(request, "shell/invite.html", context, status=422 if "error" in context else 200)


@login_required
@require_GET
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """One person with their roles."""
    return _page(request, _one(request, user_id))


@login_required
@require_POST
def change(request: HttpRequest, user_id: int) -> HttpResponse:
    """Do what the pressed button says; a refusal is told on the page."""
    user, said = _one(request, user_id), request.POST
    deed = DEEDS.get(said.get("deed", ""))
    if deed is None:
        raise Problem(NOT_FOUND)
    try:
        messages.success(request, deed(request, user))
    except Problem as problem:
        return _page(request, user, problem.message_in(told))
    gone = User.objects.filter(pk=user.pk).exclude(deleted_at=None).exists()
    return redirect("people") if gone else redirect("person", user_id=user.pk)


def _grant(request: HttpRequest, user: User) -> str:
    said = {
        name: request.POST.get(name, "").strip()
        for name in ("role", "area", "school", "class_name")
    }
    if not (said["area"] or said["school"]) and not request.POST.get("everywhere"):
        return _("Nothing was given: name an area or a school, or tick everywhere.")
    give_role_over(
        user, said["role"], area=said["area"], school=said["school"], class_name=said["class_name"],
        actor=me(request),
    )  # fmt: skip
    return _("The role is given.")


def _take(request: HttpRequest, user: User) -> str:
    said = request.POST.get("grant", "")
    take_grant(user, int(said) if said.isdecimal() and len(said) < 19 else 0, actor=me(request))
    return _("The role is taken.")


def _disable(request: HttpRequest, user: User) -> str:
    set_active(user, False, actor=me(request))
    return _("This person can no longer log in, and their phones have stopped working.")


def _enable(request: HttpRequest, user: User) -> str:
    set_active(user, True, actor=me(request))
    return _("This person can log in again.")


def _reset(request: HttpRequest, user: User) -> str:
    ask_for_reset(user.email)
    return _("A mail with a link for a new password is on its way.")


def _remove(request: HttpRequest, user: User) -> str:
    delete_account(user, actor=me(request))
    return _("The account is removed; what the person did keeps their name.")


DEEDS: dict[str, Callable[[HttpRequest, User], str]] = {
    "grant": _grant, "take": _take, "disable": _disable, "enable": _enable, "reset": _reset, "remove": _remove,
}  # fmt: skip


def _administrator(request: HttpRequest) -> User:
    user = me(request)
    require(user, Verb.USER_CREATE)
    if not scope_of(user, Verb.USER_CREATE).everywhere:
        raise Problem(FORBIDDEN)
    return user


def _one(request: HttpRequest, user_id: int) -> User:
    _administrator(request)
    found = User.objects.filter(pk=user_id, deleted_at=None).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _page(request: HttpRequest, user: User, error: str = "") -> HttpResponse:
    context = {
        "person": user,
        "grants": user.grants.select_related("area", "school").order_by("pk"),
        "roles": Role.choices,
        "areas": Area.objects.order_by("path")[:PLACES],
        "schools": School.objects.order_by("code")[:PLACES],
        "error": error,
    }
    return render(request, "shell/person.html", context, status=422 if error else 200)
