"""One's own account: who one is here, where one's roles hold, and a new password."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from server.journal.services import record
from server.people.access import grants_of
from server.people.models import ApiSession
from server.people.web import me


@login_required
@require_GET
def profile(request: HttpRequest) -> HttpResponse:
    """Name, login and roles."""
    return render(request, "shell/profile.html", {"grants": grants_of(me(request))})


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """A new password, against the old one. Other sessions of this person end."""
    form = PasswordChangeForm(me(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        change_password(form)
        update_session_auth_hash(request, form.user)
        messages.success(
            request, _("Your password is changed. Everywhere else you must log in again.")
        )
        return redirect("profile")
    status = 422 if form.errors else 200
    return render(request, "shell/password.html", {"form": form}, status=status)


@transaction.atomic
def change_password(form: "PasswordChangeForm") -> None:
    """Save the new password and end the API sessions that were opened with the old one."""
    user = form.save()
    ApiSession.objects.filter(user=user).delete()
    record("user.update", actor=user, subject=f"actor:{user.pk}", details={"password": True})
