"""A rule set against forms: what vanished, changed type or is known to one side only; and what a new
version of a form would take."""

from typing import Any

import pytest

from rules import problems
from rules.engine.checks import FormShape, Question, check_thoroughly
from rules.engine.checks.losing import losses
from rules.engine.findings import Finding
from rules.engine.rule_set import RuleSet, load_document
from rules.language.ast import Kind
from rules.services.form_shapes import questions_of
from tests.rules.county_kit import DOCUMENT

YES_NO = ("yes", "no")
QUESTIONS = {
    "home_visit": {
        "danger": (Kind.SELECT_ONE, YES_NO),
        "poor": (Kind.SELECT_ONE, YES_NO),
        "alone": (Kind.SELECT_ONE, YES_NO),
        "kind": (Kind.SELECT_ONE, ("urgent", "routine")),
        "told_police": (Kind.SELECT_ONE, YES_NO),
    },
    "safety_assess": {"danger": (Kind.SELECT_ONE, YES_NO)},
    "task_feedback": {"task_result": (Kind.SELECT_ONE, ("done", "failed"))},
}


def shape(form: str, version: str = "1", **changes: Any) -> FormShape:
    """A form with some questions otherwise: (kind, codes), a Question, or None for none."""
    found = QUESTIONS[form] | changes
    questions = {
        name: given if isinstance(given, Question) else Question(name, *given)
        for name, given in found.items()
        if given is not None
    }
    return FormShape(form, f"{form} {version}", questions)


def shapes(**changed: FormShape) -> dict[str, FormShape]:
    """All forms of the small rule set."""
    return {form: shape(form) for form in QUESTIONS} | changed


def small(**sections: Any) -> RuleSet:
    return load_document({**DOCUMENT, **sections})


def found_in(
    forms: dict[str, FormShape],
    drafts: dict[str, FormShape] | None = None,
    rules: RuleSet | None = None,
) -> list[Finding]:
    """What the forms make the check say."""
    known = {str(item.as_dict()) for item in check_thoroughly(rules or small(), shapes(), {})}
    said = check_thoroughly(rules or small(), forms, drafts or {})
    return [item for item in said if str(item.as_dict()) not in known]


def told(items: list[Finding]) -> list[tuple[Any, ...]]:
    return [(item.kind, item.is_warning, item.place.sheet, item.place.row) for item in items]


def test_forms_that_answer_everything_are_nothing_to_speak_of() -> None:
    kinds = {item.kind for item in check_thoroughly(small(), shapes(), {})}
    assert not kinds & {
        problems.FORM_MISSING, problems.QUESTION_GONE, problems.QUESTION_TYPE, problems.CODE_GONE,
        problems.CODE_NEW, problems.ANSWER_CODE, problems.CLOSING_FORMS,
    }  # fmt: skip


def test_a_form_that_is_not_there_is_a_warning_that_names_its_readers() -> None:
    forms = shapes()
    del forms["home_visit"]
    found = {item.kind: item for item in found_in(forms)}
    missing = found[problems.FORM_MISSING]
    assert missing.is_warning
    assert missing.tokens["names"] == "danger, poor, alone, T_RESCUE, T_REPORT, T_ASK"
    assert found[problems.CLOSING_FORMS].tokens["name"] == "T_ASK"


def test_a_question_that_a_published_form_lacks_is_an_error_with_a_cure() -> None:
    near = Question("poors", Kind.SELECT_ONE, YES_NO)
    [fact, closing] = found_in(shapes(home_visit=shape("home_visit", poor=None, poors=near)))
    assert told([fact]) == [(problems.QUESTION_GONE, False, "facts", 3)]
    assert "Did you mean `poors`?" in fact.message_in(str)
    assert told([closing]) == [(problems.QUESTION_GONE, False, "tasks", 6)]  # T_ASK reads it too


@pytest.mark.parametrize(
    ("kind", "codes", "kinds"),
    [
        (Kind.TEXT, (), [problems.QUESTION_TYPE]),
        (Kind.SELECT_MULTIPLE, YES_NO, [problems.QUESTION_TYPE]),
        (Kind.INTEGER, (), [problems.QUESTION_TYPE]),
        (None, (), []),  # a calculation may give a code
        (Kind.SELECT_ONE, (), []),  # choices from a file are not ours to know
        (Kind.SELECT_ONE, ("yes", "no", "maybe"), [problems.CODE_NEW]),
        (Kind.SELECT_ONE, ("no",), [problems.CODE_GONE]),
    ],
)
def test_a_question_of_another_type_or_with_other_codes_is_told(
    kind: Any, codes: Any, kinds: list[Any]
) -> None:
    found = found_in(shapes(home_visit=shape("home_visit", poor=(kind, codes))))
    assert [item.kind for item in found] == kinds
    assert [item.is_warning for item in found] == [
        one is not problems.QUESTION_TYPE for one in kinds
    ]


