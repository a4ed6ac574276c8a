"""regex(): the whole text, in linear time, within a subset that says what it refuses."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.language.regexes import MAX_TEXT, compile_pattern
from server.problems import Problem

_ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "[a-c]", r"\d", r"\w", "(?:ab)", "c"])
_PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(
            inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "{0}"])
        ).map(lambda pair: f"({pair[0]}){pair[1]}"),
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(_PATTERNS, st.text("abc1_ ", max_size=8))
def test_patterns_match_what_python_matches(pattern, text):
    try:
        compiled = compile_pattern(pattern)
    except Problem:
        return  # too large when its counts are written out
    assert compiled.matches(text) == bool(re.fullmatch(pattern, text, re.ASCII))


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("1[0-9]{10}", "13800000000", True),
        ("1[0-9]{10}", "1380000000", False),
        ("^ab$", "ab", True),
        ("a|b", "ab", False),
        (r"[^\d]+", "无", True),
        (r"\.", ".", True),
        (r"\.", "a", False),
        ("[-a]", "-", True),
        ("", "", True),
        ("(a*)*", "aaa", True),
    ],
)
def test_pattern_is_matched_against_the_whole_text(pattern, text, matches):
    assert compile_pattern(pattern).matches(text) is matches


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)", "look-ahead"),
        ("(?P<x>a)", "named groups"),
        (r"(a)\1", "only \\d \\w \\s"),
        ("(a", "not closed"),
        ("a)", "closed that was not opened"),
        ("[a", "[ is not closed"),
        ("*a", "means nothing"),
        ("a**", "another count"),
        ("a{x}", "{2}, {2,} or {2,5}"),
        ("a{3,2}", "below its beginning"),
        ("[b-a]", "below its beginning"),
        ("(((a{30}){30}){30})", "too large"),
        ("a" * 201, "longer than 200"),
        ("(" * 30 + "a" + ")" * 30, "nested too deep"),
    ],
)
def test_pattern_outside_the_subset_is_refused_with_its_reason(pattern, reason):
    with pytest.raises(Problem) as caught:
        compile_pattern(pattern)
    assert reason in str(caught.value)


def test_pattern_that_stops_python_does_not_stop_us():
    started = time.process_time()
    assert compile_pattern("(a*)*b").matches("a" * MAX_TEXT) is False
    assert time.process_time() - started < 2


def test_text_beyond_the_limit_is_unknown():
    assert compile_pattern("a*").matches("a" * (MAX_TEXT + 1)) is None
