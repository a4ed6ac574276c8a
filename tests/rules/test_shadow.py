"""A candidate beside the release in force: it is asked at each evaluation, acts on nothing, breaks nothing, ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from forms.models import Entity
from rules import problems
from rules.jobs import keep_releases
from rules.models import Release, ShadowResult, Task
from rules.services import evaluate
from rules.services.drafts import put_draft
from rules.services.releases import activate_release
from rules.services.shadow import observing, start_shadow, stop_shadow
from rules.services.shadow.reporting import differing_for, shadow_report
from server import clock
from server.journal.models import Entry, Reaction
from server.people.models import User
from server.people.roles import Role
from server.problems import FORBIDDEN, UNEXPECTED, Kind, Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import ALL_WELL, live, make_child, release_small, state_of, tell
from tests.rules.release_kit import POOR, requested, rule_set_of, stricter

Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))


@pytest.fixture
def author(db: None) -> User:
    return make_user("author", Role.RULE_ADMIN)


@pytest.fixture
def children(country: Country, drain: Drain) -> list[Entity]:
    """One poor child and one who is well, under the small rule set."""
    first = make_child(country.village)
    release_small(first.dataset.project)
    second = make_child(country.other_town_village, first.dataset.project, "李小红")
    tell(first, "home_visit", POOR)
    tell(second, "home_visit", ALL_WELL)
    drain()
    return [first, second]


def begin(child: Entity, author: User, points: int = 31, days: float = 7) -> Release:
    put_draft(rule_set_of(child), stricter(points), author)
    return start_shadow(rule_set_of(child), author, None, clock.now() + timedelta(days=days))


def result_of(child: Entity) -> ShadowResult:
    return ShadowResult.objects.get(entity=child)


def refusal(kind: Kind, work: Callable[[], object]) -> None:
    with pytest.raises(Problem) as found:
        work()
    assert found.value.kind is kind, found.value


def test_it_looks_at_all_children_once_and_acts_on_none(
    children: list[Entity], author: User, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "CHUNK", 1)
    before = (state_of(children[0]).updated_at, live(children[0]), Task.objects.count())
    candidate = begin(children[0], author)
    drain()
    report = shadow_report(candidate)
    assert (report.compared, report.differing, report.failed) == (2, 1, 0)
    assert report.agreement == 0.5
    assert report.matrix == {("blue", "yellow"): 1, ("green", "green"): 1}
    details = result_of(children[0]).details
    assert (details["tier"], details["score"]) == (["blue", "yellow"], [10, 31])
    assert (details["rules"], details["opened"]) == ([], [])  # the same rule, only heavier
    assert (state_of(children[0]).updated_at, live(children[0]), Task.objects.count()) == before


def test_it_looks_again_at_each_evaluation(
    children: list[Entity], author: User, drain: Drain
) -> None:
    candidate = begin(children[0], author)
    drain()
    tell(children[1], "home_visit", POOR)
    drain()
    assert shadow_report(candidate).differing == 2
    tell(children[0], "home_visit", ALL_WELL)
    drain()
    assert not result_of(children[0]).differs
    assert ShadowResult.objects.count() == 2


def test_rules_and_tasks_that_differ_are_named(
    children: list[Entity], author: User, drain: Drain
) -> None:
    document = stricter(10)
    document["rules"][1] |= {"when": "${poor} = 'no'", "tasks": ["T_CARE"]}
    put_draft(rule_set_of(children[0]), document, author)
    until = clock.now() + timedelta(days=1)
    candidate = start_shadow(rule_set_of(children[0]), author, None, until)
    drain()
    details = result_of(children[0]).details
    assert details["rules"] == [{"id": "R-POOR", "old": "true", "new": "false"}]
    assert (details["opened"], details["left"]) == ([], ["T_AID"])
    assert result_of(children[1]).details["opened"] == ["T_CARE"]
    assert dict(shadow_report(candidate).rules) == {"R-POOR": 2}


def test_its_failure_is_caught_and_counted_and_the_evaluation_stands(
    children: list[Entity], author: User, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = begin(children[0], author)
    drain()
    monkeypatch.setattr(observing, "standing_of", lambda *_: 1 / 0)
    tell(children[1], "home_visit", POOR)
    drain()
    assert state_of(children[1]).tier == "blue"
    report = shadow_report(candidate)
    assert (report.compared, report.failed) == (1, 1)
    assert result_of(children[1]).details == {"failed": "ZeroDivisionError"}


def test_the_evaluation_itself_pays_one_row_for_it(
    children: list[Entity], author: User, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(children[0], author)
    drain()
    monkeypatch.setattr(observing, "standing_of", lambda *_: pytest.fail("not in this transaction"))
    tell(children[1], "home_visit", POOR)
    assert Reaction.objects.filter(event="shadow.due", done_at=None).count() == 1


def test_without_a_candidate_nothing_is_asked(children: list[Entity]) -> None:
    assert not Reaction.objects.filter(event__startswith="shadow").exists()


def test_it_ends_by_itself_and_keeps_what_it_found(
    children: list[Entity], author: User, drain: Drain
) -> None:
    candidate = begin(children[0], author, days=1)
    drain()
    with clock.at(clock.now() + timedelta(days=1, minutes=1)):
        tell(children[1], "home_visit", POOR)
        drain()
        assert not result_of(children[1]).differs, "its time is over, even before anybody ends it"
        keep_releases()
        rule_set = rule_set_of(children[0])
        assert (rule_set.candidate, shadow_report(candidate).compared) == (None, 2)
    words = Entry.objects.filter(action__startswith="rule_set.shadow").order_by("pk")
    assert [one.action for one in words] == ["rule_set.shadow.begin", "rule_set.shadow.end"]


def test_it_ends_when_the_candidate_comes_into_force(
    children: list[Entity], author: User, drain: Drain
) -> None:
    release = requested(children[0], author)
    start_shadow(rule_set_of(children[0]), author, release, clock.now() + timedelta(days=3))
    Release.objects.filter(pk=release.pk).update(status="approved")
    activate_release(release, author)
    assert rule_set_of(children[0]).candidate is None
    drain()
    assert state_of(children[0]).tier == "yellow"


def test_a_frozen_draft_on_trial_is_no_request(children: list[Entity], author: User) -> None:
    candidate = begin(children[0], author)
    assert (candidate.status, candidate.number) == ("trial", 2)
    assert requested(children[0], author, 12).number == 3


def test_what_cannot_be_compared_is_refused(children: list[Entity], author: User) -> None:
    rule_set, soon = rule_set_of(children[0]), clock.now() + timedelta(days=1)
    refusal(problems.NO_DRAFT, lambda: start_shadow(rule_set, author, None, soon))
    refusal(UNEXPECTED, lambda: start_shadow(rule_set, author, None, clock.now()))
    far = clock.now() + timedelta(days=400)
    refusal(UNEXPECTED, lambda: start_shadow(rule_set, author, None, far))
    active = rule_set.active
    refusal(problems.RELEASE_STATE, lambda: start_shadow(rule_set, author, active, soon))
    refusal(problems.SHADOW_NONE, lambda: stop_shadow(rule_set, author))
    begin(children[0], author)
    refusal(problems.SHADOW_RUNNING, lambda: begin(children[0], author))


def test_children_are_named_only_to_those_who_may_read_them(
    children: list[Entity],
    author: User,
    county: User,
    stranger: User,
    lan: User,
    country: Country,
    drain: Drain,
) -> None:
    candidate = begin(children[0], author)
    tell(children[1], "home_visit", POOR)
    drain()
    town = make_user("town", Role.TOWN_SUPERVISOR, country.town)

    def seen(reader: User) -> list[Any]:
        return [one.child and one.child.label for one in differing_for(candidate, reader)[0]]

    assert sorted(seen(county)) == ["张小明", "李小红"]
    assert seen(town) == ["张小明"]
    assert seen(author) == [None, None]
    assert seen(stranger) == []
    refusal(FORBIDDEN, lambda: seen(lan))
    read = Entry.objects.filter(action="rule_set.shadow.read")
    assert {entry.actor_id for entry in read} == {county.pk, town.pk}


def test_those_who_differ_come_in_pages(
    children: list[Entity], county: User, author: User, drain: Drain
) -> None:
    candidate = begin(children[0], author)
    tell(children[1], "home_visit", POOR)
    drain()
    first, after = differing_for(candidate, county, size=1)
    second, end = differing_for(candidate, county, after=after, size=1)
    assert {one.child for one in [*first, *second]} == set(children)
    assert end == ""
