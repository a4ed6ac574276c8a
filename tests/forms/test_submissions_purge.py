"""The end of the trash: what goes, what stays, and that no file goes that somebody still needs."""

import hashlib
import uuid
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.db.models import Q, QuerySet

from forms import blobs
from forms.blobs import store_file, stored_at
from forms.models import (
    Blob,
    Entity,
    EntityVersion,
    Form,
    FormVersion,
    Project,
    Submission,
    SubmissionAttachment,
    SubmissionVersion,
)
from forms.registry import register_submission
from forms.services import create_dataset, receive_submission
from forms.services.comments import add_comment
from forms.services.projects import delete_form
from forms.services.purging import free_blobs, purge, purge_submissions
from forms.services.submissions import delete_submission, restore_submission
from server import clock
from server.cli import main
from server.journal.models import Entry
from server.people.models import AppUser, User
from server.problems import Problem
from tests.forms.field_work import (
    ENUM,
    VISIT,
    create_entity,
    instance,
    make_phone,
    make_project,
    new_id,
    publish,
)


@pytest.fixture(autouse=True)
def _own_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite's folder holds files of tests whose rows were rolled back."""
    monkeypatch.setattr(blobs, "_storage", lambda: FileSystemStorage(tmp_path))


@pytest.fixture
def project(db: None) -> Project:
    project = make_project()
    create_dataset(project, "child", actor=None, area_property="village_code")
    publish(project, VISIT)
    return project


@pytest.fixture
def phone(project: Project, lan: User) -> AppUser:
    return make_phone(project, lan)


def visit(project: Project, phone: AppUser, photo: bytes = b"photo", key: str = "") -> Submission:
    xml = instance("visit", {"photo": "p.png"}, instance_id=key)
    return receive_submission(project, xml, {"p.png": photo}, actor=phone).submission


def photos() -> QuerySet[Blob]:
    """What is stored besides the workbooks of forms."""
    return Blob.objects.exclude(pk__in=FormVersion.objects.exclude(sheet=None).values("sheet"))


def names() -> set[str]:
    return set(Submission.objects.values_list("instance_id", flat=True))


def test_what_was_deleted_thirty_days_ago_goes_and_the_rest_stays(project, phone, admin):
    old, late, kept = (visit(project, phone) for _ in range(3))
    add_comment(old, "看过了", actor=admin)
    now = clock.now()
    with clock.at(now - timedelta(days=31)):
        delete_submission(old, actor=admin)
    with clock.at(now - timedelta(days=29)):
        delete_submission(late, actor=admin)
    assert purge().submissions == 1
    assert names() == {late.instance_id, kept.instance_id}
    entry = Entry.objects.get(action="submission.purge")
    assert entry.details == {"submissions_deleted": 1, "instanceIds": [old.instance_id]}
    assert purge().submissions == 0
    assert purge(force=True).submissions == 1
    assert names() == {kept.instance_id}


def test_a_purged_record_may_come_again_and_is_then_a_new_one(project, phone, admin):
    key = new_id()
    delete_submission(visit(project, phone, key=key), actor=admin)
    purge(force=True)
    assert visit(project, phone, key=key).deleted_at is None


def test_all_versions_and_files_of_a_record_go(project, phone, admin):
    first = visit(project, phone)
    xml = instance("visit", {"photo": "p.png"}, replaces=first.instance_id)
    receive_submission(project, xml, {"p.png": b"second"}, actor=phone)
    delete_submission(first, actor=admin)
    assert purge(force=True).submissions == 1
    assert not SubmissionVersion.objects.exists()
    assert not SubmissionAttachment.objects.exists()
    assert free_blobs(fresh=0) == 2
    assert not photos().exists()


def test_the_entities_that_it_made_stay(project, phone, country, admin):
    publish(project, ENUM)
    answers = {"child_name": "张小明", "village_code": country.village.code}
    xml = instance("enum", answers, entity=create_entity(str(uuid.uuid4())))
    receipt = receive_submission(project, xml, actor=phone)
    register_submission(version_id=receipt.version.pk)
    assert EntityVersion.objects.get().source == receipt.version
    delete_submission(receipt.submission, actor=admin)
    purge(force=True)
    assert Entity.objects.get().deleted_at is None
    assert EntityVersion.objects.get().source is None


def test_one_restored_meanwhile_is_left_alone(project, phone, admin):
    one = visit(project, phone)
    delete_submission(one, actor=admin)
    old = Q(deleted_at__lte=clock.now())
    restore_submission(one, actor=admin)
    assert purge_submissions(old) == 0
    assert names() == {one.instance_id}


def test_a_file_that_another_record_has_too_is_kept(project, phone, admin):
    delete_submission(visit(project, phone, b"same"), actor=admin)
    visit(project, phone, b"same")
    purge(force=True)
    assert free_blobs(fresh=0) == 0
    assert stored_at(photos().get()) is not None


def test_a_file_that_nobody_needs_leaves_storage_but_not_while_it_is_fresh(project, phone, admin):
    delete_submission(visit(project, phone, b"gone"), actor=admin)
    blob = photos().get()
    assert purge(force=True).blobs == 0  # an upload may count on it
    assert free_blobs(fresh=0) == 1
    assert stored_at(blob) is None
    assert store_file(BytesIO(b"gone")).sha256 == blob.pk  # and may come again
    assert stored_at(blob) is not None


def test_a_file_of_a_refused_upload_does_not_stay_for_ever(project, phone):
    one = visit(project, phone)
    other = instance("visit", {"photo": "p.png"}, instance_id=one.instance_id)
    with pytest.raises(Problem):
        receive_submission(project, other + b" ", {"p.png": b"refused"}, actor=phone)
    left = Blob(sha256=hashlib.sha256(b"refused").hexdigest())
    free_blobs()
    assert stored_at(left) is not None  # it might belong to an upload on its way
    free_blobs(fresh=0)
    assert stored_at(left) is None
    assert stored_at(photos().get()) is not None


def test_a_form_goes_with_its_records_and_its_lists_stay(project, phone, admin):
    visit(project, phone)
    form = Form.objects.get()
    with clock.at(clock.now() - timedelta(days=31)):
        delete_form(form, actor=admin)
    gone = purge()
    assert (gone.forms, gone.submissions) == (1, 1)
    assert not Form.objects.exists()
    assert not FormVersion.objects.exists()
    assert Entry.objects.filter(action="form.purge", subject="form:visit").count() == 1
    assert project.datasets.count() == 1


def test_a_form_deleted_lately_stays_with_its_records(project, phone, admin):
    visit(project, phone)
    delete_form(Form.objects.get(), actor=admin)
    assert (purge().forms, Submission.objects.count()) == (0, 1)


def test_the_command_says_how_much_has_gone(project, phone, admin, capsys):
    delete_submission(visit(project, phone), actor=admin)
    assert main(["purge"]) == 0
    assert main(["purge", "--force"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["forms: 0, submissions: 0, files: 0", "forms: 0, submissions: 1, files: 0"]


def test_a_file_that_an_upload_has_just_found_there_is_put_back(db):
    kept = Blob(sha256=store_file(b"wanted").sha256)
    assert not blobs.remove_stored(kept, fresh=600)
    assert stored_at(kept) is not None
    assert blobs.remove_stored(kept, fresh=0)
    assert not blobs.remove_stored(kept, fresh=0)