def test_a_code_that_another_form_still_offers_is_not_gone() -> None:
    assert found_in(shapes(home_visit=shape("home_visit", danger=(Kind.SELECT_ONE, ("no",))))) == []
    both = shapes(
        home_visit=shape("home_visit", danger=(Kind.SELECT_ONE, ("no",))),
        safety_assess=shape("safety_assess", danger=(Kind.SELECT_ONE, ("no",))),
    )
    [gone] = found_in(both)
    assert gone.kind is problems.CODE_GONE
    assert gone.tokens["rules"] == "R-DANGER"


def test_closing_conditions_are_held_against_the_questions_of_their_form() -> None:
    found = found_in(
        shapes(
            task_feedback=shape(
                "task_feedback", task_result=(Kind.SELECT_ONE, ("finished", "failed"))
            )
        )
    )
    assert {item.kind for item in found} == {problems.ANSWER_CODE}
    assert [item.place.row for item in found] == [2, 3, 4, 5]
    assert "There are" in found[0].message_in(str) or "Did you mean" in found[0].message_in(str)


def test_a_question_in_a_repeat_cannot_be_one_answer() -> None:
    repeated = Question("poor", Kind.SELECT_ONE, YES_NO, repeats=True)
    found = found_in(shapes(home_visit=shape("home_visit", poor=repeated)))
    assert told(found) == [(problems.QUESTION_REPEATS, True, "facts", 3)]


def test_what_only_a_draft_takes_away_is_a_warning() -> None:
    draft = shape("home_visit", "2", poor=None)
    found = found_in(shapes(), {"home_visit": draft})
    assert {item.kind for item in found} == {problems.QUESTION_GONE}
    assert all(item.is_warning for item in found)
    assert "home_visit 2 (draft)" in found[0].message_in(str)
    published = shapes(home_visit=shape("home_visit", poor=None))
    assert all(not item.is_warning for item in found_in(published, {"home_visit": draft}))


def test_a_translated_source_is_checked_by_its_own_codes() -> None:
    source = {"question": "kind", "forms": ["home_visit"], "map": {"urgent": "yes", "*": "no"}}
    fact = {"name": "poor", "title": {"zh": "贫困", "en": "Poor"}, "type": "select_one", "choices": "yn",
            "sources": [source]}  # fmt: skip
    facts = [fact if one["name"] == "poor" else one for one in DOCUMENT["facts"]]
    rules = small(facts=facts)
    assert found_in(shapes(), rules=rules) == []
    text = shapes(home_visit=shape("home_visit", kind=(Kind.TEXT, ())))
    assert problems.QUESTION_TYPE in {item.kind for item in found_in(text, rules=rules)}


def test_history_and_calendar_are_checked_too() -> None:
    history = {"kind": "count", "forms": ["home_visit"], "question": "knid", "equals": "urgent"}
    counted = {
        "name": "urgent_visits",
        "title": {"zh": "次", "en": "Times"},
        "type": "integer",
        "history": history,
    }
    rules = small(facts=[*DOCUMENT["facts"], counted])
    assert problems.QUESTION_GONE in {item.kind for item in check_thoroughly(rules, shapes(), {})}
    counted["history"] = {**history, "question": "kind", "equals": "urgnt"}
    rules = small(facts=[*DOCUMENT["facts"], counted])
    assert problems.ANSWER_CODE in {item.kind for item in check_thoroughly(rules, shapes(), {})}


def test_a_new_version_loses_what_the_old_one_had_and_nothing_else() -> None:
    rules = small()
    before = shape("home_visit", told_police=None)  # lacking already
    after = shape("home_visit", "2", told_police=None, poor=None, danger=(Kind.SELECT_ONE, ("no",)))
    found = losses(rules, before, after)
    assert [(loss.kind, loss.name) for loss in found] == [
        (problems.QUESTION_GONE, "poor"),
        (problems.QUESTION_GONE, "T_ASK"),
        (problems.CODE_LOST, "danger"),
    ]
    assert losses(rules, before, before) == []
    assert len(losses(rules, None, shape("home_visit", poor=None))) == 2


def test_fields_of_a_version_become_questions() -> None:
    fields: list[dict[str, Any]] = [
        {"path": "/g", "name": "g", "type": "structure", "kind": "group"},
        {"path": "/g/danger", "name": "danger", "kind": "select_one", "choices": [{"name": "yes", "labels": {}}]},
        {"path": "/g/child", "name": "child", "kind": "select_one", "choices_from": "child.csv"},
        {"path": "/g/r", "name": "r", "type": "repeat", "kind": "repeat"},
        {"path": "/g/r/age", "name": "age", "type": "int", "kind": "integer"},
        {"path": "/g/rest", "name": "rest"},
        {"path": "/g/sum", "name": "sum", "kind": "calculate"},
        {"path": "/g/hint", "name": "hint", "kind": "note"},
        {"path": "/g/day", "name": "day", "type": "date", "kind": "date"},
    ]  # fmt: skip
    found = questions_of(fields)
    assert {name: (one.kind, one.codes, one.repeats) for name, one in found.items()} == {
        "danger": (Kind.SELECT_ONE, ("yes",), False),
        "child": (Kind.SELECT_ONE, (), False),
        "age": (Kind.INTEGER, (), True),
        "rest": (Kind.TEXT, (), False),
        "sum": (None, (), False),
        "day": (Kind.DATE, (), False),
    }
