"""An expression cannot run code, loop, or take more than its time, whatever is typed."""

import time
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import problems
from rules.engine.bulk import evaluate_frame, frame_of
from rules.engine.closures import TODAY, compile_tree
from rules.engine.durable import engine_for
from rules.engine.explain import build_node
from rules.engine.kleene import evaluate
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from rules.language import functions as table
from rules.language.check import check
from rules.language.lexer import MAX_LENGTH
from rules.language.parser import parse
from rules.language.sentence import to_sentence
from rules.language.text import to_text
from server.problems import Problem
from tests.rules.language_kit import NAMES, issues_of
from tests.rules.rule_set_kit import small

DAY = date(2026, 3, 1)
SECOND = 1.0  # of this process, for all that is done with one expression of the greatest length

_PIECES = st.sampled_from([
    "${caregiver_age}", "${nofact}", "${relation}", "${mood}", "${lbc}", "${dob}", "${seen_at}", "${note}",
    "'none'", "'fearful tearful'", "'x'", "1", "0", "99999999999999", "2.5", " and ", " or ", "not(", "(", ")", ",",
    " = ", " != ", " < ", " >= ", " + ", " - ", " * ", " div ", " mod ", "-", "if(", "coalesce(", "selected(",
    "selected-any(", "count-selected(", "known(", "unknown(", "today()", "true()", "min(", "regex(", "'(a|b)*c{2,9}'",
    "years-between(", "format-date(", "'%Y'", "contains(", "round(", "nofunction(", "date('2026-01-31')",
    "date-time('2026-01-31T08:30')", "\n", "“", "$", "..",
])  # fmt: skip
_CONDITIONS = st.sampled_from([
    "${lbc}", "${nofact} = 1", "${caregiver_age} mod 7 > 2", "selected(${mood}, 'fearful')", "${relation} != 'none'",
    "if(${lbc}, ${visited}, ${distance} * 3 > 1)", "coalesce(${lbc}, ${visited}, false())", "regex(${note}, '(a*)*b')",
    "years-between(${dob}, today()) > 3", "not(${lbc} and (${visited} or ${lbc}))", "selected-any(${mood}, 'a b c')",
])  # fmt: skip


def used(text: str) -> float:
    """Seconds of this process for everything that is done with an expression."""
    begun = time.process_time()
    try:
        tree = parse(text)
    except Problem:
        return time.process_time() - begun
    typed, issues = check(tree, NAMES)
    for issue in issues:
        issue.message_in(str)
    to_sentence(typed, NAMES, "zh")
    to_text(typed)
    env = {TODAY: DAY, "note": "a" * 2000, "distance": 3.5}
    if not any(not issue.is_warning for issue in issues):
        compile_tree(typed)(env)
        build_node(typed, frozenset())
    return time.process_time() - begun


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=400).map("".join))
def test_anything_typed_is_answered_within_its_time(text: str) -> None:
    assert used(text[:MAX_LENGTH]) < SECOND


@settings(max_examples=15, deadline=None)
@given(_CONDITIONS, st.sampled_from([" and ", " or "]), st.integers(1, 60))
def test_the_longest_conditions_are_answered_within_their_time(
    condition: str, joint: str, depth: int
) -> None:
    room = MAX_LENGTH - 5 * depth - 10
    flat = joint.join([condition] * max(1, room // (len(condition) + len(joint))))
    assert used("not(" * min(depth, 55) + flat + ")" * min(depth, 55)) < SECOND


def test_a_pattern_is_followed_through_a_long_text_in_linear_time() -> None:
    tree, _ = check(parse("regex(${note}, '(a|aa)*(a|aa)*(a|aa)*b')"), NAMES)
    run = compile_tree(tree)
    begun = time.process_time()
    assert run({TODAY: DAY, "note": "a" * 2000}) is False
    assert time.process_time() - begun < SECOND
    assert run({TODAY: DAY, "note": "a" * 2001}) is None  # longer texts are unknown, not slow


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os') = 1",
        "eval('1') = 1",
        "exec('x') = 1",
        "open('/etc/passwd') = 'x'",
        "getattr(${note}, 'x') = 1",
        "compile('x') = 1",
    ],
)
def test_no_function_of_python_is_a_function_of_the_language(text: str) -> None:
    assert [issue.kind for issue in issues_of(text)] == [problems.UNKNOWN_FUNCTION]
    document = small()
    document["rules"][0]["when"] = text
    with pytest.raises(Problem) as caught:
        load_document(document)
    assert caught.value.kind is problems.RULE_SET_INVALID


@pytest.mark.parametrize(
    "text",
    [
        "${note}.__class__ = 1",
        "${note}[0] = 1",
        "lambda: 1",
        "${__class__.__init__} = 1",
        "`ls` = 1",
        "{} = 1",
        "1; 2",
        "x := 1",
        "for x in y",
    ],
)
def test_no_syntax_of_python_is_syntax_of_the_language(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(text)
    assert caught.value.kind is problems.EXPRESSION_SYNTAX


def test_the_issue_names_no_function_that_is_not_there() -> None:
    """The functions that the language promises."""
    promised = (
        "selected selected-any count-selected if coalesce known unknown today date"
        " decimal-date-time format-date int round min max abs string-length contains starts-with"
        " regex days-between months-between years-between date-time"
    )
    assert set(promised.split()) <= table.FUNCTIONS.keys()
    for name, function in table.FUNCTIONS.items():
        assert function.usage.startswith(f"{name}(")
    for habit, advice in table.HABITS.items():
        assert habit not in table.FUNCTIONS
        assert to_text(parse(advice)) == advice  # the advice itself is of the language


def test_three_engines_agree_about_times() -> None:
    facts = [
        {
            "name": "t",
            "title": {"zh": "时间", "en": "Time"},
            "type": "time",
            "question": "t",
            "forms": ["f"],
        }
    ]
    texts = [
        "${t} >= date-time('2026-01-31T08:30')",
        "${t} != date-time('2026-01-31T08:30')",
        "date(${t}) = date('2026-01-31')",
        "date-time('2026-01-31T08:30') < date-time('2026-01-31T00:31Z')",
    ]
    rules = [
        {
            "id": f"R{index}",
            "dimension": "guard",
            "title": {"zh": "规则", "en": "Rule"},
            "when": text,
            "score": 1,
        }
        for index, text in enumerate(texts)
    ]
    rule_set = load_document(small(facts=facts, derived=[], rules=rules, populations=[], tags=[]))
    engine = engine_for(rule_set)
    rows = [
        {"t": datetime(2026, 1, 31, 0, 30, tzinfo=UTC)},
        {"t": datetime(2026, 1, 31, 0, 29, tzinfo=UTC)},
        {"t": datetime(2026, 1, 31, 16, 0, tzinfo=UTC)},
        {},
    ]
    bulk = evaluate_frame(rule_set, frame_of(rule_set, rows), DAY).statuses.to_dicts()
    told = {True: "true", False: "false", None: "unknown"}
    expected = [
        [True, False, True, True],
        [False, True, True, True],
        [True, True, False, True],
        [None, None, None, True],
    ]
    for row, columns, wanted in zip(rows, bulk, expected, strict=True):
        values = resolve(rule_set, row, DAY)
        statuses = evaluate(rule_set, values).statuses
        assert list(statuses.values()) == wanted
        assert columns == statuses
        outcome = engine.evaluate(values.env)
        assert outcome.rules == {name: told[status] for name, status in statuses.items()}
