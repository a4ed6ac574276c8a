"""Conditions as sentences, from the questions' own labels."""

import pytest
from hypothesis import given, settings

from rules.language.check import check
from rules.language.parser import parse
from rules.language.sentence import to_sentence
from tests.rules.language_kit import NAMES, TREES


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        (
            "${caregiver_age} >= 70 and ${children_in_care} >= 3",
            "照护人年龄 ≥ 70 且 同时照护未成年人数 ≥ 3",
            "Caregiver's age ≥ 70 and Minors in care ≥ 3",
        ),
        ("${missing_now} = 'yes'", "目前是否失踪为“是”", "Missing now is “Yes”"),
        ("'yes' = ${missing_now}", "“是”为目前是否失踪", "“Yes” is Missing now"),
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
            "留守儿童 且 （家校距离 > 5 或 并非（已走访））",
            "Left-behind child and (Distance > 5 or not (Visited))",
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
            "若 留守儿童 则 1，否则 2 × （3 + 4） = -1",
            "1 if Left-behind child, otherwise 2 × (3 + 4) = -1",
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


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_any_tree_has_a_sentence(tree):
    for language in ("zh", "en"):
        assert isinstance(to_sentence(tree, NAMES, language), str)
