"""What `anhu prepare` loads and when, and what it tells a newcomer."""

import base64
import json
import zlib
from dataclasses import dataclass

import pytest
from pytest_django.fixtures import Settings

from forms.models import Project
from forms.services import create_app_user
from server import programme
from server.cli import main
from server.people.models import User

PASSWORD = "sample password"
LOADED: list[dict[str, object]] = []


@dataclass(frozen=True)
class Login:
    email: str
    title: str


LOGINS = (Login("nobody@example.org", "谁也不是"), Login("lan@example.org", "村儿童主任"))


def load_programme() -> None:
    LOADED.append({"programme": True})


def generate_county(**given: object) -> None:
    LOADED.append(given)


@pytest.fixture(autouse=True)
def small_programme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for the programme and the county above: here only what is called, and when, matters."""
    LOADED.clear()
    for name, function in {
        "PROGRAMME": "load_programme", "COUNTY": "generate_county", "LOGINS": "LOGINS", "PASSWORD": "PASSWORD",
    }.items():  # fmt: skip
        monkeypatch.setattr(programme, name, f"{__name__}.{function}")


def test_the_greeting_names_the_logins_that_exist_and_shows_a_code(
    lan: User, settings: Settings
) -> None:
    settings.BASE_URL = "https://anhu.example.org"
    create_app_user(Project.objects.create(name="关爱"), "兰的手机", lan, actor=None)
    said = programme.greeting()
    assert "lan@example.org  村儿童主任" in said
    assert "sample password" in said
    assert "nobody@example.org" not in said
    assert "兰的手机 (https://anhu.example.org)" in said
    assert said.count("█") > 100


def test_without_a_sample_county_there_is_no_greeting(db: None) -> None:
    assert programme.greeting() == ""


def test_the_code_in_the_terminal_is_what_collect_reads(
    lan: User, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Project.objects.create(name="关爱")
    phone = create_app_user(project, "兰的手机", lan, actor=None)
    url = "http://192.168.1.20:8000"
    assert main(["app-user", "qr", "兰的手机", "--text", "--url", f"{url}/"]) == 0
    said = json.loads(zlib.decompress(base64.b64decode(capsys.readouterr().out)))
    assert said["general"]["server_url"] == f"{url}/v1/key/{phone.key}/projects/{project.pk}"


def test_an_app_user_made_at_the_terminal_works_for_that_worker(
    lan: User, capsys: pytest.CaptureFixture[str]
) -> None:
    Project.objects.create(name="关爱")
    assert main(["app-user", "create", "新手机", "--worker", lan.email, "--text"]) == 0
    assert lan.app_users.get().display_name == "新手机"
    capsys.readouterr()
    assert main(["app-user", "list"]) == 0
    assert capsys.readouterr().out == "新手机\tlan@example.org\n"


def test_only_an_empty_database_is_loaded(db: None) -> None:
    assert main(["load", "--if-empty", "--sample", "tiny", "--seed", "7"]) == 0
    assert [given.get("seed") for given in LOADED] == [None, 7]
    User.objects.create_user("first@example.org", "x")
    assert main(["load", "--if-empty", "--sample", "tiny"]) == 0
    assert len(LOADED) == 2


def test_without_a_sample_the_programme_is_loaded_once(db: None) -> None:
    assert main(["load", "--if-empty", "--sample", "none"]) == 0
    assert LOADED == [{"programme": True}]
