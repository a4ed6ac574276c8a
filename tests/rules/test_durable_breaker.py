"""When the second engine is left alone after failures."""

import pytest

from rules.engine.durable_breaker import BURST, REST, WINDOW, Breaker


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def breaker(watch: Watch) -> Breaker:
    return Breaker(clock=watch)


def test_after_one_failure_the_next_call_may_try(breaker: Breaker):
    breaker.failed(b"a")

    assert not breaker.is_resting()
    assert not breaker.is_banned(b"a")


def test_facts_that_fail_twice_in_a_row_are_banned_alone(breaker: Breaker):
    breaker.failed(b"a")
    breaker.failed(b"a")

    assert breaker.is_banned(b"a")
    assert not breaker.is_banned(b"b")


def test_an_answer_between_two_failures_clears_the_facts(breaker: Breaker):
    breaker.failed(b"a")
    breaker.succeeded(b"a")
    breaker.failed(b"a")

    assert not breaker.is_banned(b"a")


def test_rests_grow_with_the_row_of_failures_and_end(breaker: Breaker, watch: Watch):
    rests = []
    for facts in (b"a", b"b", b"c", b"d"):
        breaker.failed(facts)
        begun = watch.now
        while breaker.is_resting():
            watch.now += 0.25
        rests.append(watch.now - begun)

    assert rests == [0.0, 1.0, 2.0, 4.0]


def test_many_failures_in_a_minute_bring_a_long_rest_in_spite_of_answers(
    breaker: Breaker, watch: Watch
):
    for number in range(BURST):
        breaker.failed(b"%d" % number)
        breaker.succeeded(b"other")
    assert breaker.is_resting()

    watch.now += REST
    assert not breaker.is_resting()


def test_the_same_failures_spread_over_time_bring_none(breaker: Breaker, watch: Watch):
    for number in range(BURST * 2):
        breaker.failed(b"%d" % number)
        breaker.succeeded(b"other")
        watch.now += WINDOW / (BURST - 1) + 1

    assert not breaker.is_resting()


def test_only_a_thousand_facts_are_remembered(breaker: Breaker):
    for number in range(2500):
        breaker.failed(b"%d" % number)
        breaker.failed(b"%d" % number)

    assert breaker.is_banned(b"2499")
    assert not breaker.is_banned(b"0")
