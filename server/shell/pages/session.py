"""Coming in, going out, and in which language. The first page after logging in is where the person's work begins."""

from django.conf import settings
from django.contrib.auth import login as open_web_session
from django.contrib.auth import logout as close_web_session
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from server.journal.services import record
from server.people.models import User
from server.shell.menu import home_of

A_YEAR = 365 * 24 * 3600


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """To the page with which this person's day begins."""
    assert isinstance(request.user, User)  # noqa: S101  login_required
    return redirect(home_of(request.user))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Ask for email and password; back to `next` if it is an address of ours."""
    if request.user.is_authenticated:
        return redirect(_next(request))
    form = AuthenticationForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.get_user()
        open_web_session(request, user)
        record("user.session.create", actor=user, subject=f"actor:{user.pk}")
        answer = redirect(_next(request))
        return keep_language(answer, user.language) if user.language else answer
    status = 401 if form.errors else 200
    return render(
        request, "shell/login.html", {"form": form, "next": _next(request)}, status=status
    )


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the web session."""
    if isinstance(request.user, User):
        record("user.session.end", actor=request.user, subject=f"actor:{request.user.pk}")
    close_web_session(request)
    return redirect("login")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Show the pages in another language from now on, on this browser and wherever this person logs in."""
    wanted = request.POST.get("language", "")
    answer = redirect(_next(request))
    if wanted not in dict(settings.LANGUAGES):
        return answer
    if isinstance(request.user, User):
        request.user.language = wanted
        request.user.save(update_fields=["language"])
    return keep_language(answer, wanted)


def keep_language(answer: HttpResponseRedirect, code: str) -> HttpResponseRedirect:
    """Let this browser remember the language."""
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, code, max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )  # fmt: skip
    return answer


def _next(request: HttpRequest) -> str:
    """`next` of the form or the address, if it stays on this site; else the home page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return reverse("home")
