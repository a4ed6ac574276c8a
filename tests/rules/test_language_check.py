"""Static types of conditions: each mistake is named with its place and a cure; doubtful negation is
warned about."""

import pytest

from rules import problems
from rules.language.ast import Kind, Type, walk
from rules.language.check import check
from rules.language.parser import parse
from tests.rules.language_kit import NAMES, errors_of, issues_of, warnings_of

YES_NO = Type(Kind.YES_NO)


@pytest.mark.parametrize(
    "text",
    [
        "${lbc} and ${caregiver_age} >= 70",
        "coalesce(${missing_now}, 'no') != 'yes'",
        "selected-any(${relation}, 'none minor_sibling') or selected(${mood}, 'fearful')",
        "count-selected(${mood}) > 0",
        "years-between(${dob}, today()) < ${age_limit}",
        "${dob} > date('2020-02-29')",
        "date(${seen_at}) = today()",
        "${seen_at} >= date-time('2026-01-31T08:30') and ${seen_at} < date-time('2026-02-01T00:00Z')",
        "today() - ${dob} > 365",
        "${dob} + 30 < today()",
        "if(${lbc}, 1, 2.5) * 2 > 3",
        "${lbc} = ${visited}",
        "regex(${note}, '[0-9]{11}') and starts-with(${note}, '1')",
        "known(${dob}) and unknown(${note})",
        "max(${caregiver_age}, ${children_in_care}, 3) > round(${distance}, 1)",
        "format-date(${dob}, '%Y') = '2020'",
    ],
)
def test_sound_conditions_have_no_errors_and_every_part_a_type(text):
    tree, issues = check(parse(text), NAMES, YES_NO)
    assert [issue for issue in issues if not issue.is_warning] == []
    assert all(node.type is not None for node in walk(tree))


@pytest.mark.parametrize(
    ("text", "part", "says"),
    [
        ("${caregivr_age} > 3", "${caregivr_age}", "no such fact. Did you mean `caregiver_age`?"),
        ("${missing_now} = 'ja'", "'ja'", "not a choice of `missing_now`. There are: 'no', 'yes'."),
        ("${relation} = 'grandparents'", "'grandparents'", "Did you mean 'grandparent'?"),
        ("selected(${mood}, 'fearfull')", "'fearfull'", "Did you mean 'fearful'?"),
        ("selected-any(${mood}, 'none sad')", "'none sad'", "'sad' is not a choice of `mood`"),
        ("coalesce(${missing_now}, 'nein') = 'yes'", "'nein'", "not a choice of `missing_now`"),
        ("slected(${mood}, 'none')", None, "Did you mean `selected`?"),
        ("selected(${mood})", None, "Write it as selected(${x}, 'a')."),
        ("selected(${mood}, 'none fearful')", "'none fearful'", "selected-any takes several"),
        ("selected(${note}, 'a')", "${note}", "is a text"),
        ("${caregiver_age} = 'old'", None, "cannot be compared"),
        ("${caregiver_age} > '3'", None, "Write 3 without quotation marks"),
        ("${missing_now} = 1", None, "'1'"),
        ("${relation} > 'none'", None, "Choices have no order"),
        ("${note} < 'b'", None, "cannot be compared"),
        ("${mood} = 'none'", None, "Write selected(${mood}, 'none')."),
        ("${lbc} = 'yes'", None, "write ${lbc}."),
        ("${lbc} = 'no'", None, "write not(${lbc})."),
        ("${dob} > '2020-01-01'", None, "Write date('2020-01-01')."),
        ("${seen_at} > ${dob}", None, "Write date(${seen_at})"),
        ("${seen_at} > '08:30'", None, "Write date-time('08:30'), with the hour: '…T08:30'."),
        ("date-time('2026-01-31') < ${seen_at}", "'2026-01-31'", "not a day and hour like"),
        ("date-time('2026-02-30T08:00') < ${seen_at}", "'2026-02-30T08:00'", "not a day and hour"),
        ("date-time(${dob}) < ${seen_at}", "${dob}", "must be a quoted text"),
        ("now() > ${seen_at}", None, "There is no function `now`. Write today()."),
        ("count(${mood}) > 0", None, "Write count-selected(${x})."),
        ("date('2023-02-29') < today()", "'2023-02-29'", "not a date of the calendar"),
        ("${note} + 1 > 2", "${note}", "a number is needed"),
        ("-${mood} > 2", "${mood}", "a number is needed"),
        ("known(${dob} + 1)", "${dob} + 1", "one fact"),
        ("round(${distance}, ${caregiver_age}) > 1", "${caregiver_age}", "0 to 9"),
        ("regex(${note}, '(?=a)b')", "'(?=a)b'", "look-ahead"),
        ("regex(${note}, ${note})", None, "quoted text"),
        ("if(${missing_now}, 1, 2) = 1", "${missing_now}", "Write ${missing_now} = 'yes'."),
        ("if(${lbc}, 1, 'a') = 1", "if(${lbc}, 1, 'a')", "a whole number and a text"),
        ("coalesce(${dob}, 3) = 3", "coalesce(${dob}, 3)", "different types"),
        ("today(1) = ${dob}", "today(1)", "1 arguments"),
    ],
)
def test_mistake_is_named_with_its_place_and_cure(text, part, says):
    [issue] = [issue for issue in issues_of(text) if not issue.is_warning]
    assert text[slice(*issue.span)] == (part or text[slice(*issue.span)])
    assert says in issue.message_in(str)


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("${missing_now}", "Write ${missing_now} = 'yes'."),
        ("${mood} and ${lbc}", "Write count-selected(${mood}) > 0."),
        ("${caregiver_age} or ${lbc}", "Compare it with something."),
        ("'yes'", "Compare it with something."),
        ("today()", "Compare it with something."),
    ],
)
def test_what_is_no_condition_is_refused_as_one(text, cure):
    [error] = errors_of(text, YES_NO)
    assert "a condition (true or false) is needed" in error
    assert cure in error


