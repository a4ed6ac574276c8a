"""The stock people stand where their stories say."""

from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings

from server.journal.models import Reaction
from server.journal.services import emit
from server.people.access import scope_of
from server.people.models import User
from server.people.roles import Verb
from tests.conftest import Country


def test_lan_reads_her_village_and_no_other(lan: User, country: Country) -> None:
    scope = scope_of(lan, Verb.ENTITY_READ)
    assert scope.covers(country.village.path)
    assert not scope.covers(country.next_village.path)


def test_the_stranger_reads_nothing_of_lans_county(stranger: User, country: Country) -> None:
    scope = scope_of(stranger, Verb.ENTITY_READ)
    assert not scope.covers(country.village.path)
    assert scope.covers(country.other_county_village.path)


def test_drain_runs_what_is_pending_and_reports_a_failed_job(
    drain: Callable[[], int], settings: Settings
) -> None:
    settings.REACTIONS = {"good": ["builtins.dict"], "bad": ["builtins.int"]}
    emit("good", {})
    assert drain() == 1
    assert Reaction.objects.get().done_at is not None
    emit("bad", {"nonsense": 1})
    with pytest.raises(AssertionError, match=r"builtins\.int: TypeError"):
        drain()
