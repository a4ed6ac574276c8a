"""A forgotten password: ask for a mail, and set a new one with the token that it carries."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from server.accounts.mail import ask_for_reset
from server.accounts.users import set_password, user_of_token
from server.people.models import token_digest
from server.problems import Problem
from server.shell.problems import gettext as told


@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for the address; the answer is the same whether or not there is an account."""
    email = request.POST.get("email", "").strip()[:254]
    if email:
        ask_for_reset(email)
    return render(request, "shell/forgotten.html", {"email": email})


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest) -> HttpResponse:
    """Set a password with the token of the mail, then log in with it."""
    token = (request.POST.get("token") or request.GET.get("token", ""))[:200]
    user = user_of_token(token_digest(token))
    context = {"token": token, "account": user}
    if request.method != "POST" or user is None:
        return render(request, "shell/new_password.html", context, status=200 if user else 404)
    password = request.POST.get("password", "")
    try:
        if password != request.POST.get("again", ""):
            context["error"] = _("The two passwords differ.")
        else:
            set_password(user, password, actor=user)
    except Problem as problem:
        context["error"] = problem.message_in(told)
    if "error" in context:
        return render(request, "shell/new_password.html", context, status=422)
    messages.success(request, _("Your password is set. Log in with it."))
    return redirect("login")
