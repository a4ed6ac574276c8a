"""Encryption on pages: turned on with a warning, told wherever an encrypted form or record is shown, opened with
the passphrase under Downloads.
"""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from forms.encryption import keys
from forms.models import Form, Key, Project, Submission
from forms.services.encryption import encrypt_project
from forms.services.publishing import publish_checks
from server.journal.models import Entry
from server.people.models import User
from server.people.roles import Role
from tests.conftest import make_user
from tests.exports.reading_kit import content_of
from tests.forms.field_work import ENUM, VISIT, make_project, publish
from tests.forms.sealing import seal

PASSPHRASE = "super duper secret"
ClientFor = Callable[[User], Client]
RIGHT = {"passphrase": PASSPHRASE, "again": PASSPHRASE, "understood": "yes", "hint": "in the safe"}


@pytest.fixture
def project(db: None, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setitem(keys._COST, "n", 2**4)
    project = make_project("关爱")
    publish(project, VISIT)
    return project


@pytest.fixture
def sealed_form(project: Project) -> Form:
    encrypt_project(project, PASSPHRASE, "in the safe", actor=None)
    return Form.objects.select_related("current").get(xml_form_id="visit")


def text(answer: Any) -> str:
    return str(answer.content.decode())


def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def test_encryption_is_turned_on_after_a_warning(
    project: Project, admin: User, client_for: ClientFor
) -> None:
    publish(project, ENUM)
    client = english(client_for(admin))
    page = f"/projects/{project.pk}/encryption"
    assert page in text(client.get("/forms"))
    before = text(client.get(page))
    assert "What encryption ends" in before
    assert "<code>child</code>" in before
    answer = client.post(page, RIGHT, follow=True)
    project.refresh_from_db()
    assert (project.key.hint, project.key.is_managed) == ("in the safe", True)
    assert "in the safe" in text(answer)
    assert 'name="passphrase"' not in text(answer)
    assert client.post(page, RIGHT).status_code == 409
    assert Key.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"again": "super duper sekret"},
        {"passphrase": "short", "again": "short"},
        {"passphrase": " " * 12, "again": " " * 12},
        {"passphrase": "x" * 600, "again": "x" * 600},
        {"understood": ""},
        {"passphrase": ""},
    ],
)
def test_a_slip_changes_nothing_and_shows_no_passphrase(
    project: Project, admin: User, client_for: ClientFor, wrong: dict[str, str]
) -> None:
    answer = client_for(admin).post(f"/projects/{project.pk}/encryption", RIGHT | wrong)
    assert answer.status_code == 400
    assert 'role="alert"' in text(answer)
    assert "in the safe" in text(answer)
    assert PASSPHRASE not in text(answer)
    assert not Key.objects.exists()


def test_who_may_turn_encryption_on(
    project: Project, county: User, stranger: User, client_for: ClientFor
) -> None:
    page = f"/projects/{project.pk}/encryption"
    elsewhere = make_user("other", Role.MANAGER, project_id=make_project("other").pk)
    for user in (county, stranger, make_user("rules", Role.RULE_ADMIN), elsewhere):
        client = client_for(user)
        assert client.get(page).status_code == 403, user
        assert client.post(page, RIGHT).status_code == 403
    assert page not in text(client_for(county).get("/forms"))
    assert Client().get(page).status_code == 302
    assert not Key.objects.exists()
    manager = client_for(make_user("manager", Role.MANAGER, project_id=project.pk))
    assert manager.get(page).status_code == 200
    assert manager.post(page, RIGHT).status_code == 302
    assert Key.objects.exists()


def test_a_draft_tells_that_it_will_be_encrypted(
    sealed_form: Form, admin: User, client_for: ClientFor
) -> None:
    sealed_form.project.refresh_from_db()
    draft = publish(sealed_form.project, ENUM, publish=False)
    shown = text(english(client_for(admin)).get(f"/forms/{draft.form_id}/draft"))
    assert "This form is encrypted" in shown
    assert "(child)" in shown


def test_an_encrypted_record_says_so(sealed_form: Form, admin: User, client_for: ClientFor) -> None:
    one = seal(sealed_form.current, {"note": "secret"})
    client = english(client_for(admin))
    shown = text(client.get(f"/submissions/{one.pk}"))
    assert "This record is encrypted." in shown
    assert "secret" not in shown
    assert client.get(f"/forms/{sealed_form.pk}/submissions").status_code == 200


def test_records_are_downloaded_in_plain_with_the_passphrase(
    sealed_form: Form, admin: User, client_for: ClientFor
) -> None:
    seal(sealed_form.current, {"note": "秘密", "photo": "a.jpg"}, {"a.jpg": b"jpeg"})
    client, key = english(client_for(admin)), Key.objects.get()
    page = f"/exports/encrypted/{sealed_form.pk}"
    assert page in text(client.get("/exports"))
    assert "in the safe" in text(client.get(page))
    answer = client.post(page, {f"key-{key.pk}": PASSPHRASE})
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(content_of(answer))) as found:
        assert "秘密" in found.read("visit.csv").decode()
        assert found.read("media/a.jpg") == b"jpeg"
    (entry,) = Entry.objects.filter(action="export.download")
    assert entry.details == {"file": "csv.zip", "decryptedWith": [key.pk]}


@pytest.mark.parametrize("passphrase", ["", "wrong passphrase"])
def test_a_wrong_passphrase_downloads_nothing(
    sealed_form: Form, admin: User, client_for: ClientFor, passphrase: str
) -> None:
    seal(sealed_form.current, {"note": "secret"})
    key = Key.objects.get()
    answer = client_for(admin).post(
        f"/exports/encrypted/{sealed_form.pk}", {f"key-{key.pk}": passphrase}
    )
    assert (answer.status_code, 'role="alert"' in text(answer)) == (400, True)
    assert not Entry.objects.filter(action="export.download").exists()


def test_who_may_download_and_of_which_area(
    sealed_form: Form, county: User, stranger: User, lan: User, client_for: ClientFor, country
) -> None:
    seal(sealed_form.current, {"note": "秘密"}, place=country.village)
    page, body = f"/exports/encrypted/{sealed_form.pk}", {f"key-{Key.objects.get().pk}": PASSPHRASE}

    def rows(user: User) -> int:
        with zipfile.ZipFile(io.BytesIO(content_of(client_for(user).post(page, body)))) as found:
            return found.read("visit.csv").decode().count("秘密")

    assert (rows(county), rows(stranger)) == (1, 0)
    assert client_for(lan).post(page, body).status_code == 403
    assert Client().post(page, body).status_code == 302
    Form.objects.update(sensitivity=Form.Sensitivity.RESTRICTED)
    school = make_user("school", Role.SCHOOL_LEAD, country.county)
    assert client_for(school).post(page, body).status_code == 403
    Form.objects.update(sensitivity=Form.Sensitivity.NORMAL)


def test_a_form_without_a_key_has_no_such_page(
    project: Project, admin: User, client_for: ClientFor
) -> None:
    form = Form.objects.get()
    client = client_for(admin)
    assert client.get(f"/exports/encrypted/{form.pk}").status_code == 404
    assert "/exports/encrypted/" not in text(client.get("/exports"))
    assert client.get("/exports/encrypted/999999").status_code == 404


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_notice_of_an_encrypted_form_speaks_the_readers_language(
    sealed_form: Form, language: str
) -> None:
    current = sealed_form.current
    assert current is not None
    with translation.override(language):
        (notice, *_others) = publish_checks(current)
        assert ("encrypted" in str(notice)) == (language == "en")
    assert not Submission.objects.exists()
