"""The files of a form version: the workbook it was made from and the XML that phones get."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from forms.blobs import open_blob
from forms.models import FormVersion
from forms.pages.form_detail import find_form
from server.people.access import can
from server.people.roles import Verb
from server.people.web import me
from server.problems import NOT_FOUND, Problem
from server.shell.downloads import disposition


@login_required
@require_GET
def workbook(request: HttpRequest, form_id: int, version_id: int) -> HttpResponseBase:
    """The workbook as it was uploaded."""
    version = find_version(request, form_id, version_id)
    if version.sheet is None:
        raise Problem(NOT_FOUND)
    answer = FileResponse(open_blob(version.sheet), content_type=version.sheet.content_type)
    answer["Content-Disposition"] = disposition(
        version.sheet_name or f"{version.form.xml_form_id}.xlsx"
    )
    return answer


@login_required
@require_GET
def xform(request: HttpRequest, form_id: int, version_id: int) -> HttpResponseBase:
    """The XForm."""
    version = find_version(request, form_id, version_id)
    answer = HttpResponse(bytes(version.xml), content_type="application/xml; charset=utf-8")
    answer["Content-Disposition"] = disposition(f"{version.form.xml_form_id}.xml")
    return answer


def find_version(request: HttpRequest, form_id: int, version_id: int) -> FormVersion:
    """A version that the reader may open: a published one, or a draft for who may change forms."""
    form = find_form(me(request), form_id)
    versions = form.versions.select_related("sheet", "form")
    if not can(me(request), Verb.FORM_UPDATE):
        versions = versions.filter(published_at__isnull=False)
    return get_object_or_404(versions, pk=version_id)