def test_all_mistakes_of_a_condition_are_told_in_the_order_of_the_text():
    errors = errors_of("${x} = 1 and ${relation} = 'y' and foo() and ${mood}")
    assert [error.split(" ")[0] for error in errors] == ["`x`:", "'y'", "There", "`${mood}`"]


def test_one_mistake_is_told_once():
    assert len(errors_of("not(${nofact} + 1 > 3) and ${lbc}")) == 1


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("${missing_now} != 'yes'", "coalesce(${missing_now}, 'no')"),
        ("${relation} != 'grandparent'", "coalesce(${relation}, 'none')"),
        ("not(${lbc})", "coalesce(${lbc}, false())"),
        ("not(${caregiver_age} > 3)", "coalesce(${caregiver_age}, 0)"),
        ("not(selected(${mood}, 'fearful'))", "coalesce(${mood}, ...)"),
    ],
)
def test_negation_of_what_may_be_unanswered_is_warned_about(text, cure):
    [warning] = warnings_of(text)
    assert "stays unknown as long as" in warning
    assert cure in warning


@pytest.mark.parametrize(
    "text",
    [
        "coalesce(${missing_now}, 'no') != 'yes'",
        "not(coalesce(${lbc}, false()))",
        "not(known(${dob}))",
        "not(${visited})",
        "${age_limit} != 16",
        "${missing_now} = 'yes' or ${lbc}",
    ],
)
def test_negation_that_cannot_be_unknown_is_not_warned_about(text):
    assert warnings_of(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("${caregiver_age} + 1", Kind.INTEGER),
        ("${caregiver_age} div 2", Kind.NUMBER),
        ("${caregiver_age} + ${distance}", Kind.NUMBER),
        ("${dob} + 1", Kind.DATE),
        ("today() - ${dob}", Kind.INTEGER),
        ("if(${lbc}, 1, 2.5)", Kind.NUMBER),
        ("coalesce(${missing_now}, 'no')", Kind.SELECT_ONE),
        ("if(${lbc}, 'a', 'b')", Kind.TEXT),
        ("min(${caregiver_age}, 3)", Kind.INTEGER),
    ],
)
def test_result_has_the_type_of_its_parts(text, kind):
    tree, _ = check(parse(text), NAMES)
    assert tree.type is not None
    assert tree.type.kind is kind


def test_codes_beside_a_choice_carry_its_list():
    tree, _ = check(parse("${relation} = 'none'"), NAMES)
    assert [node.type for node in walk(tree)][2] == NAMES["relation"].type


@pytest.mark.parametrize(
    ("text", "expected", "says"),
    [
        ("${distance}", Type(Kind.INTEGER), "gives a number, but a whole number is declared"),
        ("${distance}", Type(Kind.TEXT), "gives a number, but a text is declared"),
        ("${lbc}", Type(Kind.TEXT), "but a text is declared"),
        ("${note}", Type(Kind.DATE), "gives a text, but a date is declared"),
        ("if(${lbc}, 'x', 'z')", Type(Kind.SELECT_ONE, ("x", "y")), "'z' is not a choice"),
    ],
)
def test_result_of_another_type_than_declared_is_an_error(text, expected, says):
    [error] = errors_of(text, expected)
    assert says in error


def test_integer_will_do_where_a_number_is_declared():
    assert errors_of("${caregiver_age}", Type(Kind.NUMBER)) == []


def test_messages_and_their_cures_are_translated():
    chinese = {
        problems.UNKNOWN_FACT.message: "没有 `%(name)s` 这个事实。",
        "Did you mean %(name)s?": "是不是 %(name)s？",
    }
    [issue] = issues_of("${caregivr_age} > 3")
    translated = issue.message_in(lambda text: chinese.get(text, text))
    assert translated == "没有 `caregivr_age` 这个事实。 是不是 `caregiver_age`？"
