"""CSV exports of encrypted records: with the passphrase as if they had never been, without it what surrounds them."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from forms.encryption import keys
from forms.models import Form, FormVersion, Key, Project, SubmissionAttachment
from forms.services.encryption import encrypt_project
from server.journal.models import Entry
from server.people.models import User
from tests.exports.reading_kit import Reader, content_of, family, publish_family, send, zip_of
from tests.forms.field_work import make_phone, make_project, new_id
from tests.forms.sealing import PAIR, Sealed, keep, sealed

CSV = "/forms/family/submissions.csv"
ZIP = f"{CSV}.zip"
PASSPHRASE = "super duper secret"
PHOTO = b"\x89PNG" + bytes(range(256)) * 300
EXTRA = "<photo/>"


@pytest.fixture
def project(db: None, monkeypatch: pytest.MonkeyPatch) -> Project:
    # what guessing costs is tested elsewhere
    monkeypatch.setitem(keys._COST, "n", 2**4)
    project = make_project()
    publish_family(project, extra=EXTRA)
    return project


@pytest.fixture
def reader(project: Project, admin: User) -> Reader:
    return Reader(admin, project)


@pytest.fixture
def key(project: Project, reader: Reader) -> Key:
    """The project encrypted, after one record that was not."""
    send(project, family("rplain", "Alice", "30", extra=EXTRA), make_phone(project))
    encrypt_project(project, PASSPHRASE, actor=None)
    return Key.objects.get()


def current() -> FormVersion:
    version = Form.objects.get(xml_form_id="family").current
    assert version is not None
    return version


def secret(name: str = "秘密", media: dict[str, bytes] | None = None, **how: Any) -> Sealed:
    version, instance_id = current(), new_id()
    children = {"Candace": ("2", ["R2"]), "Bo": ("4", [])}
    xml = family(instance_id, name, "41", children, extra=EXTRA, version=version.version)
    public = how.pop("public", None) or version.key.public
    return sealed(public, "family", version.version, xml, media, instance_id=instance_id, **how)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def rows_of(reader: Reader, query: dict[str, str] | None = None) -> dict[str, dict[str, str]]:
    answer = reader.get(CSV, query)
    assert answer.status_code == 200, content_of(answer)
    return {row["KEY"]: row for row in table(content_of(answer).decode())}


def archive(reader: Reader, query: dict[str, str]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content_of(reader.get(ZIP, query)))) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_the_passphrase_opens_the_table(reader: Reader, key: Key) -> None:
    made = secret()
    keep(current(), made)
    without = rows_of(reader)
    assert without[made.instance_id]["Status"] == "not decrypted"
    assert (without[made.instance_id]["name"], without["rplain"]["name"]) == ("", "Alice")
    row = rows_of(reader, {str(key.pk): PASSPHRASE})[made.instance_id]
    assert (row["name"], row["age"], row["Status"]) == ("秘密", "41", "")
    assert row["FormVersion"] == current().version
    assert row["meta-instanceID"] == made.instance_id
    told = [one.details for one in Entry.objects.filter(action="export.download").order_by("pk")]
    assert told == [{"file": "csv"}, {"file": "csv", "decryptedWith": [key.pk]}]
    assert PASSPHRASE not in json.dumps(told)


def test_the_archive_has_repeats_and_media_in_plain(reader: Reader, key: Key) -> None:
    made = secret(media={"foto.png": PHOTO, "录音.m4a": b"x" * 16})
    keep(current(), made)
    found = archive(reader, {str(key.pk): PASSPHRASE})
    assert {name: found[name] for name in found if name.startswith("media/")} == {
        "media/foto.png": PHOTO,
        "media/录音.m4a": b"x" * 16,
    }
    children = table(found["family-child.csv"].decode())
    assert [one["name"] for one in children] == ["Candace", "Bo"]
    assert [one["name"] for one in table(found["family-toy.csv"].decode())] == ["R2"]
    sealed_ = archive(reader, {})
    assert sealed_.keys() == {"family.csv", "family-child.csv", "family-toy.csv"}
    assert table(sealed_["family-child.csv"].decode()) == []
    bare = archive(reader, {str(key.pk): PASSPHRASE, "attachments": "false"})
    assert bare.keys() == sealed_.keys()


@pytest.mark.parametrize(
    "options",
    [{"splitSelectMultiples": "true"}, {"deletedFields": "true"}, {"groupPaths": "false"}],
)
def test_options_hold_for_opened_records_too(
    reader: Reader, key: Key, options: dict[str, str]
) -> None:
    made = secret()
    keep(current(), made)
    row = rows_of(reader, {str(key.pk): PASSPHRASE, **options})[made.instance_id]
    assert (row["name"], row["Status"]) == ("秘密", "")


@pytest.mark.parametrize("wrong", ["wrong passphrase", "", PASSPHRASE.upper()])
def test_a_wrong_passphrase_gives_nothing_at_all(reader: Reader, key: Key, wrong: str) -> None:
    keep(current(), secret())
    for path in (CSV, ZIP):
        assert reader.refused(path, {str(key.pk): wrong}) == (400, "400.12")
    assert not Entry.objects.filter(action="export.download").exists()


def test_passphrases_may_be_posted(reader: Reader, key: Key) -> None:
    made = secret()
    keep(current(), made)
    for body, kind in (
        (f"{key.pk}={quote(PASSPHRASE)}", "application/x-www-form-urlencoded"),
        (json.dumps({str(key.pk): PASSPHRASE}), "application/json"),
    ):
        for path in (CSV, ZIP):
            answer = reader.client.post(
                reader.base + path, body, content_type=kind, headers=reader.headers
            )
            text = zip_of(answer)["family.csv"] if path == ZIP else content_of(answer).decode()
            assert {one["KEY"]: one["name"] for one in table(text)}[made.instance_id] == "秘密"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"%s": 7}', "400.8"),
        ('["%s"]', "400.1"),
        ('{"%s": "wrong"}', "400.12"),
        ('{"%s": "\\ud800"}', "400.12"),
    ],
)
def test_a_posted_body_that_is_wrong_is_refused(
    reader: Reader, key: Key, body: str, code: str
) -> None:
    answer = reader.client.post(
        reader.base + CSV, body % key.pk, content_type="application/json", headers=reader.headers
    )
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_keys_of_other_projects_are_passed_over(reader: Reader, key: Key) -> None:
    made = secret()
    keep(current(), made)
    other = encrypt_project(make_project("other"), "another passphrase", actor=None).key
    for number in (other.pk, 10**12, key.pk + 1000):
        row = rows_of(reader, {str(number): "whatever it is"})[made.instance_id]
        assert row["Status"] == "not decrypted"


def test_records_for_a_key_that_somebody_keeps_at_home_stay_sealed(
    reader: Reader, project: Project
) -> None:
    own = Form.objects.get().current
    Key.objects.create(public=PAIR.public)
    FormVersion.objects.filter(pk=own.pk).update(key=Key.objects.get())
    made = secret(media={"a.png": PHOTO})
    keep(current(), made)
    number = str(Key.objects.get().pk)
    assert rows_of(reader, {number: "anything"})[made.instance_id]["Status"] == "not decrypted"


def _with_other_media(made: Sealed) -> None:
    made.files["foto.png.enc"] = secret(media={"foto.png": b"!"}).files["foto.png.enc"]


def _with_damaged_answers(made: Sealed) -> None:
    made.files["submission.xml.enc"] = made.files["submission.xml.enc"][:-3]


def _with_answers_of_another(made: Sealed) -> None:
    made.files["submission.xml.enc"] = secret().files["submission.xml.enc"]


@pytest.mark.parametrize(
    "spoil", [_with_other_media, _with_damaged_answers, _with_answers_of_another]
)
def test_one_spoilt_record_says_so_and_leaves_the_others(
    reader: Reader, key: Key, spoil: Callable[[Sealed], None]
) -> None:
    bad, good = secret(media={"foto.png": PHOTO}), secret("gut", media={"b.png": b"b"})
    spoil(bad)
    keep(current(), bad)
    keep(current(), good)
    found = archive(reader, {str(key.pk): PASSPHRASE})
    rows = {row["KEY"]: row for row in table(found["family.csv"].decode())}
    assert (rows[bad.instance_id]["name"], rows[bad.instance_id]["Status"]) == (
        "",
        "could not be decrypted",
    )
    assert (rows[good.instance_id]["name"], rows[good.instance_id]["Status"]) == ("gut", "")
    assert [name for name in found if name.startswith("media/")] == ["media/b.png"]


def test_answers_are_shown_while_media_are_still_on_their_way(reader: Reader, key: Key) -> None:
    made = secret(media={"foto.png": PHOTO})
    del made.files["foto.png.enc"]
    keep(current(), made)
    row = rows_of(reader, {str(key.pk): PASSPHRASE})[made.instance_id]
    assert (row["name"], row["Status"]) == ("秘密", "")
    assert (row["AttachmentsPresent"], row["AttachmentsExpected"]) == ("1", "2")


def test_answers_that_have_not_come_are_missing(reader: Reader, key: Key) -> None:
    made = secret()
    made.files.clear()
    keep(current(), made)
    row = rows_of(reader, {str(key.pk): PASSPHRASE})[made.instance_id]
    assert row["Status"] == "missing encrypted form data"


def test_a_file_that_is_gone_from_storage_spoils_its_record_alone(reader: Reader, key: Key) -> None:
    made, good = secret(media={"foto.png": PHOTO}), secret("gut")
    keep(current(), made)
    keep(current(), good)
    blob = SubmissionAttachment.objects.get(name="foto.png.enc").blob
    default_storage.delete(blob.storage_name)
    rows = rows_of(reader, {str(key.pk): PASSPHRASE})
    default_storage.save(blob.storage_name, ContentFile(made.files["foto.png.enc"]))
    assert rows[made.instance_id]["Status"] == "could not be decrypted"
    assert rows[good.instance_id]["name"] == "gut"


def test_odata_shows_what_surrounds_an_encrypted_record(reader: Reader, key: Key) -> None:
    made = secret()
    keep(current(), made)
    (told,) = [
        one for one in reader.rows("/forms/family.svc/Submissions") if one["__id"] != "rplain"
    ]
    assert told.keys() == {"__id", "__system"}
    assert told["__system"]["status"] == "notDecrypted"


def test_the_queries_of_an_export_do_not_grow_with_the_records(
    reader: Reader, key: Key, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        keep(current(), secret(f"n{number}"))
    with django_assert_max_num_queries(24):
        assert len(rows_of(reader, {str(key.pk): PASSPHRASE})) == 13
