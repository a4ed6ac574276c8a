"""Settings that protect: what production insists on, and what every answer carries."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "DEBUG", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS", "USE_X_FORWARDED_HOST", "SECURE_PROXY_SSL_HEADER", "PASSWORD_HASHERS",
    "SESSION_COOKIE_HTTPONLY", "CSRF_TRUSTED_ORIGINS",
)  # fmt: skip


def settings_under(tmp_path: Path, **environment: str) -> dict[str, object]:
    """The values of `NAMES` as a fresh process with this environment reads them."""
    code = (
        "import json; from server import settings as s;"
        f"print(json.dumps({{name: getattr(s, name, None) for name in {NAMES!r}}}))"
    )
    base = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=base | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    values: dict[str, object] = json.loads(done.stdout)
    return values


def test_a_laptop_needs_no_setting(tmp_path: Path) -> None:
    values = settings_under(tmp_path)
    assert values["DEBUG"] is False
    assert values["SECURE_SSL_REDIRECT"] is False


def test_production_insists_on_https_and_trusts_no_proxy_unasked(tmp_path: Path) -> None:
    values = settings_under(
        tmp_path, ANHU_ENV="production", SECRET_KEY="long", ALLOWED_HOSTS="anhu.example.org"
    )
    assert values["SESSION_COOKIE_SECURE"] is True
    assert values["CSRF_COOKIE_SECURE"] is True
    assert values["SECURE_SSL_REDIRECT"] is True
    assert values["SECURE_HSTS_SECONDS"] == 31_536_000
    assert values["SECURE_PROXY_SSL_HEADER"] is None
    assert values["USE_X_FORWARDED_HOST"] is None


def test_a_proxy_is_trusted_when_said_so(tmp_path: Path) -> None:
    values = settings_under(tmp_path, BEHIND_PROXY="on", BASE_URL="https://anhu.example.org/")
    assert values["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert values["CSRF_TRUSTED_ORIGINS"] == ["https://anhu.example.org"]


def test_passwords_are_kept_with_argon2(tmp_path: Path) -> None:
    hashers = settings_under(tmp_path)["PASSWORD_HASHERS"]
    assert isinstance(hashers, list)
    assert "Argon2" in hashers[0]


def test_every_answer_carries_the_protecting_headers(db: None) -> None:
    headers = Client().get("/nowhere").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy or "unsafe" not in policy.split("script-src")[1].split(";")[0]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite")
def test_sqlite_survives_a_power_cut_and_lets_readers_read(tmp_path: Path) -> None:
    code = (
        "import django; django.setup(); from django.db import connection as c; cursor = c.cursor();"
        "print([cursor.execute(f'PRAGMA {p}').fetchone()[0] for p in ('journal_mode', 'synchronous', 'foreign_keys')])"
    )
    environment = {
        "PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "server.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "['wal', 2, 1]"
