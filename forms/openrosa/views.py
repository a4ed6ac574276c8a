"""OpenRosa's requests: form list, manifest, files, submission, integrity; for phones, people, and
drafts under test.
"""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from forms.edge import (
    base_url,
    download,
    known_actor,
    message_response,
    openrosa,
    xml_response,
)
from forms.files import attachment_response, xform_response
from forms.models import Dataset, FormVersion, PublicLink
from forms.openrosa.documents import form_list as form_list_xml
from forms.openrosa.documents import integrity as integrity_xml
from forms.openrosa.documents import manifest as manifest_xml
from forms.openrosa.links import Links
from forms.parcels import read_arrival
from forms.registry.placing import Reach, places_of_link, reach_of
from forms.services import receive_submission
from forms.services.gate import files_of, offered_to_phone
from forms.services.integrity import deleted_among
from forms.services.offers import (
    draft_under_test,
    note_use,
    offered_versions,
    own_draft,
    project_for,
    published_version,
)
from forms.services.receiving import check_sender
from server.people.access import Scope, scope_of
from server.people.models import Actor, AppUser, User
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem


@openrosa("GET", "HEAD")
def form_list(request: HttpRequest, project_id: int) -> HttpResponseBase:
    """The forms that this phone or person may fill; filters formID, verbose and listAllVersions."""
    actor = known_actor(request)
    rows = _offered(request, actor, project_id)
    links = Links(base_url(request), project_id)
    if isinstance(actor, AppUser):
        note_use(actor)
    verbose = _flag(request, "verbose")
    return xml_response(
        request, form_list_xml(links.listed(row, is_verbose=verbose) for row in rows)
    )


def _offered(request: HttpRequest, actor: Actor, project_id: int) -> Iterable[FormVersion]:
    """What the list shows. A phone that asks for its plain list, as it does every quarter of an
    hour, is answered by one query.
    """
    form_id, everything = request.GET.get("formID", ""), _flag(request, "listAllVersions")
    if isinstance(actor, AppUser) and not form_id and not everything:
        check_sender(actor)
        rows = offered_to_phone(project_id, actor.pk)
        if rows:
            return rows
    # also tells a phone of another project from one without forms: an empty list deletes forms on
    # phones
    project = project_for(actor, project_id)
    return offered_versions(project, actor, form_id=form_id, all_versions=everything)


@openrosa("GET", "HEAD")
def manifest(
    request: HttpRequest, project_id: int, xml_form_id: str, version: str | None = None
) -> HttpResponseBase:
    """The files that a published version needs."""
    actor = known_actor(request)
    row = published_version(actor, project_id, xml_form_id, _version(version))
    return _manifest(
        request, row, Links(base_url(request), project_id), reach_of(actor), places_of(actor)
    )


@download("GET", "HEAD")
def form_xml(
    request: HttpRequest, project_id: int, xml_form_id: str, version: str | None = None
) -> HttpResponseBase:
    """A published version's XForm."""
    row = published_version(known_actor(request), project_id, xml_form_id, _version(version))
    return xform_response(request, row)


@download("GET", "HEAD")
def form_attachment(
    request: HttpRequest, project_id: int, xml_form_id: str, name: str, version: str | None = None
) -> HttpResponseBase:
    """A file of a published version."""
    actor = known_actor(request)
    row = published_version(actor, project_id, xml_form_id, _version(version))
    return attachment_response(request, row, name, reach_of(actor), places_of(actor))


@openrosa("GET", "HEAD", "POST")
def submission(request: HttpRequest, project_id: int) -> HttpResponseBase:
    """HEAD says how much may come at once; POST stores a record of any form of the project."""
    actor = known_actor(request)
    if request.method != "POST":
        project_for(actor, project_id)
        return preflight(request)
    return _receive(request, project_id, actor, None)


@openrosa("GET", "HEAD")
def integrity(request: HttpRequest, project_id: int, name: str) -> HttpResponseBase:
    """Which of the asked entities are deleted; "false" also for those that never came."""
    actor = known_actor(request)
    project = project_for(actor, project_id)
    dataset = Dataset.objects.filter(project=project, name=name).first()
    if dataset is None:
        raise Problem(NOT_FOUND)
    asked = [one for one in request.GET.get("id", "").split(",") if one]
    return xml_response(request, integrity_xml(deleted_among(dataset, asked, reach_of(actor))))


