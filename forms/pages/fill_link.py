"""The page that a public link opens: anybody who has it fills its one form, and reads nothing but its lists."""

import secrets

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_http_methods

from forms import problems
from forms.models import PublicLink
from forms.pages.fill_frame import DEVICE, Sheet, fill_page, form_file, read_sent, sending
from forms.services import receive_submission
from forms.services.public_links import is_used, link_of
from forms.services.web_forms import audience_of, form_of_link
from server.problems import FORBIDDEN, Problem

COOKIE = "anhu-respondent"
A_YEAR = 365 * 24 * 3600


@sending
@require_http_methods(["GET", "POST"])
def link_page(request: HttpRequest, token: str) -> HttpResponseBase:
    """The form, empty; and where its record is posted to: 201 once it is stored. Problems: LINK_ENDED and those of
    `form_of_link`.
    """
    link = _link(token)
    if request.method == "POST":
        return _send(request, link)
    version = form_of_link(link)
    respondent = request.COOKIES.get(COOKIE, "")[:64] or secrets.token_urlsafe(18)
    if is_used(link, _device(respondent)):
        response: HttpResponseBase = render(
            request, "forms/fill/used.html", {"title": version.title}
        )
    else:
        response = fill_page(request, version, _sheet(link, token))
    response.set_cookie(
        COOKIE, respondent, max_age=A_YEAR, path=f"/f/{token}", httponly=True, samesite="Strict",
        secure=request.is_secure(),
    )  # fmt: skip
    patch_vary_headers(response, ["Cookie"])  # type: ignore[arg-type]
    return response


def _sheet(link: PublicLink, token: str) -> Sheet:
    return Sheet(
        mode="link",
        owner=f"link:{link.pk}",
        place=link.form.xml_form_id,
        files=reverse("public_form_file", args=[token, "_"])[:-1],
        send=reverse("public_form", args=[token]),
    )


def _send(request: HttpRequest, link: PublicLink) -> HttpResponseBase:
    """The token in the address is the right to send, so no cookie and no CSRF token is asked for."""
    sent = read_sent(request)
    if sent.replaces:
        raise Problem(FORBIDDEN)
    receipt = receive_submission(
        link.form.project_id,
        sent.arrival.xml,
        sent.arrival.files,
        actor=link,
        device_id=_device(request.COOKIES.get(COOKIE, "")[:64]),
        user_agent=request.headers.get("User-Agent", ""),
        is_incomplete=sent.arrival.is_incomplete,
        xml_form_id=link.form.xml_form_id,
    )
    return JsonResponse({"instanceId": receipt.version.instance_id, "next": ""}, status=201)


@require_GET
def link_file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """A file of the form, lists cut to what the link's maker wanted."""
    link = _link(token)
    return form_file(request, form_of_link(link), name, audience_of(link))


def _link(token: str) -> PublicLink:
    try:
        return link_of(token)
    except Problem as problem:
        raise Problem(problems.LINK_ENDED) from problem


def _device(respondent: str) -> str:
    return f"{DEVICE}:{respondent}" if respondent else ""
