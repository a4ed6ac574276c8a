"""Which rules cases exercise; and that those of the programme exercise all of them, and the edge cases of
the domain report 2.4."""

import json
from functools import cache
from pathlib import Path

import pytest

from rules.cases import CaseReport, cases_of, compare_cases, coverage_of, main
from rules.cases.judging import judge_cases
from rules.programme import programme_document
from tests.rules.programme_kit import programme
from tests.rules.test_cases import SMALL, case

# Row of the table in section 2.4 -> the stories that tell it. Duplicates and brothers and sisters are
# for the registry, not for rules.
EDGES = {
    "divorced, the other parent does not care": ["S02"],
    "step-parent at home": ["E01"],
    "one parent away, the other in prison": ["S03"],
    "one parent dead, the other away": ["S04"],
    "both dead, or one dead and the other lost": ["S05", "S06"],
    "lost and not reported": ["E02"],
    "both away inside the county": ["S07"],
    "boarder": ["S08"],
    "rented room without an adult": ["S09"],
    "a parent came back": ["S10"],
    "moved away with the parents": ["E03"],
    "sixteen": ["S11", "S12"],
    "no hukou": ["S13"],
    "urban hukou": ["S14"],
    "parents left less than six months ago": ["S15"],
}
NEVER_UNKNOWN = ("R-G21",)  # whether a child was red before is known to the server


@cache
def report() -> CaseReport:
    return compare_cases(programme(), cases_of(programme_document()))


def test_the_programme_has_at_least_150_cases_and_all_pass() -> None:
    assert len(report().cases) >= 150
    assert report().failures == ()
    assert all(result.is_population_right for result in report().cases)


def test_every_rule_of_the_programme_is_seen_fired_not_fired_and_unknown() -> None:
    coverage = coverage_of(programme(), report().cases)
    assert len(coverage.rules) == 70
    assert coverage.lacking("fired") == ()
    assert coverage.lacking("not_fired") == ()
    assert coverage.lacking("unknown") == NEVER_UNKNOWN


@pytest.mark.parametrize("edge", EDGES)
def test_every_edge_case_of_the_domain_report_is_told_by_a_story_with_tier_and_population(
    edge: str,
) -> None:
    told = {result.case_id.split()[0]: result.expected for result in report().cases}
    for story in EDGES[edge]:
        assert told[story]["tier"]
        assert "population" in told[story]


def test_statuses_are_counted_by_rule() -> None:
    cases = [case({"danger": "yes"}), case({"danger": "no"}), case({})]
    found = coverage_of(SMALL, compare_cases(SMALL, cases_of({"cases": cases})).cases)
    danger = found.rules[0]
    assert (danger.rule, danger.fired, danger.not_fired, danger.unknown) == ("R-DANGER", 1, 1, 1)
    assert danger.is_complete
    assert found.lacking("fired") == ("R-POOR", "R-ALONE", "R-AGAIN")
    assert found.to_json()["never_unknown"] == ["R-AGAIN"]


def test_the_command_prints_coverage_where_it_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.json"
    answers = {"living_arrangement": "town_rental_alone", "dob": "2016-03-01"}
    path.write_text(json.dumps({"cases": [case(answers, form="F01", tier="red")]}))
    main(path, "bundled", True)
    assert "coverage" not in json.loads(capsys.readouterr().out)
    main(path, "bundled", True, True)
    body = json.loads(capsys.readouterr().out)["coverage"]
    assert {"id": "R-S01", "fired": 1, "not_fired": 0, "unknown": 0} in body["rules"]
    assert "R-H01" in body["never_fired"]
    main(path, "bundled", False, True)
    printed = capsys.readouterr().out
    assert "R-S01: 1 0 0  <- not seen in every way" in printed
    assert "never fired: R-S02" in printed


def test_cases_of_a_document_are_judged_row_by_row() -> None:
    good, bad = case({"alone": "yes"}, tier="yellow"), case({}, tier="red") | {"case_id": "two"}
    broken = {"case_id": "three", "as_of": "never"}
    judged = judge_cases(SMALL, {"cases": [good, broken, bad]})
    assert judged.rows == (0, 2)
    errors = [
        (item.place.row, item.place.column) for item in judged.findings if not item.is_warning
    ]
    assert sorted(errors) == [(3, "as_of"), (4, "expected")]
