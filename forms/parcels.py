"""The body of a submission request: multipart, streamed, bounded, whole or refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, load_handler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from forms import problems
from forms.instance.parse import MAX_XML
from server.problems import Problem

XML_PART = "xml_submission_file"
INCOMPLETE_PART = "*isIncomplete*"
_TAIL = 300  # a boundary is at most 70 characters


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one POST brought."""

    xml: bytes
    files: Mapping[str, UploadedFile]
    is_incomplete: bool


def read_arrival(request: HttpRequest) -> Arrival:
    """Parse the request. Files beyond 2.5 MB go to temporary files.

    Problems: UPLOAD_NOT_MULTIPART, UPLOAD_TOO_LARGE, UPLOAD_TORN, XML_FILE_MISSING, XML_TOO_LARGE.
    """
    _check_head(request)
    stream = _Watched(request._stream)  # type: ignore[attr-defined]
    request._stream = stream  # type: ignore[attr-defined,assignment]
    names = settings.FILE_UPLOAD_HANDLERS
    request.upload_handlers = [_Capped(request), *(load_handler(name, request) for name in names)]
    try:
        fields, uploads = request.POST, request.FILES
    except (MultiPartParserError, OSError, EOFError) as error:
        raise Problem(problems.UPLOAD_TORN) from error
    stream.check_whole(request)
    files = {name: file for name, file in _named(uploads) if name != XML_PART}
    return Arrival(
        _xml(fields, uploads), files, str(fields.get(INCOMPLETE_PART, "")).strip().lower() == "yes"
    )


def _check_head(request: HttpRequest) -> None:
    if request.content_type != "multipart/form-data":
        raise Problem(problems.UPLOAD_NOT_MULTIPART, value=(request.content_type or "")[:80])
    length = request.headers.get("Content-Length", "")
    if (
        length.isdigit()
        and int(length) > settings.MAX_ATTACHMENT_BYTES + settings.MAX_REQUEST_BYTES
    ):
        raise Problem(problems.UPLOAD_TOO_LARGE, limit=settings.MAX_ATTACHMENT_BYTES // 1_000_000)


def _named(uploads: Any) -> list[tuple[str, UploadedFile]]:
    """Files by their bare name; Collect gives part and file the same name."""
    return [
        (XML_PART if part == XML_PART else (file.name or part)[:255], file)
        for part, files in uploads.lists()
        for file in files
    ]


def _xml(fields: Any, uploads: Any) -> bytes:
    file = uploads.get(XML_PART)
    if file is not None:
        content: bytes = file.read(MAX_XML + 1)
        return content
    text = fields.get(XML_PART)
    if text is None:
        raise Problem(problems.XML_FILE_MISSING)
    return str(text).encode()


class _Capped(FileUploadHandler):
    """Stops a request whose file grows beyond the limit, whatever its length header said."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.size += len(raw_data)
        if self.size > settings.MAX_ATTACHMENT_BYTES:
            limit = settings.MAX_ATTACHMENT_BYTES // 1_000_000
            raise Problem(problems.UPLOAD_TOO_LARGE, limit=limit)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


class _Watched:
    """The request's stream, remembering its end: Django's parser takes a body that broke off for a
    whole one.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._tail = b""
        self._count = 0

    def read(self, *args: Any) -> bytes:
        data: bytes = self._stream.read(*args)
        self._count += len(data)
        self._tail = (self._tail + data[-_TAIL:])[-_TAIL:]
        return data

    def readline(self, *args: Any) -> bytes:
        line: bytes = self._stream.readline(*args)
        return line

    def check_whole(self, request: HttpRequest) -> None:
        """Problem UPLOAD_TORN unless the announced length came and the closing boundary is at its
        end.
        """
        announced = request.headers.get("Content-Length", "")
        boundary = (request.content_params or {}).get("boundary", "")
        closing = f"--{boundary}--".encode("latin-1", "replace")
        if closing not in self._tail or (announced.isdigit() and self._count < int(announced)):
            raise Problem(problems.UPLOAD_TORN)
