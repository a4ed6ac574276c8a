"""A server of our own for a measurement: `anhu serve` on an empty data folder, and a small keep-alive client."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD = "bench bench bench"
EMAIL = "bench@example.org"


@dataclass(slots=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)


@dataclass(slots=True)
class Client:
    """One keep-alive connection; `headers` go with each request."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)
    connection: http.client.HTTPConnection | None = None

    def send(
        self, method: str, path: str, body: bytes | dict | None = None, **headers: str
    ) -> Answer:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {**self.headers, **{key.replace("_", "-"): value for key, value in headers.items()}}
        if isinstance(body, dict):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            self.connection.request(method, path, body=body, headers=sent)
            response = self.connection.getresponse()
            return Answer(response.status, response.read())
        except (http.client.HTTPException, OSError):
            self.connection.close()
            self.connection = None
            raise


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*, load: tuple[str, ...] = ()) -> Iterator[tuple[int, Path]]:
    """`anhu serve` on a fresh data folder with the user EMAIL; yields port and folder, removes them after."""
    folder = Path(tempfile.mkdtemp(prefix="anhu-bench-"))
    port = free_port()
    env = {**os.environ, "DATA_DIR": str(folder), "PORT": str(port), "LOG_LEVEL": "WARNING"}
    anhu = [sys.executable, "-m", "server.cli"]
    for words in (("migrate",), load, ("user", "create", EMAIL, "--role", "admin")):
        if words:
            typed = f"{PASSWORD}\n".encode()
            subprocess.run(
                [*anhu, *words], env=env, check=True, stdout=subprocess.DEVNULL, input=typed
            )
    process = subprocess.Popen([*anhu, "serve"], env=env, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port, folder
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(port: int, path: str = "/login", seconds: float = 60) -> float:
    """Seconds until `path` answers 200."""
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        try:
            if Client(port).send("GET", path).status == 200:
                return time.perf_counter() - start
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing on port {port} after {seconds} s")


def administrator(port: int) -> Client:
    """A client with a session of EMAIL."""
    client = Client(port)
    token = client.send("POST", "/v1/sessions", {"email": EMAIL, "password": PASSWORD}).json()[
        "token"
    ]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def multipart(xml: bytes, boundary: str = "anhubench") -> tuple[bytes, str]:
    """An OpenRosa body with the XML alone, and its content type."""
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="xml_submission_file"; '
        f'filename="s.xml"\r\nContent-Type: text/xml\r\n\r\n'
    )
    return (
        head.encode() + xml + f"\r\n--{boundary}--\r\n".encode(),
        f"multipart/form-data; boundary={boundary}",
    )
