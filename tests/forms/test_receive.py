"""Submissions become durable records: what is acknowledged is there, what is refused leaves
nothing.
"""

import uuid
from datetime import UTC, date, datetime

import pytest

from forms import problems
from forms.blobs import read_blob
from forms.models import Project, Submission, SubmissionAttachment, SubmissionVersion
from forms.services import publish_draft, receive_submission, set_draft
from server import clock
from server.journal.models import Entry, Reaction
from server.people.models import AppUser, User
from server.problems import Problem
from tests.forms.field_work import (
    ENUM,
    HOME_VISIT,
    VISIT,
    instance,
    make_phone,
    make_project,
    new_id,
    publish,
)

PHOTO = b"\x89PNG not really"


@pytest.fixture
def project(db: None) -> Project:
    project = make_project()
    publish(project, VISIT)
    return project


@pytest.fixture
def phone(project: Project, lan: User) -> AppUser:
    return make_phone(project, lan)


def created():
    """The journal's entries about new records."""
    return Entry.objects.filter(action="submission.create")


def test_a_submission_is_kept_with_its_answers_journal_and_reaction(project, phone, lan):
    xml = instance("visit", {"visit_date": "2026-03-01", "note": "好"})
    receipt = receive_submission(project, xml, actor=phone, device_id="collect:1")
    kept = SubmissionVersion.objects.get()
    assert bytes(kept.xml) == xml
    assert kept.data["note"] == "好"
    assert kept.occurred_on == date(2026, 3, 1)
    assert kept.submission.area == lan.grants.get().area
    entry = Entry.objects.get(action="submission.create")
    assert entry.actor_id == phone.pk
    key = receipt.submission.pk
    assert entry.details == {"instanceId": kept.instance_id, "submissionId": key}


def test_only_a_form_that_speaks_of_entities_gives_the_worker_something_to_do(project, phone):
    publish(project, ENUM)
    publish(project, HOME_VISIT)
    receive_submission(project, instance("visit", {"note": "a"}), actor=phone)
    assert not Reaction.objects.exists()
    keys = [
        receive_submission(project, instance(form, {}), actor=phone).version.pk
        for form in ("enum", "home_visit")
    ]
    done = Reaction.objects.order_by("id").values_list("event", "payload", "entry__subject")
    found = [(event, payload) for event, payload, _ in done]
    assert found == [("submission.created", {"version_id": key}) for key in keys]
    assert all(subject.startswith("submission:uuid:") for _, _, subject in done)


def test_the_same_submission_again_stores_nothing_new(project, phone):
    xml = instance("visit", {"note": "a"})
    first = receive_submission(project, xml, actor=phone)
    again = receive_submission(project, xml, actor=phone)
    assert (first.is_new, again.is_new) == (True, False)
    assert (SubmissionVersion.objects.count(), created().count()) == (1, 1)


def test_other_content_under_the_same_id_is_refused(project, phone):
    same = new_id()
    receive_submission(project, instance("visit", {"note": "a"}, instance_id=same), actor=phone)
    with pytest.raises(Problem) as refusal:
        receive_submission(project, instance("visit", {"note": "b"}, instance_id=same), actor=phone)
    assert refusal.value.kind is problems.XML_DIFFERS
    assert SubmissionVersion.objects.get().data["note"] == "a"


def test_files_come_in_several_parts_and_the_last_completes(project, phone):
    xml = instance("visit", {"photo": "a.png"})
    first = receive_submission(project, xml, actor=phone, is_incomplete=True)
    assert not first.version.is_complete
    receive_submission(project, xml, {"a.png": PHOTO}, actor=phone, is_incomplete=True)
    last = receive_submission(project, xml, {"stray.png": b"x"}, actor=phone)
    assert last.version.is_complete
    kept = {
        one.name: (one.is_expected, read_blob(one.blob))
        for one in SubmissionAttachment.objects.all()
        if one.blob
    }
    assert kept == {"a.png": (True, PHOTO), "stray.png": (False, b"x")}
    assert created().count() == 1


def test_an_edit_replaces_the_version_and_carries_its_files(project, phone):
    first, second = new_id(), new_id()
    receive_submission(
        project,
        instance("visit", {"photo": "a.png"}, instance_id=first),
        {"a.png": PHOTO},
        actor=phone,
    )
    edit = instance("visit", {"photo": "a.png", "note": "new"}, instance_id=second, replaces=first)
    receipt = receive_submission(project, edit, actor=phone)
    submission = Submission.objects.get()
    assert receipt.is_edit
    assert submission.instance_id == first
    assert submission.review_state == "edited"
    current = submission.versions.get(is_current=True)
    assert (current.instance_id, current.data["note"]) == (second, "new")
    kept = current.attachments.get().blob
    assert kept
    assert read_blob(kept) == PHOTO
    assert Reaction.objects.order_by("id").last().event == "submission.updated"


