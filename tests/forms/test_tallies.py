"""The number of a form's records, told without counting: right after whatever may happen to a record."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.filters.conditions import EVERYTHING
from exports.tables.counting import count_submissions
from exports.tables.reading import source_of
from forms.models import Form, Project, RecordTally, Submission
from forms.registry import tallies
from forms.registry.tallies import fold_tally, note_moved, recount_tallies
from forms.services.submissions import delete_submission, restore_submission
from server import clock
from server.people.models import User
from server.people.roles import Role
from server.places.models import Area
from tests.conftest import Country, make_user
from tests.exports.reading_kit import send
from tests.forms.field_work import VISIT, instance, make_project, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def form(project: Project) -> Form:
    return publish(project, VISIT).form


def send_many(project: Project, actor: User, number: int) -> list[Submission]:
    return [send(project, instance("visit", {}), actor) for _ in range(number)]


def told(form: Form, reader: User) -> int:
    """What is told, which must be what is there."""
    form = Form.objects.select_related("current").get(pk=form.pk)
    assert form.current is not None
    reader = User.objects.get(pk=reader.pk)
    source = source_of(form, form.current, reader, EVERYTHING)
    number = count_submissions(source)
    assert number == source.rows.count()
    return number


def fold(form: Form) -> None:
    """Count what is there, as if it were settled."""
    with clock.at(clock.now() + timedelta(minutes=10)):
        fold_tally(form.pk, least=1)


def move(submission: Submission, area: Area | None) -> None:
    before = (submission.area_id, submission.school_id)
    submission.area = area
    submission.save()
    note_moved(submission, before)


def test_records_count_before_and_after_they_are_folded(
    form: Form, project: Project, admin: User
) -> None:
    assert told(form, admin) == 0
    send_many(project, admin, 3)
    assert told(form, admin) == 3
    fold(form)
    assert RecordTally.objects.get().parts.get().number == 3
    send_many(project, admin, 2)
    assert told(form, admin) == 5
    fold(form)
    fold(form)
    assert told(form, admin) == 5


def test_only_settled_records_are_folded_and_only_many(
    form: Form, project: Project, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_many(project, admin, 3)
    fold_tally(form.pk, least=1)
    assert not RecordTally.objects.exists(), "none is five minutes old"
    with clock.at(clock.now() + timedelta(minutes=10)):
        tallies.fold_tallies()
        assert not RecordTally.objects.exists(), "three are counted on the way"
        monkeypatch.setattr(tallies, "WORTH_WHILE", 3)
        fold_tally(form.pk, least=3)
    assert RecordTally.objects.get().upto == Submission.objects.order_by("-pk")[0].pk


def test_deleted_and_restored_records_are_put_right(
    form: Form, project: Project, admin: User
) -> None:
    first, second, third = send_many(project, admin, 3)
    delete_submission(first, actor=admin)
    fold(form)
    assert told(form, admin) == 2
    delete_submission(second, actor=admin)
    delete_submission(second, actor=admin)
    assert told(form, admin) == 1
    restore_submission(first, actor=admin)
    restore_submission(second, actor=admin)
    assert told(form, admin) == 3
    assert third.deleted_at is None


def test_each_reader_is_told_what_their_scope_holds(
    form: Form, project: Project, admin: User, lan: User, county: User, stranger: User, country: Country
) -> None:  # fmt: skip
    for submission in send_many(project, admin, 3):
        move(submission, country.village)
    here, there = send_many(project, admin, 2)
    move(there, country.other_county_village)
    (hers,) = send_many(project, lan, 1)
    move(hers, country.other_county_village)
    readers = (admin, county, lan, stranger)
    assert [told(form, one) for one in readers] == [6, 3, 4, 2]
    fold(form)
    assert [told(form, one) for one in readers] == [6, 3, 4, 2]
    move(here, country.next_village)
    assert [told(form, one) for one in readers] == [6, 4, 4, 2]
    delete_submission(hers, actor=admin)
    assert [told(form, one) for one in readers] == [5, 4, 3, 1]
    teacher = make_user("teacher", Role.TOWN_SUPERVISOR, country.town)
    assert told(form, teacher) == 4


def test_a_recount_finds_what_was_missed(form: Form, project: Project, admin: User) -> None:
    send_many(project, admin, 4)
    fold(form)
    one = Submission.objects.order_by("pk")[0]
    Submission.objects.filter(pk=one.pk).update(deleted_at=clock.now())  # behind its back
    with clock.at(clock.now() + timedelta(minutes=10)):
        recount_tallies()
    assert told(form, admin) == 3


def test_telling_the_number_does_not_look_at_old_records(
    form: Form, project: Project, admin: User, django_assert_num_queries
) -> None:
    send_many(project, admin, 3)
    fold(form)
    RecordTally.objects.get().parts.update(number=123_456)  # nobody would count so many
    form = Form.objects.select_related("current").get()
    assert form.current is not None
    source = source_of(form, form.current, admin, EVERYTHING)
    with django_assert_num_queries(1):  # what was counted and what came since
        assert count_submissions(source) == 123_456


# one world for all examples: each goes on where the last one ended
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(["send", "fold", "delete", "restore", "move"]), max_size=14),
       pick=st.integers(0, 99))  # fmt: skip
def test_whatever_happens_the_number_is_right(
    form: Form,
    project: Project,
    admin: User,
    county: User,
    country: Country,
    steps: list[str],
    pick: int,
) -> None:
    places = (country.village, country.other_county_village, None)
    for number, step in enumerate(steps):
        rows = list(Submission.objects.filter(form=form).order_by("pk"))
        one = rows[(pick + number) % len(rows)] if rows else None
        if step == "send":
            send_many(project, admin, 1)
        elif step == "fold":
            fold(form)
        elif one is not None and step == "delete":
            delete_submission(one, actor=admin)
        elif one is not None and step == "restore":
            restore_submission(one, actor=admin)
        elif one is not None:
            move(one, places[(pick + number) % 3])
        told(form, admin)
        told(form, county)