@openrosa("GET", "HEAD")
def draft_form_list(
    request: HttpRequest, token: str, project_id: int, xml_form_id: str
) -> HttpResponseBase:
    """The list with nothing but the draft under test."""
    row = draft_under_test(token, project_id, xml_form_id)
    row.has_files = row.attachments.exists()  # type: ignore[attr-defined]
    links = Links(f"{base_url(request)}/test/{token}", project_id, is_draft=True)
    return xml_response(request, form_list_xml([links.listed(row)]))


@openrosa("GET", "HEAD")
def draft_manifest(
    request: HttpRequest, project_id: int, xml_form_id: str, token: str = ""
) -> HttpResponseBase:
    """The files of the draft."""
    row, prefix = _draft(request, token, project_id, xml_form_id)
    return _manifest(
        request,
        row,
        Links(base_url(request) + prefix, project_id, is_draft=True),
        _reach_of_tester(request, row, token),
        Scope(everywhere=True),
    )


@download("GET", "HEAD")
def draft_xml(
    request: HttpRequest, project_id: int, xml_form_id: str, token: str = ""
) -> HttpResponseBase:
    """The draft's XForm."""
    return xform_response(request, _draft(request, token, project_id, xml_form_id)[0])


@download("GET", "HEAD")
def draft_attachment(
    request: HttpRequest,
    project_id: int,
    xml_form_id: str,
    name: str,
    token: str = "",
) -> HttpResponseBase:
    """A file of the draft."""
    row, _prefix = _draft(request, token, project_id, xml_form_id)
    reach = _reach_of_tester(request, row, token)
    return attachment_response(request, row, name, reach, Scope(everywhere=True))


@openrosa("GET", "HEAD", "POST")
def draft_submission(
    request: HttpRequest, project_id: int, xml_form_id: str, token: str = ""
) -> HttpResponseBase:
    """A test record: kept beside the draft, never registered."""
    row, _prefix = _draft(request, token, project_id, xml_form_id)
    if request.method != "POST":
        return preflight(request)
    return _receive(request, project_id, None if token else known_actor(request), row)


def preflight(request: HttpRequest) -> HttpResponse:
    """204 with the length that one request may have; Collect refuses any other success
    (collect-checklist section 7).
    """
    response = HttpResponse(status=204)
    response["X-OpenRosa-Accept-Content-Length"] = str(settings.MAX_REQUEST_BYTES)
    response["Location"] = f"{request.scheme}://{request.get_host()}{request.path}"
    return response


def places_of(actor: Actor) -> Scope:
    """Whose areas and schools the place lists hold: those where records are made; all for a phone
    of the whole project.
    """
    if isinstance(actor, PublicLink):
        return places_of_link(actor)
    if reach_of(actor).all_rows:
        return Scope(everywhere=True)
    return scope_of(actor, Verb.SUBMISSION_CREATE)


def _receive(
    request: HttpRequest, project_id: int, actor: Actor | None, draft: FormVersion | None
) -> HttpResponse:
    arrival = read_arrival(request)
    receive_submission(
        project_id,
        arrival.xml,
        arrival.files,
        actor=actor,
        device_id=request.GET.get("deviceID", ""),
        user_agent=request.headers.get("User-Agent", ""),
        is_incomplete=arrival.is_incomplete,
        xml_form_id=draft.form.xml_form_id if draft else "",
        draft=draft,
    )
    return message_response(_("The record has arrived and is stored."), 201)


def _manifest(
    request: HttpRequest, row: FormVersion, links: Links, reach: Reach, places: Scope
) -> HttpResponseBase:
    found = (links.media(row, file, reach, places) for file in files_of(row))
    return xml_response(request, manifest_xml(one for one in found if one))


def _draft(
    request: HttpRequest, token: str, project_id: int, xml_form_id: str
) -> tuple[FormVersion, str]:
    """The draft and what its links begin with: by its test token, or for somebody who may change
    the form.
    """
    if token:
        return draft_under_test(token, project_id, xml_form_id), f"/test/{token}"
    return own_draft(known_actor(request), project_id, xml_form_id), ""


def _reach_of_tester(request: HttpRequest, row: FormVersion, token: str) -> Reach:
    """Which entities a draft under test lists: those that the tester may read, or by a test token those that the
    draft's maker may. Who edits forms and reads no case gets no names this way.
    """
    if not token:
        return reach_of(known_actor(request))
    return reach_of(User.objects.filter(actor_ptr=row.created_by).first())


def _version(text: str | None) -> str | None:
    return "" if text == "___" else text  # how an empty version is written in an address


def _flag(request: HttpRequest, name: str) -> bool:
    return request.GET.get(name, "").lower() in ("true", "1", "yes")
