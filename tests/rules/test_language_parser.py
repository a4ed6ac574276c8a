"""Text -> tree: what is written means what it says, and every fault says where and how to mend
it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import problems
from rules.language.ast import (
    And,
    Arith,
    Call,
    Compare,
    FactRef,
    Literal,
    Negate,
    Not,
    Or,
    facts_of,
    walk,
)
from rules.language.parser import parse
from rules.language.text import to_text
from server.problems import Problem
from tests.rules.language_kit import TREES

A, B, C = FactRef("a"), FactRef("b"), FactRef("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("${a}", A),
        ("'x y'", Literal("x y")),
        ('"it\'s"', Literal("it's")),
        ("3", Literal(3)),
        ("3.50", Literal(3.5)),
        (".5", Literal(0.5)),
        ("-3", Negate(Literal(3))),
        ("${a} and ${b} or ${c}", Or((And((A, B)), C))),
        ("${a} or ${b} and ${c}", Or((A, And((B, C))))),
        ("${a} and ${b} and ${c}", And((A, B, C))),
        ("(${a} and ${b}) and ${c}", And((And((A, B)), C))),
        ("not(${a})", Not(A)),
        ("1 + 2 * 3", Arith("+", Literal(1), Arith("*", Literal(2), Literal(3)))),
        ("1 - 2 - 3", Arith("-", Arith("-", Literal(1), Literal(2)), Literal(3))),
        ("8 div 2 mod 3", Arith("mod", Arith("div", Literal(8), Literal(2)), Literal(3))),
        ("-${a} * 2", Arith("*", Negate(A), Literal(2))),
        ("${a} + 1 >= 3", Compare(">=", Arith("+", A, Literal(1)), Literal(3))),
        ("${a} != 'x' and ${b}", And((Compare("!=", A, Literal("x")), B))),
        ("selected-any(${a}, 'x y')", Call("selected-any", (A, Literal("x y")))),
        ("today()", Call("today")),
        ("(${a} = 1) = true()", Compare("=", Compare("=", A, Literal(1)), Call("true"))),
        ("  ${a}\n\tand\n ${b} ", And((A, B))),
    ],
)
def test_text_becomes_the_tree_it_means(text, tree):
    assert parse(text) == tree


def test_whole_and_decimal_literals_differ():
    assert parse("1") != parse("1.0")


def test_spans_point_into_the_text():
    text = "${a} = 'x' and not(${b})"
    spans = [text[slice(*node.span)] for node in walk(parse(text))]
    assert spans == [text, "${a} = 'x'", "${a}", "'x'", "not(${b})", "${b}"]


def test_facts_of_a_tree_are_its_references():
    assert facts_of(parse("if(${a}, ${b} + 1, -${c}) > ${a}")) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("text", "offset", "cure"),
    [
        ("", 0, "Write a condition"),
        ("${a} == 'x'", 5, "a single ="),
        ("${a} && ${b}", 5, "`and`"),
        ("${a} || ${b}", 5, "`or`"),
        ("!${a}", 0, "not("),
        ("${a} <> 1", 5, "!="),
        ("age > 3", 0, "${age}"),
        ("${a} = ‘是’", 7, "half-width"),
        ("(${a}", 5, "missing `)`"),
        ("${a} and", 8, "what is missing"),
        ("${a} ${b}", 5, "operator is missing"),
        ("1 = 2 = 3", 6, "`and`"),
        ("${a} / 2", 5, "`div`"),
        ("'open", 0, "same quotation mark"),
        ("${bad name}", 0, "letters, digits"),
        ("selected(${a}, 'x'", 18, "`,`"),
        ("not(${a}, ${b})", 0, "not(condition)"),
        ("${a} > 1234567890123456789", 7, "18 digits"),
        (". > 3", 0, "constraints"),
    ],
)
def test_fault_says_where_and_how_to_mend_it(text, offset, cure):
    with pytest.raises(Problem) as caught:
        parse(text)
    assert caught.value.kind is problems.EXPRESSION_SYNTAX
    assert caught.value.details["offset"] == offset
    assert cure in str(caught.value)


def test_fault_names_its_line():
    with pytest.raises(Problem) as caught:
        parse("${a}\nand ==")
    assert caught.value.details["line"] == 2
    assert "(line 2, character 5)" in str(caught.value)


def test_too_long_an_expression_is_refused():
    with pytest.raises(Problem) as caught:
        parse("1+" * 2000 + "1")
    assert caught.value.kind is problems.EXPRESSION_TOO_LONG


@pytest.mark.parametrize(
    "text",
    [
        "(" * 900 + "1" + ")" * 900,
        "-" * 2000 + "1",
        "+".join("1" * 1500),
        "not(" * 500 + "${a}" + ")" * 500,
        "1 or 1 and 1 = 1 + 1 * f(" * 100,
        "f(" * 1300,
    ],
)
def test_too_deep_an_expression_is_refused(text):
    with pytest.raises(Problem) as caught:
        parse(text)
    assert caught.value.kind is problems.EXPRESSION_TOO_DEEP


def test_long_flat_conditions_are_fine():
    tree = parse(" and ".join(["${a}"] * 400))
    assert isinstance(tree, And)
    assert len(tree.args) == 400


@settings(max_examples=200, deadline=None)
@given(TREES)
def test_canonical_text_reads_back_as_the_same_tree(tree):
    assert parse(to_text(tree)) == tree


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text("${}ab()'\"=<>!+-*,. andornot12", max_size=60))
def test_parser_raises_nothing_but_problems(text):
    found = problem_of(text)
    if found is None:
        assert parse(to_text(parse(text))) == parse(text)
    else:
        assert found.details["offset"] <= len(text)


def problem_of(text):
    try:
        parse(text)
    except Problem as problem:
        return problem
    return None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("((${a}))", "${a}"),
        ("${a}=1", "${a} = 1"),
        ("(1+2)*3", "(1 + 2) * 3"),
        ("1+(2*3)", "1 + 2 * 3"),
        ("1-(2-3)", "1 - (2 - 3)"),
        ("${a} and (${b} or ${c})", "${a} and (${b} or ${c})"),
        ("(${a} and ${b}) or ${c}", "${a} and ${b} or ${c}"),
        ('selected(${m},"a")', "selected(${m}, 'a')"),
        ("0.0000001 < 1.", "0.0000001 < 1.0"),
    ],
)
def test_canonical_text_has_the_fewest_brackets(text, canonical):
    assert to_text(parse(text)) == canonical
