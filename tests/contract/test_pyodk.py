"""ODK Central's Python client, unmodified, does all that it can against our server."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections

from server.people.roles import Role
from server.reception import Reception
from tests.conftest import PASSWORD, make_user

pytest.importorskip("pyodk")
from tests.contract.pyodk_tour import tour


class Unchunked:
    """A chunked body as the web server in production hands it over."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.rest = source, b""
        self.is_over = False

    def read(self, size: int = -1) -> bytes:
        if not self.rest and not self.is_over:
            length = int(self.source.readline().partition(b";")[0], 16)
            self.rest, self.is_over = self.source.read(length), length == 0
            self.source.readline()
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece


class Quiet(WSGIRequestHandler):
    def parse_request(self) -> bool:
        is_read = super().parse_request()
        if is_read and self.headers.get("Transfer-Encoding") == "chunked":
            self.rfile: Any = Unchunked(self.rfile)
        return is_read

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    """Our application behind a plain web server, in a thread of its own."""
    application = Reception(
        WSGIHandler(), desks=1, limit=10_000_000, folder=settings.DATA_DIR / "incoming"
    )
    server: WSGIServer = make_server("127.0.0.1", 0, application, handler_class=Quiet)  # type: ignore[arg-type]

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_pyodk_does_all_that_it_can(address, tmp_path: Path):
    admin = make_user("admin", Role.ADMIN)
    done = list(tour(address, admin.email, PASSWORD, tmp_path))
    assert len(done) == 11
