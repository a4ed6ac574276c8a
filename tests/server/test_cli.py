"""`anhu`: verbs, exit statuses, and reasons instead of tracebacks."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from server import programme
from server.cli import VERBS, main
from server.journal.models import Entry
from server.people.models import ApiSession, User, token_digest
from tests.conftest import PASSWORD, Country

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def anhu(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in a process of its own, on an empty data folder."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        fresh = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        fresh |= {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "server.settings"}
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *words],
            cwd=ROOT,
            env={**fresh, "LC_ALL": "C.UTF-8", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_help_names_every_verb_without_loading_django(
    anhu: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = anhu("--help", DJANGO_SETTINGS_MODULE="no.such.module")
    assert done.returncode == 0
    assert all(f"    {name}" in done.stdout for name in VERBS)


@pytest.mark.parametrize("name", sorted(set(VERBS) - {"manage"}))
def test_every_verb_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 4


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ANHU_ENV": "production", "ALLOWED_HOSTS": "a"}, "SECRET_KEY is missing"),
        ({"ANHU_ENV": "production", "SECRET_KEY": "x", "DEBUG": "1"}, "DEBUG must be off"),
        ({"ANHU_ENV": "production", "SECRET_KEY": "x"}, "ALLOWED_HOSTS is missing"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL is not understood"),
        ({"LOGIN_ATTEMPTS": "many"}, "The setting LOGIN_ATTEMPTS cannot be read"),
    ],
)
def test_unfit_settings_are_named_without_a_traceback(
    anhu: Callable[..., subprocess.CompletedProcess[str]], environment: dict[str, str], said: str
) -> None:
    if environment.get("ANHU_ENV"):
        environment = {"SECRET_KEY": "", **environment}
    done = anhu("migrate", **environment)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_is_status_2(anhu: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    assert anhu("user", "create").returncode == 2
    assert anhu("no-such-verb").returncode == 2


def test_a_secret_may_stand_in_a_file(
    anhu: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file")
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    done = anhu("shell", "--code", code, SECRET_KEY="", SECRET_KEY_FILE=str(secret))
    assert done.stdout.splitlines()[-1] == "from-a-file"


def test_a_missing_secret_is_made_once_and_kept(
    anhu: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    first, second = (anhu("shell", "--code", code, SECRET_KEY="").stdout for _ in range(2))
    assert first == second
    assert len(first.strip()) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_created_user_logs_in_with_the_role_over_the_area(
    country: Country, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["user", "create", "Mei@Example.org", "--role", "child_director", "--generate"]
    assert main([*words, "--area", country.village.code]) == 0
    password = capsys.readouterr().out.splitlines()[0].removeprefix("Password: ")
    user = User.objects.get(email="mei@example.org")
    assert user.check_password(password)
    assert [(grant.role, grant.area) for grant in user.grants.all()] == [
        ("child_director", country.village)
    ]
    assert Entry.objects.filter(action="user.create", subject=f"actor:{user.pk}").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["user", "create", "lan@example.org", "--generate"],
        ["user", "create", "nonsense", "--generate"],
        ["user", "create", "new@example.org", "--generate", "--role", "admin", "--area", "0"],
        ["user", "disable", "nobody@example.org"],
        ["app-user", "qr", "no such phone"],
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    lan: User, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = User.objects.count(), Entry.objects.count()
    assert main(words) == 1
    assert capsys.readouterr().err.startswith("anhu: ")
    assert (User.objects.count(), Entry.objects.count()) == before


def test_a_disabled_user_is_locked_out_at_once(lan: User) -> None:
    ApiSession.objects.create(digest=token_digest("t"), user=lan)
    assert main(["user", "disable", lan.email]) == 0
    lan.refresh_from_db()
    assert not lan.is_active
    assert not lan.api_sessions.exists()
    assert main(["user", "enable", lan.email]) == 0
    lan.refresh_from_db()
    assert lan.is_active


def test_a_new_password_replaces_the_old_one(
    lan: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = tmp_path / "password"
    given.write_text("another long enough one\n")
    with given.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert main(["user", "password", lan.email]) == 0
    lan.refresh_from_db()
    assert lan.check_password("another long enough one")
    assert not lan.check_password(PASSWORD)


def test_users_are_listed_with_their_grants(
    lan: User, country: Country, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["user", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"email": lan.email, "name": "lan", "active": True, "grants": ["child_director @ 柳树村"]}
    ]


def test_production_loads_no_made_up_children_unasked(settings: Settings) -> None:
    settings.IS_PRODUCTION = True
    assert programme.usual_sample() == "none"
    settings.IS_PRODUCTION = False
    assert programme.usual_sample() == "small"
