"""`$filter`: whatever is written is either understood or refused with a Problem, and means what it says."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.filters.conditions import condition_of
from exports.filters.grammar import (
    COMPARISONS,
    PARTS,
    Call,
    Compare,
    Field,
    Join,
    Literal,
    Node,
    Not,
    fields_in,
    parse_filter,
)
from exports.tables.reading import COLUMNS
from forms.models import Submission
from server.problems import Problem

FIELDS = ("__id", "__system/submissionDate", "$root/Submissions/__system/reviewState")
_FEW = settings(max_examples=100, deadline=None)


def written(node: Node) -> str:
    """The text of a tree, with every pair of parentheses."""
    if isinstance(node, Field):
        return node.path
    if isinstance(node, Literal):
        return node.text
    if isinstance(node, Call):
        return f"{node.name}({written(node.argument) if node.argument else ''})"
    if isinstance(node, Not):
        return f"not ({written(node.inner)})"
    return f"({written(node.left)}) {node.operator} ({written(node.right)})"


def bare(node: Node) -> object:
    """A tree without the places of its parts."""
    if isinstance(node, Field):
        return node.path
    if isinstance(node, Literal):
        return ("=", node.value)
    if isinstance(node, Call):
        return (node.name, node.argument and bare(node.argument))
    if isinstance(node, Not):
        return ("not", bare(node.inner))
    assert isinstance(node, Compare | Join)
    return (node.operator, bare(node.left), bare(node.right))


def outcome(read: Callable[[], Any]) -> tuple[Any, str]:
    """What was read, or the code of the Problem."""
    try:
        return read(), ""
    except Problem as problem:
        return None, problem.kind.code


_texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12)
_constants = st.one_of(
    _texts.filter(str.isprintable).map(
        lambda text: Literal(text, "'" + text.replace("'", "''") + "'", 0)
    ),
    st.integers(-(10**9), 10**9).map(lambda number: Literal(Decimal(number), str(number), 0)),
    st.dates(min_value=datetime(1900, 1, 1).date()).map(
        lambda day: Literal(datetime(day.year, day.month, day.day, tzinfo=UTC), day.isoformat(), 0)
    ),
    st.sampled_from([Literal(None, "null", 0), Literal(True, "true", 0)]),
)
_operands = st.one_of(
    st.sampled_from(FIELDS).map(lambda path: Field(path, 0)),
    _constants,
    st.just(Call("now", None, 0)),
    st.sampled_from(PARTS).map(lambda name: Call(name, Field(FIELDS[1], 0), 0)),
)
_comparisons = st.builds(Compare, st.sampled_from(COMPARISONS), _operands, _operands, st.just(0))
_trees = st.recursive(
    _comparisons,
    lambda inner: st.one_of(
        st.builds(Join, st.sampled_from(("and", "or")), inner, inner), st.builds(Not, inner)
    ),
    max_leaves=8,
)


def _simple(node: Node) -> Node:
    """Two nots in a row are none."""
    if isinstance(node, Not):
        inner = _simple(node.inner)
        return Not(inner)
    if isinstance(node, Join):
        return Join(node.operator, _simple(node.left), _simple(node.right))
    return node


@_FEW
@given(_trees)
def test_what_is_written_is_read_back(tree: Node) -> None:
    assert bare(parse_filter(written(tree))) == bare(_simple(tree))


@_FEW
@given(_trees)
def test_every_filter_becomes_a_condition_or_a_problem(tree: Node) -> None:
    condition, code = outcome(lambda: condition_of(written(tree), COLUMNS))
    if condition is None:
        assert code in ("400.11", "400.18", "501.4")
    else:
        assert condition.fields == frozenset(fields_in(tree))


@_FEW
@given(st.text(max_size=60))
def test_nonsense_is_refused_and_never_a_fault(text: str) -> None:
    assert outcome(lambda: parse_filter(text))[1] in ("", "400.18", "501.4")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["(", ")", "not", "and", "or", "eq", "lt", "__id", "'x'", "1",
                                 "2020-01-01", "now()", "year(", "null", "true", ",", "in"]), max_size=14))  # fmt: skip
@pytest.mark.django_db
def test_any_order_of_words_is_answered_by_the_database_or_refused(words: list[str]) -> None:
    condition, code = outcome(lambda: condition_of(" ".join(words), COLUMNS))
    if condition is None:
        assert code in ("400.11", "400.18", "501.4", "501.5")
    else:
        assert Submission.objects.filter(condition.query, form=1).count() == 0


def test_and_binds_closer_than_or_and_not_takes_a_comparison() -> None:
    tree = parse_filter("__id eq 'a' or __id eq 'b' and not __id eq 'c'")
    assert bare(tree) == (
        "or",
        ("eq", "__id", ("=", "a")),
        ("and", ("eq", "__id", ("=", "b")), ("not", ("eq", "__id", ("=", "c")))),
    )


def test_a_quote_is_doubled_inside_a_text() -> None:
    assert bare(parse_filter("__id eq 'O''Brien'")) == ("eq", "__id", ("=", "O'Brien"))


def test_a_moment_without_zone_is_utc_and_with_one_is_converted() -> None:
    (plain,) = [parse_filter("__id eq 2020-02-01T01:00:00")]
    (zoned,) = [parse_filter("__id eq 2020-02-01T09:00:00+08:00")]
    assert bare(plain) == bare(zoned)


@pytest.mark.parametrize("text", ["2020-13-01", "2020-02-30", "0000-01-01", "2020-01-01T25:00:00Z"])
def test_a_day_that_never_was_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_filter(f"__system/submissionDate gt {text}")
    assert caught.value.kind.code == "400.18"


def test_length_and_depth_have_limits() -> None:
    for text in (
        "__id eq '" + "x" * 9000 + "'",
        "(" * 300 + "true" + ")" * 300,
        "not " * 3000 + "true",
    ):
        with pytest.raises(Problem):
            parse_filter(text)
