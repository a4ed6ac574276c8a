"""The thorough check: what it says about rules among each other, scores, tasks and texts, and what it
keeps silent about."""

from typing import Any

import pytest

from rules import problems
from rules.engine.checks import check_thoroughly
from rules.engine.findings import Finding
from rules.engine.rule_set import load_document
from tests.rules.programme_kit import programme
from tests.rules.test_reach import document

TITLE = {"zh": "题目", "en": "Title"}


def findings(body: dict[str, Any]) -> list[Finding]:
    """What is said of a document."""
    return check_thoroughly(load_document(body), {}, {})


def said(body: dict[str, Any], *kinds: Any) -> list[tuple[Any, ...]]:
    """Kind, sheet, row and the name it is about, of those kinds."""
    return [
        (item.kind, item.place.sheet, item.place.row, item.tokens.get("name"))
        for item in findings(body)
        if item.kind in kinds
    ]


def with_rules(*rows: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """The small document with these rules (an id, a score and a dimension where they lack one)."""
    body = document("${t}") | sections
    body["rules"] = [
        {"id": f"R-{index}", "dimension": "care", "title": TITLE, "score": 1, **row}
        for index, row in enumerate(rows)
    ]
    return body


AMONG_RULES = (
    problems.NEVER_FIRES, problems.ALWAYS_FIRES, problems.REDUNDANT, problems.ONLY_SCORE,
    problems.SAME_CONDITION,
)  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"when": "${n} > 3 and ${n} < 3"}], [(problems.NEVER_FIRES, 2, "R-0")]),
        ([{"when": "known(${n}) or unknown(${n})"}], [(problems.ALWAYS_FIRES, 2, "R-0")]),
        (
            [{"when": "${n} > 3", "score": 0, "floor": "red"}, {"when": "${n} > 2", "floor": "red"}],
            [(problems.REDUNDANT, 2, "R-0")],
        ),
        ([{"when": "${n} > 3"}, {"when": "${n} > 2"}], [(problems.ONLY_SCORE, 2, "R-0")]),
        ([{"when": "${n} > 2"}, {"when": "${n} >= 3"}], [(problems.SAME_CONDITION, 2, "R-0")]),
        ([{"when": "${t}"}, {"when": "( ${t} )"}], [(problems.SAME_CONDITION, 3, "R-1")]),
        # the narrower rule does something of its own, or counts when the wider does not
        ([{"when": "${n} > 3", "floor": "red"}, {"when": "${n} > 2"}], []),
        ([{"when": "${n} > 3"}, {"when": "${n} > 2", "on": False}], []),
        ([{"when": "${n} > 3"}, {"when": "${n} > 2", "valid": {"to": "2026-12-31"}}], []),
        ([{"when": "${n} > 3", "on": False}, {"when": "${n} > 2"}], []),
        ([{"when": "${n} > 2"}, {"when": "${k} > 2"}], []),
        # a rule that is off is nobody's business
        ([{"when": "${n} > 3 and ${n} < 3", "on": False}], []),
    ],
)  # fmt: skip
def test_rules_that_never_fire_or_add_nothing_are_told(
    rows: list[dict[str, Any]], expected: Any
) -> None:
    found = said(with_rules(*rows), *AMONG_RULES)
    assert [(kind, row, name) for kind, _sheet, row, name in found] == expected


def test_a_rule_under_a_cap_that_the_wider_rule_fills_adds_nothing() -> None:
    body = with_rules({"when": "${n} > 3", "score": 5}, {"when": "${n} > 2", "score": 20})
    assert said(body, *AMONG_RULES)[0][0] is problems.ONLY_SCORE
    body["settings"]["dimensions"][0]["cap"] = 20
    assert said(body, *AMONG_RULES)[0][0] is problems.REDUNDANT


def test_a_task_with_a_shorter_limit_is_an_effect_of_its_own() -> None:
    tasks = [
        {"id": "T", "title": TITLE, "assignee": "x", "due": {"days": 3}, "close": {"manual": True}}
    ]
    wide: dict[str, Any] = {"when": "${n} > 2", "tasks": ["T"]}
    same = with_rules({"when": "${n} > 3", "score": 0, "tasks": ["T"]}, wide, tasks=tasks)
    assert said(same, *AMONG_RULES)[0][0] is problems.REDUNDANT
    shorter = {"when": "${n} > 3", "score": 0, "tasks": [{"id": "T", "due": {"hours": 2}}]}
    assert said(with_rules(shorter, wide, tasks=tasks), *AMONG_RULES) == []