def test_the_second_edit_of_the_same_version_is_refused(project, phone):
    first = new_id()
    receive_submission(project, instance("visit", {"note": "1"}, instance_id=first), actor=phone)
    receive_submission(project, instance("visit", {"note": "2"}, replaces=first), actor=phone)
    with pytest.raises(Problem) as refusal:
        receive_submission(project, instance("visit", {"note": "3"}, replaces=first), actor=phone)
    assert refusal.value.kind is problems.ORIGINAL_REPLACED
    assert Submission.objects.get().versions.get(is_current=True).data["note"] == "2"


def test_an_edit_of_a_record_that_is_not_here_is_refused(project, phone):
    with pytest.raises(Problem) as refusal:
        receive_submission(project, instance("visit", {}, replaces=new_id()), actor=phone)
    assert refusal.value.kind is problems.ORIGINAL_MISSING
    assert not Submission.objects.exists()


def test_records_of_an_old_version_are_taken_after_a_new_one_is_published(project, phone):
    form = project.forms.get()
    set_draft(
        form,
        VISIT.replace("| visit | 1 |", "| visit | 2 |").encode(),
        "text/markdown",
        actor=None,
        filename="f.md",
        ignore_warnings=True,
    )
    publish_draft(form, actor=None)
    old = receive_submission(project, instance("visit", {"note": "old"}, version="1"), actor=phone)
    new = receive_submission(project, instance("visit", {"note": "new"}, version="2"), actor=phone)
    assert (old.version.form_version.version, new.version.form_version.version) == ("1", "2")


@pytest.mark.parametrize(
    ("form", "version", "kind"),
    [("nothing", "1", problems.FORM_UNKNOWN), ("visit", "9", problems.VERSION_UNKNOWN)],
)
def test_an_unknown_form_or_version_is_named(project, phone, form, version, kind):
    with pytest.raises(Problem) as refusal:
        receive_submission(project, instance(form, {}, version=version), actor=phone)
    assert refusal.value.kind is kind


def test_a_closed_form_takes_nothing(project, phone):
    project.forms.update(state="closed")
    with pytest.raises(Problem) as refusal:
        receive_submission(project, instance("visit", {}), actor=phone)
    assert refusal.value.kind is problems.FORM_CLOSED


def test_a_phone_of_another_project_is_refused(project, lan):
    with pytest.raises(Problem) as refusal:
        receive_submission(
            project, instance("visit", {}), actor=make_phone(make_project("other"), lan)
        )
    assert refusal.value.kind is problems.FORM_UNKNOWN


def test_the_day_is_the_sites_and_never_in_the_future(project, phone):
    with clock.at(datetime(2026, 3, 1, 17, 0, tzinfo=UTC)):  # the 2nd in China
        future = receive_submission(
            project, instance("visit", {"visit_date": "2031-01-01"}), actor=phone
        )
        nothing = receive_submission(project, instance("visit", {"visit_date": ""}), actor=phone)
    assert future.version.occurred_on == date(2026, 3, 2)
    assert nothing.version.occurred_on == date(2026, 3, 2)


def test_an_encrypted_record_is_kept_as_it_is_and_not_registered(project, phone):
    xml = (
        f'<data id="visit" version="1" encrypted="yes" xmlns="http://opendatakit.org/submissions"><base64EncryptedKey>x</base64EncryptedKey>'
        f'<meta xmlns="http://openrosa.org/xforms"><instanceID>uuid:{uuid.uuid4()}</instanceID></meta>'
        f"<encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"
    ).encode()
    receive_submission(project, xml, {"submission.xml.enc": b"secret"}, actor=phone)
    assert bytes(SubmissionVersion.objects.get().xml) == xml
    assert SubmissionAttachment.objects.get().is_expected
    assert not Reaction.objects.exists()


def test_receiving_takes_few_queries(project, phone, django_assert_max_num_queries):
    receive_submission(project, instance("visit", {"note": "warm"}), actor=phone)
    fresh = AppUser.objects.select_related("worker").get(pk=phone.pk)
    with django_assert_max_num_queries(10):  # with the two savepoints of the test
        receive_submission(project.pk, instance("visit", {"note": "x"}), actor=fresh)
