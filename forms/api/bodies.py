"""Bodies that are no JSON: an XML of bounded size in memory, a file of any size on the disk."""

import io
import tempfile
from typing import IO, Any, cast

from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from forms.instance.parse import MAX_XML
from server.problems import TOO_LARGE, Problem

CHUNK = 256 * 1024
IN_MEMORY = 1024 * 1024


class XmlBody(BaseParser):
    """A submission's XML as it came, whatever its type says; what is beyond the limit is not read."""

    media_type = "*/*"

    def parse(  # type: ignore[override]
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> bytes:
        content: bytes = stream.read(MAX_XML + 1)
        return content


class FileBody(BaseParser):
    """A file of up to MAX_ATTACHMENT_BYTES, spooled: at most a megabyte of it is held in memory.
    Problem 413.1 as soon as it is larger, whatever its length header said.
    """

    media_type = "*/*"

    def parse(  # type: ignore[override]
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> IO[bytes]:
        body = tempfile.SpooledTemporaryFile(  # noqa: SIM115  the view closes it
            IN_MEMORY, dir=str(settings.FILE_UPLOAD_TEMP_DIR)
        )
        size = 0
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > settings.MAX_ATTACHMENT_BYTES:
                body.close()
                raise Problem(TOO_LARGE, limit=f"{settings.MAX_ATTACHMENT_BYTES // 1_000_000} MB")
            body.write(chunk)
        body.seek(0)
        return body


def xml_of(request: Request) -> bytes:
    """The XML that was sent, empty for an empty body."""
    return request.data if isinstance(request.data, bytes) else b""


def file_of(request: Request) -> IO[bytes]:
    """The file that was sent, open for reading; the caller closes it."""
    data: Any = request.data
    if hasattr(data, "read"):
        return cast("IO[bytes]", data)
    return io.BytesIO()  # no body, no parser
