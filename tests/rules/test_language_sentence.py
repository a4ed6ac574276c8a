"""Conditions as sentences, from the questions' own labels."""

import re

import pytest
from hypothesis import given, settings

from rules.language.ast import Call, walk
from rules.language.check import check
from rules.language.functions import FUNCTIONS
from rules.language.parser import parse
from rules.language.sentence import to_sentence
from tests.rules.language_kit import NAMES, TREES
from tests.rules.programme_kit import programme


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        (
            "${caregiver_age} >= 70 and ${children_in_care} >= 3",
            "照护人年龄 ≥ 70 且 同时照护未成年人数 ≥ 3",
            "Caregiver's age ≥ 70 and Minors in care ≥ 3",
        ),
        ("${missing_now} = 'yes'", "目前是否失踪为“是”", "Missing now is “Yes”"),
        ("'yes' = ${missing_now}", "目前是否失踪为“是”", "Missing now is “Yes”"),
        ("70 <= ${caregiver_age}", "照护人年龄 ≥ 70", "Caregiver's age ≥ 70"),
        ("${relation} != 'none'", "照护人关系不是“无人照护”", "Caregiver is not “Nobody”"),
        (
            "selected-any(${relation}, 'none minor_sibling')",
            "照护人关系为“无人照护”、“未成年兄姐”之一",
            "Caregiver is one of “Nobody”, “Minor sibling”",
        ),
        ("selected(${mood}, 'fearful')", "情绪观察包含“害怕某人”", "Mood includes “Fearful”"),
        ("count-selected(${mood}) > 0", "情绪观察有任一项", "Mood: at least one"),
        ("count-selected(${mood}) >= 3", "情绪观察的项数 ≥ 3", "number of Mood ≥ 3"),
        (
            "${lbc} and (${distance} > 5 or not(${visited}))",
            "留守儿童 且 （家校距离 > 5 或 并非“已走访”）",
            "Left-behind child and (Distance > 5 or not “Visited”)",
        ),
        (
            "coalesce(${missing_now}, 'no') = 'yes'",
            "目前是否失踪（未答时按“否”）为“是”",
            "Missing now (unanswered counts as “No”) is “Yes”",
        ),
        (
            "years-between(${dob}, today()) < 8",
            "出生日期至今天的整年数 < 8",
            "full years from Date of birth to today < 8",
        ),
        ("unknown(${dob})", "出生日期未知", "Date of birth is unknown"),
        (
            "if(${lbc}, 1, 2) * (3 + 4) = -1",
            "（若 留守儿童 则 1，否则 2） × （3 + 4） = -1",
            "(1 if Left-behind child, otherwise 2) × (3 + 4) = -1",
        ),
        (
            "max(${caregiver_age}, 3) > 4",
            "照护人年龄、3中最大者 > 4",
            "greatest of Caregiver's age, 3 > 4",
        ),
    ],
)
def test_condition_reads_as_a_sentence_in_both_languages(text, zh, en):
    tree, _ = check(parse(text), NAMES)
    assert to_sentence(tree, NAMES, "zh") == zh
    assert to_sentence(tree, NAMES, "en") == en


