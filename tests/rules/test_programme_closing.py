"""What closes a task, and what does not: the closing conditions over one submission's answers."""

from datetime import date
from typing import Any

import pytest

from rules.engine.kleene import holds
from tests.rules.programme_kit import programme

AS_OF = date(2026, 11, 20)


def closes(task: str, form: str, answers: dict[str, Any]) -> bool:
    """Whether a submission of `form` with `answers` closes `task`."""
    return any(
        closing.when is None
        or holds(closing.when, answers, AS_OF, programme().neutral_codes) is True
        for closing in programme().tasks[task].closes
        if closing.form == form
    )


@pytest.mark.parametrize(
    ("task", "form", "answers"),
    [
        ("T_REPORT_POLICE", "incident_report", {"told_police": "yes"}),
        ("T_REPORT_TOWN", "incident_report", {"told_agencies": ["civil_affairs", "town_gov"]}),
        ("T_URGENT_VISIT", "home_visit", {"visit_kind": "urgent", "child_seen": "yes"}),
        ("T_FIRST_VISIT", "home_visit", {"visit_kind": "first"}),
        ("T_VISIT", "home_visit", {"child_seen": "yes"}),
        ("T_REASSESS", "safety_assess", {"guardian_rating": "fair"}),
        ("T_TALK", "school_monthly", {"talk_done": "yes"}),
        ("T_HAZARD_FIX", "home_visit", {"home_hazard": ["none"]}),
        ("T_BEHAV_GUIDE", "school_monthly", {"bad_behaviour": ["none"]}),
        ("T_DROPOUT_RETURN", "school_monthly", {"school_stage": "junior", "absent_streak": 0}),
        ("T_DATA_FIX", "child_enum", {"enum_date": "2026-11-19"}),
        ("T_SAFE_PLACE", "task_feedback", {"task_result": "done"}),
    ],
)
def test_task_closes_by_the_evidence_of_the_report(
    task: str, form: str, answers: dict[str, Any]
) -> None:
    assert closes(task, form, answers)


@pytest.mark.parametrize(
    ("task", "form", "answers"),
    [
        ("T_REPORT_POLICE", "incident_report", {"told_police": "no"}),
        ("T_REPORT_POLICE", "home_visit", {"told_police": "yes"}),
        ("T_REPORT_TOWN", "incident_report", {"told_agencies": ["police"]}),
        ("T_URGENT_VISIT", "home_visit", {"visit_kind": "urgent", "child_seen": "no"}),
        ("T_URGENT_VISIT", "home_visit", {"visit_kind": "routine", "child_seen": "yes"}),
        ("T_URGENT_VISIT", "home_visit", {"visit_kind": "urgent"}),
        ("T_HAZARD_FIX", "home_visit", {"home_hazard": ["co_gas"]}),
        ("T_HAZARD_FIX", "home_visit", {}),
        ("T_DROPOUT_RETURN", "school_monthly", {"school_stage": "junior", "absent_streak": 9}),
        (
            "T_DROPOUT_RETURN",
            "school_monthly",
            {"school_stage": "junior", "absent_streak": 0, "dropout_sign": "yes"},
        ),
        ("T_SAFE_PLACE", "task_feedback", {"task_result": "refused"}),
        ("T_SAFE_PLACE", "task_feedback", {}),
    ],
)
def test_task_stays_open_without_that_evidence(
    task: str, form: str, answers: dict[str, Any]
) -> None:
    assert not closes(task, form, answers)
