"""Sending files: XForms, media, and the lists made for each phone."""

from urllib.parse import quote

from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)

from forms.blobs import open_blob
from forms.edge import cached_response
from forms.lists import ListFile, entity_chunks, entity_list
from forms.models import Blob, FormAttachment, FormVersion
from forms.place_lists import places_list
from forms.registry.placing import Reach
from server.people.access import Scope
from server.problems import NOT_FOUND, Problem

XFORM = "application/xml; charset=utf-8"


def xform_response(request: HttpRequest, version: FormVersion) -> HttpResponseBase:
    """The form's XML, byte for byte what the list's md5 is of."""
    return cached_response(
        request, version.md5, lambda: HttpResponse(bytes(version.xml), content_type=XFORM)
    )


def attachment_response(
    request: HttpRequest, version: FormVersion, name: str, reach: Reach, places: Scope
) -> HttpResponseBase:
    """A file of the form as this phone gets it. Problem 404.1 while there is none."""
    file = version.attachments.select_related("blob", "dataset").filter(name=name).first()
    if file is None:
        raise Problem(NOT_FOUND)
    if file.source == FormAttachment.Source.DATASET and file.dataset:
        dataset = file.dataset
        made = entity_list(dataset, reach, request.GET.get("md5", ""))
        return cached_response(
            request,
            made.md5,
            lambda: _csv_response(made, name) or stream(entity_chunks(dataset, reach), name),
        )
    if file.source == FormAttachment.Source.PLACES:
        made = places_list(name, places)
        return cached_response(
            request, made.md5, lambda: _csv_response(made, name) or HttpResponse()
        )
    if file.blob is None:
        raise Problem(NOT_FOUND)
    return blob_response(request, file.blob, name)


def blob_response(
    request: HttpRequest, blob: Blob, name: str, *, inline: bool = False
) -> HttpResponseBase:
    """A stored file; images may be shown in the page (`inline`), all else is saved."""

    def make() -> HttpResponseBase:
        response = FileResponse(open_blob(blob), content_type=blob.content_type)
        response["Content-Length"] = str(blob.size)
        response["Content-Disposition"] = disposition(name, inline=inline)
        return response

    return cached_response(request, blob.md5, make)


def stream(chunks: object, name: str) -> StreamingHttpResponse:
    """A CSV too large to hold."""
    response = StreamingHttpResponse(chunks, content_type="text/csv; charset=utf-8")  # type: ignore[arg-type]
    response["Content-Disposition"] = disposition(name)
    return response


def disposition(name: str, *, inline: bool = False) -> str:
    """Content-Disposition that survives Chinese names."""
    safe = "".join(one if " " <= one < "\x7f" and one not in '"\\' else "_" for one in name)
    return f"{'inline' if inline else 'attachment'}; filename=\"{safe}\"; filename*=UTF-8''{quote(name, safe='')}"


def _csv_response(made: ListFile, name: str) -> HttpResponse | None:
    if made.content is None:
        return None
    response = HttpResponse(made.content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = disposition(name)
    return response
