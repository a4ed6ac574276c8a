"""Strong Kleene logic over facts: unknown is a value, never an exception and never a silent false."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine.closures import TODAY, compile_tree
from rules.engine.kleene import evaluate, holds
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from rules.language.parser import parse
from tests.rules.language_kit import (
    CONDITION_DERIVED,
    CONDITION_FACTS,
    FULL_ANSWERS,
    MONOTONE_CONDITIONS,
    SOME_NAMES,
)
from tests.rules.rule_set_kit import TODAY as DAY
from tests.rules.rule_set_kit import rule_set, small

T, F, U = True, False, None


def value_of(text, **facts):
    """The value of an expression over facts given as they are."""
    return compile_tree(parse(text), frozenset({"none"}))({TODAY: DAY, **facts})


def conditions(*texts):
    """A rule set over CONDITION_FACTS with one rule for each text."""
    facts = [{**fact, "question": fact["name"], "forms": ["f"]} for fact in CONDITION_FACTS]
    title = {"zh": "规则", "en": "Rule"}
    rules = [
        {"id": f"R{index}", "dimension": "guard", "title": title, "when": text, "score": 1}
        for index, text in enumerate(texts)
    ]
    return load_document(
        small(facts=facts, derived=CONDITION_DERIVED, rules=rules, populations=[], tags=[])
    )


def statuses(rules, answers):
    """The statuses of all rules, in order."""
    return list(evaluate(rules, resolve(rules, answers, DAY)).statuses.values())


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        (T, T, T, T), (T, F, F, T), (T, U, U, T), (F, F, F, F), (F, U, F, U), (U, U, U, U),
        (F, T, F, T), (U, T, U, T), (U, F, F, U),
    ],
)  # fmt: skip
def test_truth_tables_of_and_and_or(one, other, both, either):
    assert value_of("${a} and ${b}", a=one, b=other) is both
    assert value_of("${a} or ${b}", a=one, b=other) is either


def test_not_of_unknown_is_unknown():
    assert [value_of("not(${a})", a=value) for value in (T, F, U)] == [F, T, U]


@pytest.mark.parametrize("op", ["=", "!=", "<", "<=", ">", ">="])
def test_comparison_with_unknown_is_unknown(op):
    assert value_of(f"${{x}} {op} 3") is U
    assert value_of(f"3 {op} ${{x}}") is U
    assert value_of(f"${{x}} {op} ${{x}}") is U


@pytest.mark.parametrize(
    ("text", "facts", "value"),
    [
        ("known(${x})", {}, F),
        ("unknown(${x})", {}, T),
        ("known(${x})", {"x": 0}, T),
        ("coalesce(${x}, ${y}, 3)", {}, 3),
        ("coalesce(${x}, ${y}, 3)", {"y": 0}, 0),
        ("coalesce(${x}, ${y})", {}, U),
        ("if(${c}, 1, 2)", {"c": T}, 1),
        ("if(${c}, 1, 2)", {"c": F}, 2),
        ("if(${c}, 1, 2)", {}, U),
        ("if(${c}, ${x}, 2)", {"x": 2}, 2),
        ("min(${x}, 1)", {}, U),
        ("max(${x}, 1, 4)", {"x": 2}, 4),
        ("abs(${x})", {}, U),
        ("abs(-3)", {}, 3),
        ("${x} + 1", {}, U),
        ("selected(${m}, 'a')", {}, U),
        ("selected(${m}, 'a')", {"m": ("a", "b")}, T),
        ("selected(${m}, 'c')", {"m": ("a", "b")}, F),
        ("selected(${m}, 'a')", {"m": ()}, F),
        ("selected-any(${m}, 'c b')", {"m": ("a", "b")}, T),
        ("selected-any(${s}, 'c b')", {"s": "b"}, T),
        ("selected-any(${s}, 'cb')", {"s": "b"}, F),
        ("selected-any(${s}, 'c b')", {}, U),
        ("count-selected(${m})", {"m": ("a", "none")}, 1),
        ("count-selected(${m})", {"m": ("none",)}, 0),
        ("count-selected(${m})", {}, U),
        ("true()", {}, T),
        ("false()", {}, F),
        ("today()", {}, DAY),
    ],
)
def test_functions_treat_unknown_as_promised(text, facts, value):
    found = value_of(text, **facts)
    assert (found, type(found)) == (value, type(value))


def test_false_part_settles_an_and_whatever_stands_before_it():
    assert value_of("${a} and ${b} and ${c}", b=T, c=F) is F


@settings(max_examples=150, deadline=None)
@given(MONOTONE_CONDITIONS, MONOTONE_CONDITIONS, FULL_ANSWERS, SOME_NAMES)
def test_laws_of_strong_kleene_logic_hold(p, q, answers, names):
    rules = conditions(
        p, f"not(not({p}))", f"not({p} and {q})", f"not({p}) or not({q})",
        f"{p} and {q}", f"{q} and {p}", f"{p} or ({p} and {q})",
    )  # fmt: skip
    found = statuses(rules, {name: answers[name] for name in names})
    assert found[0] is found[1] is found[6]
    assert found[2] is found[3]
    assert found[4] is found[5]


@settings(max_examples=200, deadline=None)
@given(st.lists(MONOTONE_CONDITIONS, min_size=1, max_size=4), FULL_ANSWERS, SOME_NAMES)
def test_learning_more_never_turns_a_known_status(texts, answers, names):
    rules = conditions(*texts)
    before = statuses(rules, {name: answers[name] for name in names})
    after = statuses(rules, answers)
    for early, late in zip(before, after, strict=True):
        assert early is None or early is late


@settings(max_examples=100, deadline=None)
@given(MONOTONE_CONDITIONS, FULL_ANSWERS)
def test_full_knowledge_leaves_only_division_unknown(text, answers):
    [status] = statuses(conditions(text), answers)
    assert status is not None or "div" in text


def test_statuses_name_the_rules_in_force_in_their_order():
    loaded = rule_set()
    found = evaluate(loaded, resolve(loaded, {"alone": "yes", "nights": 1}, DAY)).statuses
    assert found == {"R1": True, "R2": False, "R3": None, "R4": None}
    assert list(found) == ["R1", "R2", "R3", "R4"]


@pytest.mark.parametrize(
    ("text", "answers", "value"),
    [
        ("${told} = 'yes'", {"told": "yes"}, T),
        ("${told} = 'yes'", {"told": True}, T),
        ("${told} = 'yes'", {"told": ""}, U),
        ("${told} = 'yes'", {}, U),
        ("${n} >= 3", {"n": "4"}, T),
        ("${n} >= 3", {"n": 4}, T),
        ("${n} >= 3", {"n": "many"}, U),
        ("${n} >= 3", {"n": [1, 2]}, U),
        ("selected(${m}, 'a')", {"m": ["a", "b"]}, T),
        ("selected(${m}, 'a')", {"m": "b a"}, T),
        ("selected(${m}, 'a')", {"m": []}, U),
        ("selected(${m}, 'a')", {"m": 3}, U),
        ("date(${d}) >= date('2026-01-01')", {"d": "2026-02-01T10:00:00.000+08:00"}, T),
        ("${d} >= date('2026-01-01')", {"d": "2026-02-01"}, T),
        ("years-between(${d}, today()) < 3", {"d": "x"}, U),
        ("string-length(${t}) > 2", {"t": 5}, U),
        ("contains(${t}, 'b')", {"t": "abc"}, T),
        ("${g} = 'x'", {"g": {"nested": 1}}, U),
        ("${a} + ${b} > 1", {"a": "x", "b": 2}, U),
    ],
)
def test_raw_answers_of_a_submission_are_read_forgivingly(text, answers, value):
    assert holds(parse(text), answers, DAY) is value


_RAW = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=200, deadline=None)
@given(
    MONOTONE_CONDITIONS,
    st.dictionaries(st.sampled_from(["a", "b", "n", "k", "s", "m", "day"]), _RAW),
)
def test_any_answers_at_all_give_a_status(text, answers):
    assert holds(parse(text), answers, DAY) in (True, False, None)
