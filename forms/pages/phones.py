"""Phones: the keys that workers' phones hold, each shown as the QR code that ODK Collect reads."""

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from forms.models import Project, ProjectAppUser
from forms.pages.people import chosen_project
from forms.services import collect_qr, create_app_user, revoke_app_user
from forms.services.phone_scope import readable_phones, workers_for
from server.journal.services import record
from server.people.access import require
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import MISSING, UNEXPECTED, Problem
from server.shell.paging import page_of

OFFERED = 200  # workers to choose from; who is not among them is found by typing


@login_required
@require_GET
def phone_list(request: HttpRequest) -> HttpResponse:
    """The phones that this person may hand out, newest first."""
    user = me(request)
    require(user, Verb.FIELD_KEY_CREATE)
    asked = {"q": request.GET.get("q", "").strip(), "ended": request.GET.get("ended", "")}
    found = narrowed(readable_phones(user), **asked).select_related("app_user__worker", "project")
    context = {
        "page": page_of(found, request.GET),
        "asked": asked,
        "projects": Project.objects.alive().order_by("pk"),
        "workers": workers_for(user)[:OFFERED],
    }
    return render(request, "forms/phones.html", context)


def narrowed(links: QuerySet[ProjectAppUser], *, q: str, ended: str) -> QuerySet[ProjectAppUser]:
    """By part of the phone's or worker's name; ended ones only when asked for."""
    links = links.filter(app_user__revoked_at__isnull=not ended)
    if q:
        links = links.filter(
            Q(app_user__display_name__icontains=q) | Q(app_user__worker__display_name__icontains=q)
        )
    return links


@login_required
@require_POST
def create_phone(request: HttpRequest) -> HttpResponse:
    """A key for one worker's phone; its card is shown next."""
    user = me(request)
    require(user, Verb.FIELD_KEY_CREATE)
    project = chosen_project(request)
    worker = chosen_worker(user, request.POST.get("worker", ""))
    name = request.POST.get("name", "").strip() or worker.display_name
    phone = create_app_user(project, name, worker, actor=user)
    return redirect("phone", phone_id=phone.pk)


def chosen_worker(user: User, email: str) -> User:
    """The worker with this email. Problems: MISSING, UNEXPECTED where there is none that `user` may equip."""
    if not email.strip():
        raise Problem(MISSING, field=_("Worker"))
    found = workers_for(user).filter(email=email.strip().lower()).first()
    if found is None:
        raise Problem(
            UNEXPECTED,
            field=_("Worker"),
            value=email,
            reason=_("there is nobody of this email in your areas"),
        )
    return found


@login_required
@never_cache
@require_GET
def phone_page(request: HttpRequest, phone_id: int) -> HttpResponse:
    """The card with the QR code, to scan or to print."""
    user = me(request)
    require(user, Verb.FIELD_KEY_CREATE)
    link = find_phone(user, phone_id)
    return render(request, "forms/phone.html", {"link": link, "cards": [card(request, link)]})


@login_required
@require_POST
def revoke_phone(request: HttpRequest, phone_id: int) -> HttpResponse:
    """End a phone's access: another person's with the right to, one's own always."""
    user = me(request)
    own = ProjectAppUser.objects.filter(app_user__worker=user, app_user=phone_id).exists()
    if not own:
        require(user, Verb.FIELD_KEY_CREATE)
    link = find_phone(user, phone_id, own=own)
    revoke_app_user(link.app_user, actor=user)
    messages.success(
        request,
        _("The phone “%(name)s” has no access any more.") % {"name": link.app_user.display_name},
    )
    return redirect("my_phone" if own else "phones")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def my_phone(request: HttpRequest) -> HttpResponse:
    """The QR codes of one's own phones; a first one is made when asked for, with one's own access and no more."""
    user = me(request)
    require(user, Verb.SUBMISSION_CREATE)
    mine = ProjectAppUser.objects.filter(
        app_user__worker=user,
        app_user__revoked_at=None,
        app_user__deleted_at=None,
        project__deleted_at=None,
    ).select_related("app_user__worker", "project")
    if request.method == "POST":
        project = chosen_project(request)
        if not mine.filter(project=project).exists():
            create_app_user(project, user.display_name, user, actor=user)
        return redirect("my_phone")
    missing = Project.objects.alive().exclude(pk__in=mine.values("project_id"))
    context = {"cards": [card(request, link) for link in mine], "projects": missing}
    return render(request, "forms/my_phone.html", context)


def find_phone(user: User, phone_id: int, *, own: bool = False) -> ProjectAppUser:
    """A phone of the user's own, or one that the user may hand out. Http404 otherwise."""
    links = ProjectAppUser.objects.filter(app_user__worker=user) if own else readable_phones(user)
    return get_object_or_404(links.select_related("app_user__worker", "project"), app_user=phone_id)


def card(request: HttpRequest, link: ProjectAppUser) -> dict[str, object]:
    """What a printed card shows. Showing a key is journalled, for whoever has it can send in the worker's name."""
    shown: dict[str, object] = {"link": link, "qr": "", "dialog": f"revoke-{link.app_user_id}"}
    if link.app_user.revoked_at is not None:
        return shown
    base = settings.BASE_URL or request.build_absolute_uri("/")
    record(
        "field_key.reveal",
        actor=me(request),
        subject=f"app_user:{link.app_user_id}",
        project_id=link.project_id,
    )
    return shown | {
        "qr": qr_svg(collect_qr(link.project, link.app_user, base)),
        "base": base.rstrip("/"),
    }


def qr_svg(text: str) -> SafeString:
    """`text` as an SVG that takes the size of its place; the quiet zone is part of it."""
    code = segno.make(text, error="l", micro=False, boost_error=False)
    svg: str = code.svg_inline(
        omitsize=True, border=4, dark="#10272b", light="#fff", svgclass="qr", lineclass=None
    )
    return mark_safe(svg)  # noqa: S308  made by segno from our own text
