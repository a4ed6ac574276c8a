"""Encryption as the contract has it: turned on for a project, the forms that follow, the keys of records."""

import base64
import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from forms.models import Form, FormVersion, Key, Project
from forms.services import set_draft, upload_form
from forms.services.publishing import publish_checks, publish_draft
from forms.xlsform.xform import read_xform
from server.journal.models import Entry
from server.people.authentication import open_session
from server.people.models import User
from server.people.roles import Role
from server.problems import Problem
from tests.conftest import make_user
from tests.forms.field_work import ENUM, VISIT, make_phone, make_project, publish
from tests.forms.sealing import PAIR, seal

SUFFIX = re.compile(r"\[encrypted:[\w-]{8}\]")


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


def ask(user: User | None, method: str, path: str, body: object = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {open_session(user)[1]}"} if user else {}
    options = {} if body is None else {"data": body, "content_type": "application/json"}
    answer = getattr(Client(), method)(f"/v1/projects/{path}", headers=headers, **options)
    return answer.status_code, answer.json()


def encrypt(user: User | None, project: Project, **body: object) -> tuple[int, Any]:
    body = {"passphrase": "super duper secret", "hint": "it was a secret"} | body
    return ask(user, "post", f"{project.pk}/key", body)


def key_in(version: FormVersion | None) -> str:
    assert version is not None
    return read_xform(bytes(version.xml)).encryption_key


def test_a_project_is_encrypted_once(project: Project, admin: User) -> None:
    status, told = encrypt(admin, project)
    key = Key.objects.get()
    assert status == 200
    assert (told["id"], told["keyId"]) == (project.pk, key.pk)
    assert (key.is_managed, key.hint) == (True, "it was a secret")
    again = encrypt(admin, project)
    assert (again[0], again[1]["code"]) == (409, "409.4")
    assert Key.objects.count() == 1
    (entry,) = Entry.objects.filter(action="project.update")
    assert entry.details == {"encrypted": True}
    assert "super duper secret" not in str(key.private) + str(entry.details)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"passphrase": None}, "400.2"),
        ({"passphrase": ""}, "400.2"),
        ({"passphrase": "short"}, "400.21"),
        ({"passphrase": ["long enough to be one"]}, "400.8"),
        ({"hint": 7}, "400.8"),
        ({"hint": "a\0b"}, "400.8"),
        ({"hint": "\ud800"}, "400.8"),
        ({"hint": "x" * 501}, "400.8"),
        ({"passphrase": "\ud800 and then some"}, "400.8"),
        ({"passphrase": "x" * 1001}, "400.8"),
    ],
)
def test_a_passphrase_that_cannot_be_one_changes_nothing(
    project: Project, admin: User, body: dict[str, object], code: str
) -> None:
    status, told = encrypt(admin, project, **body)
    assert (status, told["code"]) == (400, code)
    assert not Key.objects.exists()


def test_every_form_without_a_key_gets_the_projects(project: Project, admin: User) -> None:
    publish(project, VISIT)
    other = publish(project, VISIT.replace("visit |", "other |"))
    set_draft(other.form, actor=None)
    own = VISIT.replace("| version |", "| version | public_key |").replace(
        "visit | 1 |", f"own | 1 | {PAIR.public} |"
    )
    publish(project, own)
    before = Form.objects.get(xml_form_id="own").current_id
    encrypt(admin, project)
    key = Key.objects.get(is_managed=True)
    visit, second, mine = Form.objects.select_related("current", "draft").order_by("-pk").reverse()
    for version in (visit.current, second.current, second.draft):
        assert (version.key_id, key_in(version)) == (key.pk, key.public)
        assert SUFFIX.fullmatch(version.version.removeprefix("1"))
        assert read_xform(bytes(version.xml)).version == version.version
    assert visit.versions.count() == 2
    assert visit.current.attachments.count() == 0
    assert second.draft.published_at is None
    assert mine.current_id == before
    assert mine.current.key.public == PAIR.public
    assert not mine.current.key.is_managed
    status, told = ask(admin, "get", f"{project.pk}/forms/visit")
    assert (status, told["keyId"]) == (200, key.pk)


def test_forms_that_come_later_are_encrypted_too(project: Project, admin: User) -> None:
    encrypt(admin, project)
    project.refresh_from_db()
    version = publish(project, VISIT)
    assert key_in(version) == Key.objects.get().public
    copy = set_draft(version.form, actor=None)
    assert (copy.key_id, copy.version) == (version.key_id, version.version)
    published = publish_draft(version.form, version="2", actor=None)
    assert (published.version, key_in(published)) == ("2", Key.objects.get().public)


