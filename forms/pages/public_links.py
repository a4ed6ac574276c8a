"""Public links of a form: made, shown as an address and a QR code, ended."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from forms.models import Form, PublicLink
from forms.pages.form_detail import find_form, frame
from forms.pages.phones import qr_svg
from forms.services.public_links import area_named, create_link, links_for, revoke_link
from server.journal.services import record
from server.people.access import can, require, scope_of
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.places.models import Area
from server.problems import MISSING, Problem
from server.shell.paging import page_of

OFFERED = 300  # areas to choose from


@login_required
@require_GET
def link_list(request: HttpRequest, form_id: int) -> HttpResponse:
    """The form's links that this person may manage, newest first."""
    user, form = _maker(request, form_id)
    links = links_for(user).filter(form=form).order_by("-pk")
    scope = scope_of(user, Verb.FIELD_KEY_CREATE)
    context = {
        "page": page_of(links, request.GET),
        "areas": _areas(user)[:OFFERED],
        "anywhere": scope.everywhere,
        "may_show_entities": can(user, Verb.ENTITY_READ),
    }
    return render(request, "forms/public_links.html", frame(request, form, "links") | context)


@login_required
@require_POST
def create_public_link(request: HttpRequest, form_id: int) -> HttpResponse:
    """A link; its card is shown next."""
    user, form = _maker(request, form_id)
    name = request.POST.get("name", "").strip()
    if not name:
        raise Problem(MISSING, field=_("Name of the link"))
    link = create_link(
        form,
        name,
        actor=user,
        once=bool(request.POST.get("once")),
        area=area_named(request.POST.get("area", "")),
        sees_entities=bool(request.POST.get("entities")),
    )
    return redirect("public_link", form_id=form.pk, link_id=link.pk)


@login_required
@never_cache
@require_GET
def link_card(request: HttpRequest, form_id: int, link_id: int) -> HttpResponse:
    """The address with its QR code, to copy or to print."""
    user, form = _maker(request, form_id)
    link = _link(user, form, link_id)
    counts = form.submissions.filter(submitter=link).aggregate(
        number=Count("pk", filter=Q(deleted_at=None, is_draft=False))
    )
    context = {"link": link, "received": counts["number"]}
    if link.revoked_at is None:
        address = address_of(request, link)
        context |= {"address": address, "qr": qr_svg(address)}
        subject = f"public_link:{link.pk}"
        record("public_link.reveal", actor=user, subject=subject, project_id=form.project_id)
    return render(request, "forms/public_link.html", frame(request, form, "links") | context)


@login_required
@require_POST
def end_public_link(request: HttpRequest, form_id: int, link_id: int) -> HttpResponse:
    """End a link at once."""
    user, form = _maker(request, form_id)
    link = _link(user, form, link_id)
    revoke_link(link, actor=user)
    told = _("The link “%(name)s” leads nowhere any more.") % {"name": link.display_name}
    messages.success(request, told)
    return redirect("public_links", form_id=form.pk)


def address_of(request: HttpRequest, link: PublicLink) -> str:
    """Where the public opens the form."""
    base = settings.BASE_URL or f"{request.scheme}://{request.get_host()}"
    return f"{base.rstrip('/')}{reverse('public_form', args=[link.token])}"


def _maker(request: HttpRequest, form_id: int) -> tuple[User, Form]:
    """Who asks, if they may make links to the form. Problem 403.1; Http404."""
    user = me(request)
    form = find_form(user, form_id)
    require(user, Verb.FIELD_KEY_CREATE)
    return user, form


def _link(user: User, form: Form, link_id: int) -> PublicLink:
    return get_object_or_404(links_for(user).filter(form=form), pk=link_id)


def _areas(user: User) -> list[Area]:
    """Where this person may place what comes by a link."""
    scope = scope_of(user, Verb.FIELD_KEY_CREATE)
    rows = Area.objects.all() if scope.everywhere else Area.objects.within(scope.paths)
    return list(rows.order_by("path")[: OFFERED + 1])
