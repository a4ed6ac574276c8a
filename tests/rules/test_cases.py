"""`anhu cases`: what counts as right, too low, too high, missed or forbidden, and how it is printed."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rules.cases import cases_of, compare_cases, is_population, main, read_cases, run_cases
from rules.engine.rule_set import load_document
from rules.models import RuleSet
from server.problems import Problem
from tests.conftest import Country
from tests.rules.county_kit import ALL_WELL, DOCUMENT, make_child, release_small

SMALL = load_document(DOCUMENT)


def case(answers: dict[str, Any], form: str = "F02", **expected: Any) -> dict[str, Any]:
    """One visit on one day."""
    visit = {"form": form, "date": "2026-09-01", "data": answers}
    return {"case_id": "one", "as_of": "2026-09-02", "submissions": [visit], "expected": expected}


def result(answers: dict[str, Any], **expected: Any) -> Any:
    """What comes out of one case under the small rule set."""
    return compare_cases(SMALL, cases_of({"cases": [case(answers, **expected)]})).cases[0]


@pytest.mark.parametrize(
    ("expected", "verdict", "fails"),
    [
        ({"tier": "yellow"}, "exact", False),
        ({"tier": "red", "acceptable_tiers": ["yellow"]}, "acceptable", False),
        ({"tier": "blue"}, "over", False),
        ({"tier": "red"}, "under", True),
        ({}, "", False),
    ],
)
def test_too_low_a_tier_fails_and_too_high_is_only_counted(
    expected: dict[str, Any], verdict: str, fails: bool
) -> None:
    found = result(ALL_WELL | {"alone": "yes"}, **expected)
    assert (found.verdict, found.is_failure) == (verdict, fails)


def test_missed_and_forbidden_tasks_fail() -> None:
    found = result(ALL_WELL | {"alone": "yes"}, tasks_must=["T_CARE", "T_RESCUE"])
    assert (found.missed, found.is_failure) == (("T_RESCUE",), True)
    found = result(ALL_WELL | {"alone": "yes"}, tasks_must_not=["T_CARE"])
    assert (found.forbidden, found.is_failure) == (("T_CARE",), True)
    found = result(ALL_WELL, tasks_should=["T_AID"])
    assert (found.missed_should, found.is_failure) == (("T_AID",), False)


def test_a_rule_of_another_status_fails() -> None:
    found = result({"danger": "no"}, rules={"R-DANGER": False, "R-POOR": True})
    assert found.wrong_rules == ("R-POOR is unknown, expected true",)
    assert found.is_failure


def test_form_codes_stand_for_form_ids() -> None:
    by_code = result(ALL_WELL | {"danger": "yes"})
    by_id = compare_cases(
        SMALL, cases_of({"cases": [case(ALL_WELL | {"danger": "yes"}, form="home_visit")]})
    ).cases[0]
    assert by_code.tier == by_id.tier == "red"


def test_earlier_tiers_are_replayed_from_the_submissions() -> None:
    told = case(ALL_WELL | {"danger": "yes"})
    later = {"form": "F03", "date": "2026-09-10", "data": {"danger": "no"}}
    told |= {"as_of": "2026-10-01", "submissions": [*told["submissions"], later]}
    assert compare_cases(SMALL, cases_of({"cases": [told]})).cases[0].fired == ("R-AGAIN",)
    told["tiers"] = []
    assert compare_cases(SMALL, cases_of({"cases": [told]})).cases[0].fired == ()


def test_submissions_after_the_day_do_not_count() -> None:
    told = case(ALL_WELL | {"danger": "yes"}) | {"as_of": "2026-08-31"}
    [read] = cases_of({"cases": [told]})
    assert read.as_of == date(2026, 8, 31)
    assert compare_cases(SMALL, [read]).cases[0].tier == "green"


@pytest.mark.parametrize(
    ("ours", "expected", "right"),
    [
        (("left_behind", "lbc_strict", "lbc_broad"), {"population": ["left_behind"]}, True),
        (("left_behind", "lbc_strict"), {"population": ["left_behind_strict"]}, True),
        (("left_behind", "lbc_broad"), {"population": ["left_behind", "strict"]}, False),
        (("left_behind", "lbc_broad"), {"population": ["lbc_broad"]}, True),
        (("orphan",), {"population": ["left_behind"]}, False),
        (("orphan",), {"population": ["left_behind"], "acceptable_population": [["orphan"]]}, True),
        (("defacto_unsupported",), {"population": ["de_facto"]}, True),
        ((), {}, True),
        ((), {"population": ["orphan"]}, False),
    ],
)
def test_population_is_the_class_with_some_of_our_tags(
    ours: tuple[str, ...], expected: dict[str, Any], right: bool
) -> None:
    assert is_population(ours, expected) is right


def test_json_has_the_sums_and_each_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.json"
    answers = {"living_arrangement": "town_rental_alone", "dob": "2016-03-01"}
    told = case(answers, form="F01", tier="red", tasks_must=["T_URGENT_VISIT"])
    path.write_text(json.dumps({"cases": [told]}))
    assert main(path, "bundled", True) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["total"] == {
        "cases": 1, "exact": 1, "acceptable": 1, "under_triage": 0, "over_triage": 0, "red": 1, "red_hit": 1,
        "must": 1, "must_hit": 1, "should": 0, "should_hit": 0, "forbidden": 0, "population_ok": 1,
    }  # fmt: skip
    assert printed["cases"][0]["tier"] == "red"
    assert "R-S01" in printed["cases"][0]["fired"]


def test_a_failure_is_the_exit_status_and_named_in_the_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(
        json.dumps({"cases": [case({}, form="F01", tier="red", tasks_must=["T_TALK"])]})
    )
    assert main(path, "bundled", False) == 1
    printed = capsys.readouterr().out
    assert "FAIL one: green (expected red)" in printed
    assert "missed: T_TALK" in printed


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("[]", "cases"),
        ('{"cases": [1]}', "cases[0]"),
        ('{"cases": [{"as_of": "soon"}]}', "cases[0].as_of"),
        (
            '{"cases": [{"as_of": "2026-01-01", "submissions": [{"form": "F01"}]}]}',
            "submissions[0]",
        ),
        ('{"cases": [{"as_of": "2026-01-01", "submissions": 3}]}', "cases[0]"),
        ("{", "no JSON"),
    ],
)
def test_a_bad_case_file_names_its_fault(tmp_path: Path, content: str, where: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(content)
    with pytest.raises(Problem, match="case file") as caught:
        read_cases(path)
    assert where in str(caught.value)


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="No such file"):
        read_cases(tmp_path / "none.json")


def test_active_draft_and_numbered_releases_are_taken_from_the_database(
    country: Country, tmp_path: Path
) -> None:
    release_small(make_child(country.village).dataset.project)
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"cases": [case(ALL_WELL | {"alone": "yes"}, tier="yellow")]}))
    assert run_cases(path, "active").total()["exact"] == 1
    assert run_cases(path, 1).rule_set == "small release 1"
    changed = json.loads(json.dumps(DOCUMENT))
    changed["rules"][2]["floor"] = "blue"
    RuleSet.objects.update(draft=changed)
    assert run_cases(path, "draft").total()["under_triage"] == 1
    with pytest.raises(Problem):
        run_cases(path, 9)