def test_classes_that_nobody_reaches_are_told() -> None:
    groups = [
        {"id": "big", "title": TITLE, "when": "${n} > 2"},
        {"id": "bigger", "title": TITLE, "when": "${n} > 3"},
        {"id": "none", "title": TITLE, "when": "${t} and not(${t})"},
    ]
    found = said(with_rules({"when": "${t}"}, populations=groups), problems.NOBODY_IN)
    assert [(row, name) for _kind, _sheet, row, name in found] == [(3, "bigger"), (4, "none")]
    # tags stand beside each other
    found = said(with_rules({"when": "${t}"}, tags=groups), problems.NOBODY_IN)
    assert [name for *_rest, name in found] == ["none"]


WAS_RED = {
    "name": "was_red",
    "type": "yes_no",
    "title": TITLE,
    "history": {"kind": "prior_tier", "tier": "red"},
}
WAS_BLUE = {**WAS_RED, "name": "was_blue", "history": {"kind": "prior_tier", "tier": "blue"}}
TIERS = [
    {"id": "green", "title": TITLE, "min_score": 0},
    {"id": "blue", "title": TITLE, "min_score": 10},
    {"id": "red", "title": TITLE, "min_score": None},
]


@pytest.mark.parametrize(
    ("rows", "circles"),
    [
        ([{"when": "${was_red}", "floor": "red"}], ["red -> red"]),
        ([{"when": "${was_red}", "floor": "blue"}], []),
        ([{"when": "${was_red} and ${n} > 1", "floor": "red"}], ["red -> red"]),
        ([{"when": "not(${was_red})", "floor": "red"}], []),
        ([{"when": "${was_red} or not(${was_red})", "floor": "red"}], []),
        ([{"when": "${was_blue}", "score": 12}], ["blue -> blue"]),
        ([{"when": "${was_blue}", "score": 9}], []),
        (
            [{"when": "${was_red}", "floor": "blue"}, {"when": "${was_blue}", "floor": "red"}],
            ["red -> blue -> red"],
        ),
    ],
)  # fmt: skip
def test_a_tier_that_keeps_itself_alive_is_told(
    rows: list[dict[str, Any]], circles: list[str]
) -> None:
    body = with_rules(*rows, tiers=TIERS)
    body["facts"] = [*body["facts"], WAS_RED, WAS_BLUE]
    found = [item for item in findings(body) if item.kind is problems.KEEPS_ITSELF]
    assert [item.tokens["tiers"] for item in found] == circles


def test_tiers_out_of_reach_are_told() -> None:
    body = with_rules({"when": "${t}", "score": 8}, {"when": "${n} > 2", "score": 8}, tiers=TIERS)
    assert said(body, problems.SCORE_UNREACHED) == []
    assert [name for *_rest, name in said(body, problems.TIER_UNREACHED)] == ["red"]
    body["settings"]["dimensions"][0]["cap"] = 9
    found = [item for item in findings(body) if item.place.sheet == "tiers"]
    assert [(item.kind, item.tokens["name"]) for item in found] == [
        (problems.TIER_UNREACHED, "blue"),
        (problems.TIER_UNREACHED, "red"),
    ]
    body["rules"][0]["floor"] = "blue"
    assert said(body, problems.SCORE_UNREACHED) == [(problems.SCORE_UNREACHED, "tiers", 3, "blue")]
    body["settings"]["conference_score"] = 60
    assert ("settings", None) in {found[1:3] for found in said(body, problems.SCORE_UNREACHED)}


def test_a_rule_that_never_fires_leads_to_no_tier() -> None:
    body = with_rules({"when": "${t} and not(${t})", "score": 20, "floor": "red"}, tiers=TIERS)
    assert [name for *_rest, name in said(body, problems.TIER_UNREACHED)] == ["blue", "red"]


def test_parameters_without_use_or_with_two_values_at_once_are_told() -> None:
    values = [{"from": "2026-01-01", "value": 3}, {"from": "2026-01-01", "value": 4}]
    parameters = {
        "limit": {"type": "integer", "values": values, "title": TITLE},
        "spare": {"type": "integer", "values": values[:1], "title": TITLE},
    }
    body = with_rules({"when": "${n} > ${limit}"}, parameters=parameters)
    found = {item.kind: item for item in findings(body)}
    assert not found[problems.SAME_START].is_warning
    assert (found[problems.SAME_START].place.sheet, found[problems.SAME_START].place.row) == (
        "parameters",
        2,
    )
    assert found[problems.PARAMETER_UNREAD].tokens["name"] == "spare"


def task(**columns: Any) -> dict[str, Any]:
    return {"id": "T", "title": TITLE, "assignee": "worker", "close": {"manual": True}, **columns}


