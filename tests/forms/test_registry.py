"""Submissions become entities with history; whom they are about; what waits is never lost."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from forms.models import Dataset, Entity, EntityVersion, HeldUpdate, Project, Subject, Submission
from forms.registry import (
    annotate_entity,
    force_overdue,
    register_approval,
    register_submission,
    registering,
    remove_entity,
    write_entity,
)
from forms.services import create_dataset, receive_submission
from server import clock
from server.journal.models import Reaction
from server.journal.services import run_pending
from server.people.models import AppUser, User
from tests.forms.field_work import (
    ENUM,
    HOME_VISIT,
    create_entity,
    instance,
    make_phone,
    make_project,
    new_id,
    publish,
    update_entity,
)

BRANCH = "b0e927b6-958a-42f6-8344-1deb37ee9672"


@pytest.fixture
def project(db: None, settings) -> Project:
    settings.REACTIONS = {
        "submission.created": ["forms.registry.register_submission"],
        "submission.updated": ["forms.registry.register_submission"],
        "entity.touched": ["tests.forms.test_registry.hear"],
        "submission.registered": ["tests.forms.test_registry.hear"],
    }
    project = make_project()
    create_dataset(project, "child", actor=None, area_property="village_code")
    publish(project, ENUM)
    publish(project, HOME_VISIT)
    return project


heard: list[dict] = []


def hear(**payload):
    heard.append(payload)


@pytest.fixture
def phone(project: Project, lan: User) -> AppUser:
    heard.clear()
    return make_phone(project, lan)


@pytest.fixture
def enroll(project, phone, country, drain):
    """Register a child by a submission; answers its uuid."""

    def enroll(
        name: str = "张小明", village: str = "", sender: AppUser | None = None, **branch: str
    ) -> str:
        key = str(uuid.uuid4())
        answers = {
            "enum_date": "2026-01-05",
            "child_name": name,
            "village_code": village or country.village.code,
        }
        receive_submission(
            project,
            instance("enum", answers, entity=create_entity(key, name, **branch)),
            actor=sender or phone,
        )
        drain()
        return key

    return enroll


@pytest.fixture
def visit(project, phone, drain):
    """Send a home visit that updates a child."""

    def visit(
        child: str,
        base: int,
        answers: dict[str, str] | None = None,
        *,
        sender: AppUser | None = None,
        **more: str,
    ):
        instance_id, replaces = more.pop("instance_id", ""), more.pop("replaces", "")
        entity = update_entity(child, base, **more)
        xml = instance(
            "home_visit",
            {"child": child, **(answers or {})},
            entity=entity,
            instance_id=instance_id,
            replaces=replaces,
        )
        receipt = receive_submission(project, xml, actor=sender or phone)
        drain()
        return receipt

    return visit


def child_of(key: str) -> Entity:
    return Entity.objects.get(uuid=key)


def test_a_submission_creates_an_entity_where_its_property_places_it(enroll, country):
    key = enroll(village=country.next_village.code)
    child = child_of(key)
    assert (child.label, child.version, child.area) == ("张小明", 1, country.next_village)
    assert child.data["child_name"] == "张小明"
    assert Submission.objects.get().area == country.next_village
    assert Subject.objects.get().entity == child


def test_an_unreadable_place_falls_to_the_worker(enroll, country):
    assert child_of(enroll(village="000")).area == country.village


def test_listeners_hear_of_the_submission_first_then_of_its_subjects(enroll):
    key = enroll()
    assert heard[0].keys() == {"version_id"}
    assert heard[1]["entity_id"] == child_of(key).pk
    assert heard[1]["cause_subject"].startswith("submission:uuid:")


def test_registering_twice_is_as_once(enroll, visit):
    key = enroll()
    receipt = visit(key, 1, {"phone": "1"})
    register_submission(receipt.version.pk)
    assert EntityVersion.objects.filter(entity__uuid=key).count() == 2
    assert Subject.objects.filter(entity__uuid=key).count() == 2


def test_an_update_raises_the_version_by_one_and_leaves_other_properties(enroll, visit):
    key = enroll()
    visit(key, 1, {"phone": "138", "visit_date": "2026-02-01"})
    child = child_of(key)
    assert (child.version, child.conflict) == (2, "")
    assert child.data["phone"] == "138"
    assert child.data["child_name"] == "张小明"


def test_a_change_of_another_property_meanwhile_is_a_soft_conflict(enroll, visit):
    key = enroll()
    visit(key, 1, {"visit_date": "2026-02-01"})
    visit(key, 1, {"phone": "138"})
    child = child_of(key)
    assert (child.version, child.conflict) == (3, "soft")
    assert child.data["last_visit"] == "2026-02-01"


def test_a_change_of_the_same_property_meanwhile_is_a_hard_conflict(enroll, visit):
    key = enroll()
    visit(key, 1, {"phone": "138"})
    visit(key, 1, {"phone": "139"})
    child = child_of(key)
    assert (child.conflict, child.data["phone"]) == ("hard", "139")
    assert child.versions.last().conflicting_properties == ["phone"]


def test_the_servers_annotations_conflict_with_nothing(enroll, visit):
    key = enroll()
    annotate_entity(child_of(key), {"tier": "red"})
    visit(key, 1, {"phone": "138"})
    child = child_of(key)
    assert (child.version, child.conflict) == (3, "")
    assert child.data["tier"] == "red"


def test_an_annotation_that_changes_nothing_makes_no_version(enroll):
    child = child_of(enroll())
    annotate_entity(child, {"tier": "red"})
    annotate_entity(child, {"tier": "red"})
    assert child_of(str(child.uuid)).version == 2


def test_offline_changes_arriving_in_reverse_are_applied_in_the_phones_order(enroll, visit):
    key = enroll(branchId=BRANCH)
    branch = {"branchId": BRANCH, "trunkVersion": ""}
    visit(key, 3, {"phone": "3"}, **branch)
    visit(key, 2, {"phone": "2"}, **branch)
    assert child_of(key).version == 1
    assert HeldUpdate.objects.filter(settled_at=None, reason="waiting").count() == 2
    visit(key, 1, {"phone": "1"}, **branch)
    child = child_of(key)
    assert (child.version, child.data["phone"], child.conflict) == (4, "3", "")
    assert not HeldUpdate.objects.filter(settled_at=None).exists()
    assert Subject.objects.filter(entity=child).count() == 4


def test_an_update_before_its_create_waits_for_it(project, phone, enroll, visit, drain, country):
    key = str(uuid.uuid4())
    visit(key, 1, {"phone": "1"}, branchId=BRANCH, trunkVersion="")
    assert not Entity.objects.exists()
    answers = {"child_name": "李", "village_code": country.village.code}
    receive_submission(
        project, instance("enum", answers, entity=create_entity(key, "李")), actor=phone
    )
    drain()
    assert (child_of(key).version, child_of(key).data["phone"]) == (2, "1")


def test_offline_changes_around_an_annotation_do_not_conflict(enroll, visit):
    key = enroll(branchId=BRANCH)
    branch = {"branchId": BRANCH, "trunkVersion": ""}
    visit(key, 1, {"phone": "1"}, **branch)
    annotate_entity(child_of(key), {"tier": "yellow"})
    visit(key, 2, {"phone": "2"}, **branch)
    child = child_of(key)
    assert (child.version, child.conflict, child.data["phone"]) == (4, "", "2")


def test_what_never_comes_is_not_waited_for_for_ever(enroll, visit, drain):
    key = enroll()
    visit(key, 3, {"phone": "3"}, branchId=BRANCH, trunkVersion="1")
    assert force_overdue() == 0
    with clock.at(datetime.now(UTC) + timedelta(days=6)):
        assert force_overdue() == 1
    assert child_of(key).data["phone"] == "3"


def test_a_worker_cannot_write_a_child_of_another_village(
    project, enroll, visit, country, stranger
):
    key = enroll()
    visit(key, 1, {"phone": "666"}, sender=make_phone(project, stranger))
    assert "phone" not in child_of(key).data
    assert HeldUpdate.objects.get().reason == "out_of_scope"


def test_the_same_uuid_created_by_another_submission_is_kept_aside(project, phone, enroll, drain):
    key = enroll("张")
    receive_submission(
        project,
        instance("enum", {"child_name": "李"}, entity=create_entity(key, "李")),
        actor=phone,
    )
    drain()
    assert child_of(key).label == "张"
    assert HeldUpdate.objects.get().reason == "exists"


def test_an_operation_that_cannot_be_understood_is_kept_aside(project, phone, drain):
    receive_submission(
        project,
        instance("enum", {"child_name": "李"}, entity=create_entity("no-uuid", "李")),
        actor=phone,
    )
    drain()
    assert HeldUpdate.objects.get().reason == "invalid"


def test_editing_the_submission_that_created_a_child_updates_it(project, phone, country, drain):
    key, first = str(uuid.uuid4()), new_id()
    answers = {"child_name": "张晓", "village_code": country.village.code}
    entity = create_entity(key, "张晓")
    receive_submission(
        project, instance("enum", answers, entity=entity, instance_id=first), actor=phone
    )
    drain()
    annotate_entity(child_of(key), {"tier": "red"})
    edit = instance(
        "enum", {**answers, "child_name": "张小"}, entity=create_entity(key, "张小"), replaces=first
    )
    receive_submission(project, edit, actor=phone)
    drain()
    child = child_of(key)
    assert (Entity.objects.count(), child.label, child.data["child_name"]) == (1, "张小", "张小")
    assert (child.data["tier"], child.conflict) == ("red", "")


def test_an_edit_gives_only_what_it_changed(enroll, visit):
    key, first = enroll(), new_id()
    visit(key, 1, {"phone": "1", "visit_date": "2026-02-01"}, instance_id=first)
    visit(key, 2, {"phone": "2", "visit_date": "2026-02-02"})
    visit(key, 1, {"phone": "1", "visit_date": "2026-01-31"}, replaces=first)
    child = child_of(key)
    assert child.data["phone"] == "2"
    assert child.data["last_visit"] == "2026-01-31"
    assert child.versions.last().conflict == "hard"  # both changed the date


def test_a_submission_is_about_the_entity_that_it_selects(project, phone, enroll, drain):
    key = enroll()
    receive_submission(project, instance("home_visit", {"child": key, "phone": "1"}), actor=phone)
    drain()
    assert Subject.objects.filter(entity__uuid=key).count() == 2


def test_an_edit_that_selects_another_child_moves_the_submission(project, phone, enroll, drain):
    one, two, first = enroll("一"), enroll("二"), new_id()
    receive_submission(
        project, instance("home_visit", {"child": one}, instance_id=first), actor=phone
    )
    drain()
    heard.clear()
    receive_submission(project, instance("home_visit", {"child": two}, replaces=first), actor=phone)
    drain()
    moved = Submission.objects.get(instance_id=first)
    assert [str(link.entity.uuid) for link in moved.subjects.all()] == [two]
    assert {one["entity_id"] for one in heard[1:]} == {child_of(one).pk, child_of(two).pk}


def test_a_submission_about_a_task_is_about_the_tasks_child(project, phone, enroll, drain, lan):
    child = enroll()
    publish(project, HOME_VISIT.replace("child", "task").replace("home_visit", "feedback"))
    tasks = Dataset.objects.get(name="task")
    task = write_entity(tasks, uuid.uuid4(), "走访", {"child": child}, worker=lan)
    xml = instance(
        "feedback",
        {"task": str(task.uuid)},
        entity=update_entity(str(task.uuid), 1, dataset="task"),
    )
    receive_submission(project, xml, actor=phone)
    drain()
    assert {
        link.entity_id for link in Subject.objects.filter(submission__form__xml_form_id="feedback")
    } == {task.pk, child_of(child).pk}
    assert Entity.objects.get(pk=task.pk).version == 2


def test_another_workers_task_cannot_be_written(project, enroll, drain, lan, county):
    publish(project, HOME_VISIT.replace("child", "task").replace("home_visit", "feedback"))
    task = write_entity(Dataset.objects.get(name="task"), uuid.uuid4(), "走访", {}, worker=lan)
    xml = instance(
        "feedback",
        {"task": str(task.uuid)},
        entity=update_entity(str(task.uuid), 1, dataset="task"),
    )
    receive_submission(project, xml, actor=make_phone(project, county))
    drain()
    assert Entity.objects.get(pk=task.pk).version == 1


def test_a_list_that_needs_approval_gets_its_entity_when_approved(project, phone, enroll):
    Dataset.objects.filter(name="child").update(approval_required=True)
    key = enroll()
    assert not Entity.objects.filter(uuid=key).exists()
    submission = Submission.objects.get()
    submission.review_state = "approved"
    submission.save()
    register_approval(submission)
    assert child_of(key).version == 1


def test_a_write_that_changes_nothing_makes_no_version(project, country):
    child = Dataset.objects.get(name="child")
    key = uuid.uuid4()
    write_entity(child, key, "张", {"village_code": country.village.code})
    same = write_entity(child, key, "张", {"village_code": country.village.code})
    changed = write_entity(child, key, "张", {"village_code": country.next_village.code})
    assert (same.version, changed.version, changed.area) == (1, 2, country.next_village)


def test_a_removed_entity_comes_back_by_writing_it(project):
    child = Dataset.objects.get(name="child")
    entity = write_entity(child, uuid.uuid4(), "张", {})
    remove_entity(entity)
    assert child_of(str(entity.uuid)).deleted_at is not None
    write_entity(child, entity.uuid, "张", {})
    assert child_of(str(entity.uuid)).deleted_at is None


def test_every_change_moves_the_lists_clock_even_when_time_stands_still(project):
    child = Dataset.objects.get(name="child")
    with clock.at(datetime(2026, 1, 1, tzinfo=UTC)):
        before = Dataset.objects.get(name="child").changed_at
        write_entity(child, uuid.uuid4(), "张", {})
        between = Dataset.objects.get(name="child").changed_at
        write_entity(child, uuid.uuid4(), "李", {})
        after = Dataset.objects.get(name="child").changed_at
    assert before < between < after


def test_a_job_killed_in_the_middle_leaves_nothing_and_is_done_once_later(
    project, phone, country, monkeypatch, drain
):
    key = str(uuid.uuid4())
    receive_submission(
        project,
        instance("enum", {"child_name": "张"}, entity=create_entity(key, "张")),
        actor=phone,
    )

    def die(*_):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(registering, "link_subjects", die)
        run_pending()
    assert not Entity.objects.exists()
    Reaction.objects.update(run_at=clock.now(), last_error="")
    drain()
    assert (child_of(key).version, Subject.objects.count()) == (1, 1)
