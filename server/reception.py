"""Takes a request in whole before anyone works on it, so that phones on slow lines do not hold up the others.

WSGI middleware. granian hands the body over as it arrives: eight phones sending photos at village speed would
occupy all eight working threads. Here many cheap threads wait for bodies (small ones in memory, large ones in an
unnamed file), and only `desks` requests at a time go on into Django. A phone that stops sending is given up after
`patience` seconds.
"""

import io
import json
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

SMALL = 64 * 1024
CHUNK = 256 * 1024
IN_MEMORY = 1024 * 1024
REFUSALS = {
    400: "400 Bad Request",
    408: "408 Request Timeout",
    413: "413 Content Too Large",
    507: "507 Insufficient Storage",
}

# both languages at once: who asks in which is known only further in
WORDS = {
    400: "传输中断，没有保存。请重试。 The transfer broke off, so nothing was stored. Send it again.",
    408: "传输停顿太久，没有保存。请重试。 The transfer stood still, so nothing was stored. Send it again.",
    413: "内容超过服务器允许的大小，没有保存。 This is larger than the server takes, so nothing was stored.",
    507: "服务器没有空间了，没有保存。请联系管理员。 The server has no room left; tell its administrator.",
}


def refusal(path: str, status: int) -> tuple[str, bytes]:
    """Content type and body that a client of that address understands: phones read an OpenRosaResponse,
    programs the contract's JSON, people a line of text.
    """
    words = WORDS[status]
    if path.startswith("/v1/") and path.rstrip("/").endswith("/submission"):
        return "text/xml; charset=utf-8", (
            '<OpenRosaResponse xmlns="http://openrosa.org/http/response" items="0">'
            f'<message nature="error">{words}</message></OpenRosaResponse>'
        ).encode()
    if path.startswith("/v1/"):
        body = {"message": words, "code": f"{status}.1"}
        return "application/json", json.dumps(body, ensure_ascii=False).encode()
    return "text/plain; charset=utf-8", f"{words}\n".encode()


class Refused(Exception):
    """The body was not taken in; `status` says why."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(REFUSALS[status])


@dataclass(slots=True)
class Arrival:
    """One body on its way in, read by a thread of its own because reading cannot be interrupted."""

    source: Any
    limit: int
    folder: Path
    size: int = 0
    refusal: int = 0
    is_done: threading.Event = field(default_factory=threading.Event)
    body: IO[bytes] = field(init=False)

    def read(self) -> None:
        """Copy the source into `body` until it ends, breaks or grows too large."""
        try:
            while chunk := self.source.read(CHUNK):
                self.size += len(chunk)
                if self.size > self.limit:
                    self.refusal = 413
                    break
                self.body.write(chunk)
            self.body.seek(0)
        except OSError as error:  # no room for the body, or the sender has gone
            self.refusal = 507 if error.errno else 400
        except Exception:  # whatever the server raises for a torn body
            self.refusal = 400
        self.is_done.set()

    def wait(self, patience: float) -> IO[bytes]:
        """The whole body. Refused where the sender pauses for `patience` seconds, or `read` gave up."""
        self.body = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(self.folder))  # noqa: SIM115
        threading.Thread(target=self.read, daemon=True).start()
        before = -1
        while not self.is_done.wait(patience):
            if self.size == before:
                raise Refused(408)
            before = self.size
        if self.refusal:
            self.body.close()
            raise Refused(self.refusal)
        return self.body


@dataclass(slots=True)
class Reception:
    """The middleware: `desks` requests are worked on at a time, bodies up to `limit` bytes spool into `folder`."""

    application: Application
    desks: int
    limit: int
    folder: Path
    patience: float = 60.0
    # a queue of desk numbers is a semaphore without Python code on the way
    _free: SimpleQueue[int] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        for desk in range(self.desks):
            self._free.put(desk)
        self.folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Take the body in, then let the application work on it."""
        try:
            body = self._take_in(environ)
        except Refused as refused:
            kind, text = refusal(environ.get("PATH_INFO", ""), refused.status)
            headers = [("Content-Type", kind), ("Connection", "close")]
            start_response(str(refused), [*headers, ("Content-Length", str(len(text)))])
            return [text]
        desk = self._free.get()
        try:
            return self.application(environ, start_response)
        finally:
            self._free.put(desk)
            if body is not None:
                body.close()

    def _take_in(self, environ: Environ) -> IO[bytes] | None:
        announced = environ.get("CONTENT_LENGTH") or ""
        if announced in ("", "0") and "HTTP_TRANSFER_ENCODING" not in environ:
            return None
        if announced.isdecimal() and int(announced) > self.limit:
            raise Refused(413)
        if announced.isdecimal() and int(announced) <= SMALL:
            return self._at_once(environ, int(announced))
        arrival = Arrival(environ["wsgi.input"], self.limit, self.folder)
        body = arrival.wait(self.patience)
        if announced.isdecimal() and arrival.size != int(announced):
            raise Refused(400)
        environ["wsgi.input"] = body
        # Django reads nothing of a chunked body without it
        environ["CONTENT_LENGTH"] = str(arrival.size)
        return body

    def _at_once(self, environ: Environ, announced: int) -> IO[bytes]:
        """A small body, mostly here with its head: a thread for it would cost more than the request."""
        content = environ["wsgi.input"].read(announced)
        if len(content) != announced:
            raise Refused(400)
        body = io.BytesIO(content)
        environ["wsgi.input"] = body
        return body