def test_a_form_in_the_trash_comes_back_encrypted(project: Project, admin: User) -> None:
    form = publish(project, VISIT).form
    Form.objects.filter(pk=form.pk).update(deleted_at=form.created_at)
    encrypt(admin, project)
    form.refresh_from_db()
    assert form.current.key == Key.objects.get()


def test_who_uploads_a_form_is_told_that_its_lists_will_not_be_written(
    project: Project, admin: User
) -> None:
    encrypt(admin, project)
    project.refresh_from_db()
    with pytest.raises(Problem) as refused:
        upload_form(project, ENUM.encode(), "text/markdown", actor=None, filename="f.md")
    told = refused.value.details["warnings"]["workflowWarnings"]
    assert told == [{"type": "encryptedEntities", "details": ["child"]}]
    draft = publish(project, ENUM, publish=False)
    assert draft.entities == []
    assert "child" in str(publish_checks(draft)[0])
    publish_draft(draft.form, actor=None)
    assert not project.datasets.exists()


@pytest.mark.parametrize("key", ["abc", "不是", base64.b64encode(b"0" * 294).decode()])
def test_a_key_that_phones_cannot_use_is_refused(project: Project, key: str) -> None:
    own = VISIT.replace("| version |", "| version | public_key |").replace(
        "visit | 1 |", f"visit | 1 | {key} |"
    )
    with pytest.raises(Problem) as refused:
        publish(project, own)
    assert refused.value.kind.code == "400.1"
    assert not Form.objects.exists()


def test_who_may_encrypt_a_project(project: Project, county: User, stranger: User) -> None:
    allowed = make_user("manager", Role.MANAGER, project_id=project.pk)
    elsewhere = make_user("other", Role.MANAGER, project_id=make_project("other").pk)
    refused = {
        user.display_name: encrypt(user, project)[0]
        for user in (county, stranger, elsewhere, make_user("rules", Role.RULE_ADMIN))
    }
    assert set(refused.values()) == {403}
    assert encrypt(None, project)[0] == 401
    phone = make_phone(project)
    body: dict[str, Any] = {
        "data": {"passphrase": "long enough it is"},
        "content_type": "application/json",
    }
    key = f"/v1/key/{phone.key}/projects/{project.pk}/key"
    assert Client().post(key, **body).status_code == 403
    assert not Key.objects.exists()
    assert encrypt(allowed, project)[0] == 200


def test_the_keys_of_a_form_are_those_of_records_in_scope(
    project: Project, admin: User, county: User, stranger: User, country
) -> None:
    publish(project, VISIT)
    assert ask(admin, "get", f"{project.pk}/forms/visit/submissions/keys") == (200, [])
    encrypt(admin, project)
    key = Key.objects.get()
    form = Form.objects.get()
    assert ask(admin, "get", f"{project.pk}/forms/visit/submissions/keys") == (200, [])
    seal(form.current, {"note": "secret"}, place=country.village)
    told = [{"id": key.pk, "public": key.public, "managed": True, "hint": "it was a secret"}]
    path = f"{project.pk}/forms/visit/submissions/keys"
    assert ask(admin, "get", path) == (200, told)
    assert ask(county, "get", path) == (200, told)
    assert ask(stranger, "get", path) == (200, [])
    assert ask(make_user("rules", Role.RULE_ADMIN), "get", path)[0] == 403
    assert ask(None, "get", path)[0] == 401
    assert ask(admin, "get", f"{project.pk}/forms/nothing/submissions/keys")[0] == 404


def test_a_draft_has_keys_of_its_own(project: Project, admin: User, county: User) -> None:
    encrypt(admin, project)
    project.refresh_from_db()
    draft = publish(project, VISIT, publish=False)
    path = f"{project.pk}/forms/visit/draft/submissions/keys"
    assert ask(admin, "get", path) == (200, [])
    seal(draft, {"note": "secret"}, draft=draft)
    status, told = ask(admin, "get", path)
    assert (status, [one["id"] for one in told]) == (200, [Key.objects.get().pk])
    assert ask(county, "get", path)[0] == 403
    assert ask(None, "get", path)[0] == 401


def test_keys_of_forms_that_were_here_before_are_noted(project: Project) -> None:
    own = VISIT.replace("| version |", "| version | public_key |").replace(
        "visit | 1 |", f"visit | 1 | {PAIR.public} |"
    )
    with_key, without = publish(project, own), publish(project, ENUM)
    FormVersion.objects.update(key=None)
    Key.objects.all().delete()
    for _ in range(2):
        import_module("forms.migrations.0010_encryption_keys_noted").note_keys(apps, None)
    for version in (with_key, without):
        version.refresh_from_db()
    assert with_key.key is not None
    assert (with_key.key.public, with_key.key.is_managed, without.key) == (PAIR.public, False, None)
