"""A request is taken in whole before it is worked on; slow, torn, endless and huge ones harm nobody else."""

import errno
import io
import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from server.reception import IN_MEMORY, SMALL, Environ, Reception, refusal


class Line:
    """A client's line: gives `chunks` one by one; waits for ever, or raises, where a chunk says so."""

    def __init__(self, *chunks: bytes | Exception | None) -> None:
        self.chunks = list(chunks)
        self.cut = threading.Event()

    def read(self, size: int = -1) -> bytes:
        chunk = self.chunks.pop(0) if self.chunks else b""
        if chunk is None:
            self.cut.wait(30)
            return b""
        if isinstance(chunk, Exception):
            raise chunk
        return chunk


def ask(reception: Reception, source: Any, **environ: str) -> tuple[str, bytes]:
    """The status and body that the middleware answers."""
    statuses: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        statuses.append(status)

    answer = reception({"wsgi.input": source, **environ}, start_response)
    return statuses[0], b"".join(answer)


def echo(environ: Environ, start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [])
    return [body]


@pytest.fixture
def reception(tmp_path: Path) -> Reception:
    return Reception(echo, desks=2, limit=3 * IN_MEMORY, folder=tmp_path / "incoming", patience=0.2)


@pytest.mark.parametrize("size", [1, SMALL, SMALL + 1, IN_MEMORY + 1])
def test_the_application_gets_the_body_byte_for_byte(reception: Reception, size: int) -> None:
    sent = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert ask(reception, io.BytesIO(sent), CONTENT_LENGTH=str(size)) == ("200 OK", sent)


def test_a_chunked_body_arrives_though_its_length_is_not_announced(reception: Reception) -> None:
    answer = ask(reception, Line(b"one ", b"two"), HTTP_TRANSFER_ENCODING="chunked")
    assert answer == ("200 OK", b"one two")


def test_a_request_without_a_body_goes_straight_on(tmp_path: Path) -> None:
    def work(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return []

    line = Line(RuntimeError("nobody may read here"))
    assert ask(Reception(work, 1, 100, tmp_path), line) == ("200 OK", b"")


@pytest.mark.parametrize(
    ("source", "length", "status"),
    [
        (Line(b"x" * 10), 20, 400),
        (Line(b"x" * SMALL), SMALL + 1, 400),
        (Line(b"x" * SMALL, RuntimeError("torn")), SMALL * 2, 400),
        (Line(b"x" * SMALL, ConnectionResetError()), SMALL * 2, 400),
        (Line(b"x" * SMALL, OSError(errno.ENOSPC, "no space")), SMALL * 2, 507),
        (Line(b"x" * SMALL, None), SMALL * 2, 408),
        (Line(), 3 * IN_MEMORY + 1, 413),
    ],
)
def test_a_body_that_does_not_arrive_is_refused_and_never_worked_on(
    tmp_path: Path, source: Line, length: int, status: int
) -> None:
    def untouched(environ: Environ, start_response: Any) -> Iterable[bytes]:
        raise AssertionError("worked on half a request")

    reception = Reception(untouched, 1, 3 * IN_MEMORY, tmp_path, patience=0.2)
    answer, _ = ask(reception, source, CONTENT_LENGTH=str(length))
    source.cut.set()
    assert answer.startswith(str(status))


def test_an_unannounced_body_without_end_is_cut_at_the_limit(reception: Reception) -> None:
    class Endless(Line):
        def read(self, size: int = -1) -> bytes:
            return b"x" * size

    status, _ = ask(reception, Endless(), HTTP_TRANSFER_ENCODING="chunked")
    assert status.startswith("413")


def test_slow_senders_keep_nobody_from_being_served(reception: Reception) -> None:
    lines = [Line(b"x" * SMALL, None) for _ in range(5)]
    reception.patience = 30
    slow = [
        threading.Thread(target=ask, args=(reception, line), kwargs={"CONTENT_LENGTH": "99999999"})
        for line in lines
    ]
    reception.limit = 10**9
    for thread in slow:
        thread.start()
    assert ask(reception, io.BytesIO(b"quick"), CONTENT_LENGTH="5") == ("200 OK", b"quick")
    for line, thread in zip(lines, slow, strict=True):
        line.cut.set()
        thread.join(5)


def test_no_more_requests_are_worked_on_at_a_time_than_there_are_desks(tmp_path: Path) -> None:
    at_work, most, gate = [], [], threading.Event()

    def work(environ: Environ, start_response: Any) -> Iterable[bytes]:
        at_work.append(1)
        most.append(len(at_work))
        gate.wait(0.05)
        at_work.pop()
        start_response("200 OK", [])
        return []

    reception = Reception(work, 2, 100, tmp_path)
    threads = [threading.Thread(target=ask, args=(reception, Line())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(most) == 8
    assert max(most) == 2


def test_a_failing_application_leaves_its_desk(tmp_path: Path) -> None:
    def fail(environ: Environ, start_response: Any) -> Iterable[bytes]:
        raise ValueError("mistake")

    reception = Reception(fail, 1, 100, tmp_path)
    for _ in range(2):
        with pytest.raises(ValueError, match="mistake"):
            ask(reception, Line())


@pytest.mark.parametrize("status", [400, 408, 413, 507])
def test_a_refusal_is_in_the_words_of_who_asked(status: int) -> None:
    kind, body = refusal("/v1/key/k/projects/1/submission", status)
    message = etree.fromstring(body).find("{*}message")
    assert message is not None
    assert (kind.partition(";")[0], message.get("nature")) == ("text/xml", "error")
    kind, body = refusal("/v1/projects/1/forms/x/submissions/y/attachments/z", status)
    assert (kind, json.loads(body)["code"]) == ("application/json", f"{status}.1")
    assert json.loads(body)["message"] == message.text
    assert refusal("/forms/upload", status)[0].startswith("text/plain")
