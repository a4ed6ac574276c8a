"""Filling a form, and looking at a draft, in the browser."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from forms.pages.fill_frame import (
    DEVICE,
    Sheet,
    check_token,
    fill_page,
    form_file,
    owner_of,
    read_sent,
    sender,
    sending,
    values_of,
)
from forms.parcels import Arrival
from forms.services import receive_submission
from forms.services.web_forms import audience_of, draft_to_preview, form_to_fill
from server.people.models import User
from server.people.web import me
from server.problems import UNEXPECTED, Problem


@sending
@require_http_methods(["GET", "POST"])
def fill(request: HttpRequest, project_id: int, xml_form_id: str) -> HttpResponseBase:
    """The form, empty; and where its record is posted to: 201 once it is stored."""
    if request.method == "POST":
        return _send(request, project_id, xml_form_id)
    return _empty(request, project_id, xml_form_id)


@login_required
def _empty(request: HttpRequest, project_id: int, xml_form_id: str) -> HttpResponseBase:
    user = me(request)
    version = form_to_fill(user, project_id, xml_form_id)
    back = reverse("form", args=[version.form_id])
    address = [project_id, xml_form_id]
    sheet = Sheet(
        mode="fill",
        owner=owner_of(user),
        place=f"{project_id}/{xml_form_id}",
        files=reverse("fill_file", args=[*address, "_"])[:-1],
        send=reverse("fill", args=address),
        session=reverse("fill_session"),
        back=back,
        next=back,
        values=values_of(user),
    )
    return fill_page(request, version, sheet)


def _send(request: HttpRequest, project_id: int, xml_form_id: str) -> HttpResponseBase:
    sent = read_sent(request)
    user = sender(request)
    check_token(request)
    if sent.replaces:
        raise Problem(UNEXPECTED, field="deprecatedID", value=sent.replaces[:80], reason="edit it")
    return receive(request, user, project_id, xml_form_id, sent.arrival, "")


def receive(
    request: HttpRequest,
    user: User,
    project_id: int,
    xml_form_id: str,
    arrival: Arrival,
    following: str,
) -> HttpResponseBase:
    """Store what `user` sent, as a phone's record is stored. Problems: those of `receive_submission`."""
    receipt = receive_submission(
        project_id,
        arrival.xml,
        arrival.files,
        actor=user,
        device_id=DEVICE,
        user_agent=request.headers.get("User-Agent", ""),
        is_incomplete=arrival.is_incomplete,
        xml_form_id=xml_form_id,
    )
    told = {"instanceId": receipt.version.instance_id, "next": following}
    return JsonResponse(told, status=201)


@login_required
@require_GET
def fill_file(
    request: HttpRequest, project_id: int, xml_form_id: str, name: str
) -> HttpResponseBase:
    """A file of the form, lists cut to what the person may see."""
    user = me(request)
    version = form_to_fill(user, project_id, xml_form_id)
    return form_file(request, version, name, audience_of(user))


@require_GET
def fill_session(request: HttpRequest) -> JsonResponse:
    """Whose session this is (null for nobody's), and the token that writing needs: asked before each sending."""
    user = request.user
    owner = owner_of(user) if isinstance(user, User) and user.is_active else None
    answer = JsonResponse({"owner": owner, "csrf": get_token(request) if owner else ""})
    answer["Cache-Control"] = "no-store, private"
    return answer


@login_required
@require_GET
def preview(request: HttpRequest, project_id: int, xml_form_id: str) -> HttpResponseBase:
    """The draft as it will be filled. Nothing is sent or kept; lists hold what the reader may see anyway."""
    user = me(request)
    version = draft_to_preview(user, project_id, xml_form_id)
    sheet = Sheet(
        mode="preview",
        owner=owner_of(user),
        place="",
        files=reverse("preview_file", args=[project_id, xml_form_id, "_"])[:-1],
        back=reverse("form_draft", args=[version.form_id]),
        values=values_of(user),
    )
    return fill_page(request, version, sheet)


@login_required
@require_GET
def preview_file(
    request: HttpRequest, project_id: int, xml_form_id: str, name: str
) -> HttpResponseBase:
    """A file of the draft."""
    user = me(request)
    version = draft_to_preview(user, project_id, xml_form_id)
    return form_file(request, version, name, audience_of(user))
