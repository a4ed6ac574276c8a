"""Whatever changes what is known of a child leads to an evaluation: over the phone, the services and the outbox."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from forms.models import Entity, Project, Submission
from forms.services import create_dataset
from forms.services.entities import update_entity as change_entity
from forms.services.submissions import delete_submission, restore_submission, set_review_state
from rules.models import Evaluation, TierState
from rules.services import evaluate
from rules.services.reevaluation import reevaluate
from server import clock
from server.people.models import User
from tests.conftest import Country
from tests.forms.field_work import (
    Phone,
    create_entity,
    instance,
    make_phone,
    make_project,
    new_id,
    publish,
    update_entity,
)
from tests.rules.county_kit import ALL_WELL, make_child, release_small, store
from tests.rules.test_evaluate_together import CHILD, ENUM, VISIT

NOON = datetime(2026, 9, 10, 4, 0, tzinfo=UTC)
DANGER = ALL_WELL | {"danger": "yes"}
ALONE = ALL_WELL | {"alone": "yes"}
Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


class Field:
    """A worker with a phone and one registered child; `visit` sends and lets everything follow."""

    def __init__(self, project: Project, worker: User, country: Country, drain: Drain) -> None:
        self.project, self.drain, self.days = project, drain, 0
        self.phone = Phone(make_phone(project, worker), project)
        answers = {
            "enum_date": "2026-09-10",
            "child_name": "张小明",
            "village_code": country.village.code,
        }
        self.send(instance("child_enum", answers, entity=create_entity(CHILD)))

    def send(self, xml: bytes) -> None:
        self.days += 1
        with clock.at(NOON + timedelta(days=self.days)):
            assert self.phone.send(xml).status_code == 201
            self.drain()

    def visit(
        self, answers: dict[str, str], on: str = "2026-09-11", name: str = "", instead_of: str = ""
    ) -> str:
        name = name or new_id()
        told = {"child": CHILD, "visit_date": on, "kind": "routine", **answers}
        version = Entity.objects.get(uuid=CHILD).version
        entity = "" if instead_of else update_entity(CHILD, version)
        xml = instance("home_visit", told, entity=entity, instance_id=name, replaces=instead_of)
        self.send(xml)
        return name

    def after(self, work: Callable[[], object]) -> None:
        """Somebody at a desk does something, and everything follows."""
        self.days += 1
        with clock.at(NOON + timedelta(days=self.days)):
            work()
            self.drain()

    @property
    def newest(self) -> Evaluation:
        found = Evaluation.objects.filter(entity__uuid=CHILD).first()
        assert found is not None
        return found

    @property
    def told(self) -> tuple[str, str, str]:
        """The computed tier, what made us look, and what made the outcome another."""
        return self.newest.tier, self.newest.cause, self.newest.change


@pytest.fixture
def field(country: Country, lan: User, drain: Drain) -> Field:
    project = make_project()
    create_dataset(project, "child", actor=None, area_property="village_code")
    create_dataset(project, "task", actor=None)
    for form in (ENUM, VISIT):
        publish(project, form)
    release_small(project)
    drain()
    return Field(project, lan, country, drain)


def submission(name: str) -> Submission:
    return Submission.objects.get(instance_id=name)


def test_a_visit_is_evaluated(field: Field) -> None:
    assert field.told == ("green", "submission.created", "first")
    name = field.visit(ALONE)
    assert field.told == ("yellow", "submission.created", "life")
    assert field.newest.cause_subject == f"submission:{name}"


def test_an_edit_is_evaluated(field: Field) -> None:
    name = field.visit(ALONE)
    field.visit(ALL_WELL, instead_of=name)
    assert field.told == ("green", "submission.updated", "life")
    assert Evaluation.objects.count() == 3, "what was said before the edit stays as it was"


def test_a_deletion_is_evaluated_and_so_is_taking_it_back(field: Field) -> None:
    field.visit(ALL_WELL)
    name = field.visit(ALONE, on="2026-09-12")
    field.after(lambda: delete_submission(submission(name), actor=None))
    assert field.told == ("green", "submission.deleted", "life")
    field.after(lambda: restore_submission(submission(name), actor=None))
    assert field.told == ("yellow", "submission.restored", "life")


def test_a_rejection_in_review_is_evaluated(field: Field) -> None:
    field.visit(ALL_WELL)
    name = field.visit(ALONE, on="2026-09-12")
    rejected = Submission.ReviewState.REJECTED
    field.after(lambda: set_review_state(submission(name), rejected, actor=None))
    assert field.told == ("green", "submission.reviewed", "life")


def test_a_late_arrival_takes_its_place_in_the_past(field: Field) -> None:
    field.visit(ALL_WELL, on="2026-09-12")
    field.visit(ALONE, on="2026-09-11")
    assert field.newest.tier == "green", "the newer visit still speaks"
    field.visit(DANGER, on="2026-09-11")
    assert field.told == ("red", "submission.created", "life"), "danger stands until it is cleared"


def test_a_transfer_is_evaluated(field: Field, country: Country) -> None:
    field.visit(ALONE)
    child = Entity.objects.get(uuid=CHILD)
    before = TierState.objects.get(entity=child).updated_at
    moved = {"village_code": country.other_town_village.code}

    def transfer() -> None:
        change_entity(
            child,
            label=None,
            data=moved,
            base_version=None,
            is_forced=True,
            resolves=False,
            actor=None,
        )

    field.after(transfer)
    child.refresh_from_db()
    assert child.area == country.other_town_village
    assert TierState.objects.get(entity=child).updated_at > before
    assert Evaluation.objects.count() == 2, "the same outcome is not stored twice"


def test_a_merge_of_two_children_evaluates_the_ones_it_names(
    field: Field, country: Country
) -> None:
    field.visit(ALL_WELL)
    kept = Entity.objects.get(uuid=CHILD)
    other = make_child(country.village, field.project, "张小明（重复）")

    def merge() -> None:
        version = store(other, "home_visit", ALONE)
        version.submission.subjects.update(entity=kept)
        subject = f"entity:{kept.uuid}"
        assert reevaluate([kept.pk, other.pk, kept.pk], "entity.merge", subject) == 2

    field.after(merge)
    assert field.told == ("yellow", "entity.merge", "life")
    assert Evaluation.objects.filter(entity=other, cause="entity.merge").count() == 1


def test_a_submission_sent_twice_is_evaluated_once(field: Field) -> None:
    told = {"child": CHILD, "visit_date": "2026-09-11", "kind": "routine", **ALONE}
    xml = instance("home_visit", told, instance_id=new_id())
    field.send(xml)
    field.send(xml)
    assert Evaluation.objects.filter(cause="submission.created").count() == 2  # its enumeration too