@pytest.mark.parametrize(
    ("columns", "reasons"),
    [
        ({"due": {"hours": 24}, "escalation": [{"after": {"hours": 24}, "to": "a"}]}, []),
        ({"due": {"days": 2}, "escalation": [{"after": {"hours": 3}, "to": "a"}]}, ["before the task is due"]),
        ({"escalation": [{"after": {"days": 1}, "to": "a", "from": "due"}]}, ["the task has none"]),
        ({"escalation": [{"after": {"days": 1}, "to": "worker"}]}, ["has the task already"]),
        (
            {"escalation": [{"after": {"days": 3}, "to": "a"}, {"after": {"days": 1}, "to": "b"}]},
            ["before the step above"],
        ),
        (
            {"due": {"days": 1}, "escalation": [
                {"after": {"days": 3}, "to": "a"}, {"after": {"days": 1}, "to": "b", "from": "due"}]},
            [],
        ),
    ],
)  # fmt: skip
def test_escalation_steps_that_make_no_sense_are_told(
    columns: dict[str, Any], reasons: list[str]
) -> None:
    body = with_rules({"when": "${t}", "tasks": ["T"]}, tasks=[task(**columns)])
    found = [item for item in findings(body) if item.kind is problems.ESCALATION_STEP]
    assert len(found) == len(reasons)
    for item, reason in zip(found, reasons, strict=True):
        assert reason in item.message_in(str)
        assert (item.place.sheet, item.place.row, item.place.column) == ("tasks", 2, "escalation")


def test_limits_by_tier_must_cover_the_tiers_in_which_the_task_opens() -> None:
    due = {"by_tier": {"red": {"days": 1}}}
    rule = {"when": "${t}", "tasks": ["T"], "floor": "blue"}
    body = with_rules(rule, tasks=[task(due=due)], tiers=TIERS)
    found = [item for item in findings(body) if item.kind is problems.DUE_LACKS_TIER]
    assert [item.tokens["tiers"] for item in found] == ["blue"]
    body["rules"][0]["floor"] = "red"
    assert said(body, problems.DUE_LACKS_TIER) == []
    body["rules"][0] |= {"floor": None, "tasks": [{"id": "T", "due": {"days": 2}}]}
    assert said(body, problems.DUE_LACKS_TIER) == []


def test_a_task_that_nothing_opens_is_told() -> None:
    body = with_rules({"when": "${t}"}, tasks=[task()])
    assert said(body, problems.TASK_UNUSED) == [(problems.TASK_UNUSED, "tasks", 2, "T")]
    calendar = {
        "id": "C",
        "title": TITLE,
        "trigger": {"kind": "yearly", "dates": ["03-01"]},
        "tasks": ["T"],
    }
    assert said(body | {"calendar": [calendar]}, problems.TASK_UNUSED) == []
    body["settings"]["ask_for_facts"] = {"task": "T"}
    assert said(body, problems.TASK_UNUSED) == []


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ({"zh": "红色", "en": "Red"}, None),
        ({"zh": "Red", "en": "Red"}, problems.TEXT_EQUAL),
        ({"zh": "1-2", "en": "1-2"}, None),
        ({"zh": " ", "en": "Red"}, problems.TEXT_MISSING),
    ],
)
def test_texts_that_nobody_translated_are_told(title: dict[str, str], kind: Any) -> None:
    body = with_rules({"when": "${t}", "title": title})
    found = [item for item in findings(body) if item.place.sheet == "rules"]
    assert [item.kind for item in found] == ([kind] if kind else [])


def test_a_choice_without_label_is_told_at_its_row() -> None:
    found = [item for item in findings(document("${t}")) if item.place.sheet == "choices"]
    assert [item.place.row for item in found] == list(range(2, 11))
    assert (
        found[0].message_in(str)
        == "The text of `yn: yes` is missing in: Chinese and English. Write it."
    )


def test_every_finding_speaks_both_languages_with_place_and_cure() -> None:
    body = with_rules({"when": "${n} > 3 and ${n} < 3"}, {"when": "${n} > 3"}, {"when": "${n} > 2"})
    for item in findings(body):
        told = item.as_dict(str)
        assert told["message"]
        assert told["sheet"]
        assert "%(" not in told["message"]


def test_many_rules_implied_by_others_are_named_once_each() -> None:
    rows = [
        {"when": f"${{n}} > {index} and ${{k}} < {index % 7}", "score": 0} for index in range(300)
    ]
    found = said(with_rules(*rows), problems.REDUNDANT)
    assert 200 < len(found) < 300
    assert len({name for *_rest, name in found}) == len(found)


def test_the_programme_has_no_errors_and_no_rule_to_complain_about() -> None:
    found = check_thoroughly(programme(), {}, {})
    assert [item for item in found if not item.is_warning] == []
    assert [
        item.message_in(str) for item in found if item.place.sheet in ("rules", "derived")
    ] == []
