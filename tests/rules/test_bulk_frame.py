"""Facts of many children as columns: what is one value for a child is the same value in a column, and what is
refused for one is refused among many."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules import problems
from rules.engine.bulk import frame_of
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from server.problems import Kind, Problem
from tests.rules.bulk_kit import AS_OF, RandomRuleSets, as_listed
from tests.rules.durable_kit import FACTS, document_of
from tests.rules.programme_kit import programme

RULES = load_document(document_of({"R": "${seen}"}))
_SCALARS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-5, 5)
    | st.floats()
    | st.text(max_size=6)
    | st.dates()
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC))
    | st.binary(max_size=3)
    | st.sampled_from(["a", "b d", "zz", "yes", "no", "2020-02-29", "3.5", "\ud800"])
)
RAW = st.one_of(
    _SCALARS,
    st.lists(_SCALARS, max_size=3),
    st.lists(_SCALARS, max_size=3).map(tuple),
    st.sets(st.sampled_from("abcz")),
    st.dictionaries(st.text(max_size=2), _SCALARS, max_size=2),
    st.lists(st.lists(_SCALARS, max_size=1), max_size=2).map(tuple),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(FACTS)), st.lists(RAW, min_size=1, max_size=3))
@example("weight", [float("nan")])
@example("weight", [float("inf"), 1])
@example("age", [2**70])
@example("signs", [("a", [])])
@example("note", ["\ud800"])
@example("signs", [["\ud800"]])
def test_a_column_takes_what_one_child_takes_and_refuses_the_rest(
    name: str, given_values: list[Any]
):
    expected = [one_child(name, value) for value in given_values]
    try:
        told = frame_of(RULES, [{name: value} for value in given_values])[name].to_list()
    except Problem as problem:
        told = [problem.kind]
    refused = [value for value in expected if isinstance(value, Kind)]
    assert told == (refused[:1] or expected)


def one_child(name: str, value: Any) -> Any:
    """The value as one child has it, or how it is refused."""
    try:
        return as_listed(resolve(RULES, {name: value}, AS_OF).get(name))
    except Problem as problem:
        return problem.kind


def test_columns_are_the_facts_in_their_order_and_type():
    rule_set = load_document(RandomRuleSets(1).document())
    frame = frame_of(rule_set, [{"seen_at": datetime(2026, 1, 1, tzinfo=UTC), "signs": ("a",)}, {}])
    assert frame.columns == list(rule_set.facts)
    assert frame.schema["age"] == pl.Int64
    assert frame.schema["weight"] == pl.Float64
    assert frame.schema["born"] == pl.Date
    assert frame.schema["seen_at"] == pl.Datetime("us", "UTC")
    assert frame.schema["signs"] == pl.List(pl.String)
    assert frame.schema["carer"] == frame.schema["note"] == pl.String
    assert frame["signs"].to_list() == [["a"], None]


def test_a_fact_that_there_is_not_is_refused_with_a_cure():
    with pytest.raises(Problem) as refused:
        frame_of(RULES, [{"age": 3}, {"agee": 3}])
    assert refused.value.kind is problems.UNKNOWN_FACT
    assert "age" in str(refused.value.tokens["cure"])


def test_rows_may_come_one_by_one_and_more_than_a_block_of_them():
    frame = frame_of(RULES, ({"age": number, "born": date(2020, 1, 1)} for number in range(1203)))
    assert frame["age"].to_list() == list(range(1203))
    assert frame["born"].null_count() == 0
    assert frame["note"].null_count() == 1203


def test_the_programme_has_a_column_for_each_fact():
    assert frame_of(programme(), [{}, {}, {}]).shape == (3, len(programme().facts))
