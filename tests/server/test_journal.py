"""The outbox does each piece of work once, and the journal shows when it was touched."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from server import clock
from server.journal.models import Entry, Reaction
from server.journal.services import (
    MAX_TRIES,
    by_itself,
    first_broken_seal,
    give_way,
    pending,
    record,
    release_claims,
    retry_failed,
    run_pending,
    seal,
)

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
done: list[str] = []


def note(word: str) -> None:
    """A job that leaves a trace in memory and in the database."""
    done.append(word)
    record("test.noted", subject=word)


def write_then_fail(word: str) -> None:
    record("test.half", subject=word)
    raise ValueError("the disk is full")


def killed(word: str) -> None:
    record("test.half", subject=word)
    raise KeyboardInterrupt  # stands for a kill: nothing after it runs


@by_itself
def steps(word: str) -> None:
    """A long job: its first step is committed before it dies in the second."""
    for step in ("first", "second"):
        give_way()
        if f"{word}:{step}" not in done:
            with transaction.atomic():
                record("test.step", subject=f"{word}:{step}")
            done.append(f"{word}:{step}")
            if step == "first":
                raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def reactions(settings):
    done.clear()
    settings.REACTIONS = {
        "noted": [f"{__name__}.note"],
        "failing": [f"{__name__}.write_then_fail"],
        "killing": [f"{__name__}.killed"],
        "stepping": [f"{__name__}.steps"],
        "both": [f"{__name__}.note", f"{__name__}.write_then_fail"],
    }


def test_a_reaction_runs_once():
    record("a", event="noted", payload={"word": "x"})
    assert run_pending() == 1
    assert run_pending() == 0
    assert done == ["x"]


def test_nothing_is_asked_for_when_the_change_is_undone():
    with transaction.atomic():
        record("a", event="noted", payload={"word": "x"})
        transaction.set_rollback(True)
    assert not Entry.objects.exists()
    assert not Reaction.objects.exists()


def test_a_failed_job_leaves_nothing_half_written_and_comes_again_later():
    with clock.at(START):
        record("a", event="failing", payload={"word": "x"})
        run_pending()
        assert not Entry.objects.filter(action="test.half").exists()
        assert run_pending() == 0
    with clock.at(START + timedelta(seconds=6)):
        assert run_pending() == 1
    assert "the disk is full" in Reaction.objects.get().last_error


def test_one_failing_job_does_not_hold_up_the_others():
    record("a", event="both", payload={"word": "x"})
    assert run_pending() == 2
    assert done == ["x"]


def test_after_the_last_try_a_person_must_look_and_can_start_it_again():
    record("a", event="failing", payload={"word": "x"})
    for tried in range(MAX_TRIES):
        with clock.at(clock.now() + timedelta(days=tried + 1)):
            assert run_pending() == 1
    reaction = Reaction.objects.get()
    assert reaction.failed_at is not None
    assert reaction.tries == MAX_TRIES
    assert retry_failed() == 1
    with clock.at(clock.now() + timedelta(days=9)):
        assert pending().count() == 1


def test_work_of_a_killed_worker_is_done_once_after_restart():
    record("a", event="killing", payload={"word": "x"})
    with pytest.raises(KeyboardInterrupt):
        run_pending()
    assert not Entry.objects.filter(action="test.half").exists()
    assert pending().count() == 0, "still claimed by the dead worker"
    release_claims()
    Reaction.objects.update(job=f"{__name__}.note")
    assert run_pending() == 1
    assert done == ["x"]


def test_a_claim_of_a_worker_that_vanished_runs_out():
    with clock.at(START):
        record("a", event="noted", payload={"word": "x"})
        Reaction.objects.update(claimed_at=clock.now(), claim="dead")
        assert run_pending() == 0
    with clock.at(START + timedelta(minutes=11)):
        assert run_pending() == 1


def test_sealed_entries_form_a_chain_that_shows_a_change():
    for word in ("a", "b", "c"):
        record(word, details={"n": word})
    assert seal() == 3
    assert seal() == 0
    assert first_broken_seal() is None
    Entry.objects.filter(action="b").update(details={"n": "changed"})
    assert first_broken_seal() == 2


def test_a_missing_entry_breaks_the_chain():
    for word in ("a", "b", "c"):
        record(word)
    seal()
    Entry.objects.filter(seq=3).update(seq=4)
    assert first_broken_seal() == 3


def test_entries_cannot_be_deleted():
    record("a")
    with pytest.raises(TypeError):
        Entry.objects.all().delete()


def test_a_long_job_keeps_the_steps_it_committed_and_lets_others_write_between():
    record("a", event="stepping", payload={"word": "x"})
    given: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        run_pending(between=lambda: given.append(1))
    assert Entry.objects.filter(action="test.step").count() == 1
    release_claims()
    assert run_pending(between=lambda: given.append(2)) == 1
    assert Entry.objects.filter(action="test.step").count() == 2
    assert given == [1, 2, 2, 2], "before each step, and after the job that ended"
    assert Reaction.objects.get().done_at is not None


def test_outside_of_a_worker_nobody_gives_way():
    give_way()