# One or more lines for each construct of the language; the test below sees to it that none lacks.
CONSTRUCTS = [
    # and, or: brackets where they are needed and nowhere else
    ("${lbc} and ${visited} or ${distance} > 5", "（留守儿童 且 已走访） 或 家校距离 > 5",
     "(Left-behind child and Visited) or Distance > 5"),
    ("${lbc} or ${visited} or ${distance} > 5", "留守儿童 或 已走访 或 家校距离 > 5",
     "Left-behind child or Visited or Distance > 5"),
    ("not(${lbc} and ${visited})", "并非（留守儿童 且 已走访）",
     "not (Left-behind child and Visited)"),
    ("not(not(${lbc} or ${visited})) and ${visited}", "（留守儿童 或 已走访） 且 已走访",
     "(Left-behind child or Visited) and Visited"),
    # negations where people say them
    ("not(${relation} = 'none')", "照护人关系不是“无人照护”", "Caregiver is not “Nobody”"),
    ("not(${caregiver_age} >= 70)", "照护人年龄 < 70", "Caregiver's age < 70"),
    ("not(${caregiver_age} != 70)", "照护人年龄 = 70", "Caregiver's age = 70"),
    ("not(selected(${mood}, 'fearful'))", "情绪观察不包含“害怕某人”",
     "Mood does not include “Fearful”"),
    ("not(selected-any(${mood}, 'fearful tearful'))", "情绪观察不包含“害怕某人”、“常哭”中的任何一个",
     "Mood includes none of “Fearful”, “Tearful”"),
    ("not(selected-any(${relation}, 'none minor_sibling'))",
     "照护人关系不是“无人照护”、“未成年兄姐”中的任何一个",
     "Caregiver is none of “Nobody”, “Minor sibling”"),
    ("not(known(${dob}))", "出生日期未知", "Date of birth is unknown"),
    ("not(contains(${note}, 'a'))", "说明不含有“a”", "Note does not contain “a”"),
    ("not(if(${lbc}, ${visited}, true()))", "并非（若 留守儿童 则 已走访，否则 是）",
     "not (Visited if Left-behind child, otherwise yes)"),
    # choices
    ("selected(${relation}, 'none')", "照护人关系为“无人照护”", "Caregiver is “Nobody”"),
    ("selected-any(${mood}, 'fearful tearful')", "情绪观察包含“害怕某人”、“常哭”之一",
     "Mood includes one of “Fearful”, “Tearful”"),
    ("count-selected(${mood}) = 0", "情绪观察没有任何一项", "Mood: nothing"),
    ("count-selected(${mood}) >= 1", "情绪观察有任一项", "Mood: at least one"),
    # conditions as values
    ("${lbc} = true()", "留守儿童", "Left-behind child"),
    ("${lbc} = false()", "并非“留守儿童”", "not “Left-behind child”"),
    ("${lbc} != ${visited}", "留守儿童 ≠ 已走访", "Left-behind child ≠ Visited"),
    ("(${lbc} and ${visited}) = ${visited}", "（留守儿童 且 已走访） = 已走访",
     "(Left-behind child and Visited) = Visited"),
    ("coalesce(${lbc}, ${visited}, false())", "留守儿童（未答时按已走访）（未答时按否）",
     "Left-behind child (unanswered counts as Visited) (unanswered counts as no)"),
    ("not(coalesce(${lbc}, false()))", "并非“留守儿童”（未答时按否）",
     "not “Left-behind child” (unanswered counts as no)"),
    # numbers
    ("${distance} * 2 + 1 > -${distance} - (3 - 1)", "家校距离 × 2 + 1 > -家校距离 - （3 - 1）",
     "Distance × 2 + 1 > -Distance - (3 - 1)"),
    ("${distance} div 2 <= 7 mod 4", "家校距离 ÷ 2 ≤ 7 除以 4 的余数",
     "Distance ÷ 2 ≤ remainder of 7 by 4"),
    ("int(${distance}) = round(${distance})", "家校距离取整 = 家校距离四舍五入",
     "whole part of Distance = Distance rounded"),
    ("round(${distance}, 2) < abs(${distance})", "家校距离四舍五入到2位小数 < 家校距离的绝对值",
     "Distance rounded to 2 digits < size of Distance"),
    ("min(${distance}, 3) < max(${distance}, 4)", "家校距离、3中最小者 < 家校距离、4中最大者",
     "least of Distance, 3 < greatest of Distance, 4"),
    # days and times
    ("today() - ${dob} > 365", "出生日期至今天的天数 > 365", "days from Date of birth to today > 365"),
    ("days-between(${dob}, today()) > 365", "出生日期至今天的天数 > 365",
     "days from Date of birth to today > 365"),
    ("months-between(${dob}, today()) < 36", "出生日期至今天的整月数 < 36",
     "full months from Date of birth to today < 36"),
    ("years-between(${dob}, date('2026-08-31')) >= 6", "出生日期至2026-08-31的整年数 ≥ 6",
     "full years from Date of birth to 2026-08-31 ≥ 6"),
    ("${dob} + 30 < today() - 7", "出生日期之后30天 < 今天之前7天",
     "30 days after Date of birth < 7 days before today"),
    ("${seen_at} > date-time('2026-01-31T08:30')", "走访时间 > 2026-01-31 08:30",
     "Visit time > 2026-01-31 08:30"),
    ("date(${seen_at}) = today()", "走访时间当天 = 今天", "day of Visit time = today"),
    ("decimal-date-time(${seen_at}) > 1", "走访时间（自1970年起的天数） > 1",
     "Visit time (days since 1970) > 1"),
    ("format-date(${dob}, '%Y-%m') = '2020-01'", "出生日期（格式“%Y-%m”） = “2020-01”",
     "Date of birth (as “%Y-%m”) = “2020-01”"),
    # texts
    ("string-length(${note}) > 3", "说明的字数 > 3", "length of Note > 3"),
    ("contains(${note}, 'a') and starts-with(${note}, 'b')", "说明含有“a” 且 说明以“b”开头",
     "Note contains “a” and Note starts with “b”"),
    ("regex(${note}, '[0-9]+')", "说明符合格式“[0-9]+”", "Note has the form “[0-9]+”"),
    ("known(${dob}) and unknown(${note})", "出生日期已知 且 说明未知",
     "Date of birth is known and Note is unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "zh", "en"), CONSTRUCTS)
def test_every_construct_reads_well_in_both_languages(text, zh, en):
    tree, issues = check(parse(text), NAMES)
    assert [issue for issue in issues if not issue.is_warning] == []
    assert to_sentence(tree, NAMES, "zh") == zh
    assert to_sentence(tree, NAMES, "en") == en


def test_no_function_lacks_a_line_above():
    used = {
        node.name
        for text, _zh, _en in CONSTRUCTS
        for node in walk(parse(text))
        if isinstance(node, Call)
    }
    assert used == FUNCTIONS.keys()


def test_no_sentence_of_the_programme_shows_a_name_a_code_or_a_function():
    rules = programme()
    trees = [rule.when for rule in rules.rules] + [one.expr for one in rules.derived]
    for tree in trees:
        zh, en = (to_sentence(tree, rules.names, language) for language in ("zh", "en"))
        for word in FUNCTIONS:
            assert f"{word}(" not in zh + en
        assert "${" not in zh + en
        assert not re.search(r"[a-z]_[a-z]", zh), zh  # names and codes have it, words do not


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_any_tree_has_a_sentence(tree):
    for language in ("zh", "en"):
        assert isinstance(to_sentence(tree, NAMES, language), str)
