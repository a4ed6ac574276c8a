"""What two rule sets differ in, told so that a person can decide: rows, cells, sentences, nothing unsaid."""

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings

from rules.engine.document import canonical_bytes
from rules.workbook import Change, changes_between, count_changes
from tests.rules.rule_set_kit import changed, small
from tests.rules.workbook_kit import documents


def only(old: dict[str, Any], new: dict[str, Any]) -> Change:
    [change] = changes_between(old, new)
    return change


def test_a_changed_condition_is_told_as_expression_and_sentence() -> None:
    change = only(small(), changed("rules", 1, when="${nights} >= 3"))
    assert (change.section, change.id, change.kind, change.field) == (
        "rules",
        "R2",
        "changed",
        "when",
    )
    assert change.old is not None
    assert change.new is not None
    assert (change.old.text, change.new.text) == ("${nights} >= 2", "${nights} >= 3")
    assert change.new.sentence == {"zh": "nights ≥ 3", "en": "nights ≥ 3"}
    assert change.title == {"zh": "夜间无人", "en": "Nights"}


def test_sentences_name_facts_as_their_own_document_does() -> None:
    new = changed("facts", 0, title={"zh": "无人陪伴", "en": "Nobody with the child"})
    new["rules"][0]["when"] = "not(${alone} = 'no')"
    change = next(one for one in changes_between(small(), new) if one.section == "rules")
    assert change.old is not None
    assert change.new is not None
    assert "独自居住" in change.old.sentence["zh"]
    assert "无人陪伴" in change.new.sentence["zh"]


def test_added_and_removed_rows_show_their_cells() -> None:
    new = small()
    row = new["rules"].pop(2)
    new["rules"].append({**row, "id": "R9", "score": 7})
    added, removed = changes_between(small(), new)
    assert (added.kind, added.id, removed.kind, removed.id) == ("added", "R9", "removed", "R3")
    assert added.new is not None
    assert added.old is None
    assert "score: 7" in added.new.text.splitlines()
    assert "mood" in added.new.sentence["en"]
    assert removed.new is None


def test_moving_one_row_is_one_change() -> None:
    new = small()
    new["rules"].insert(0, new["rules"].pop())
    change = only(small(), new)
    assert (change.kind, change.id) == ("moved", "R4")
    assert change.old is not None
    assert change.new is not None
    assert (change.old.text, change.new.text) == ("4", "1")


def test_a_code_moved_within_its_list_is_told() -> None:
    new = small()
    new["choices"]["yn"].reverse()
    assert only(small(), new).kind == "moved"


def test_a_value_of_a_parameter_is_told_with_its_day() -> None:
    new = small()
    new["parameters"]["age_limit"]["values"].append(
        {"from": "2027-01-01", "value": 17, "reference": "县 2026"}
    )
    change = only(small(), new)
    assert (change.id, change.field) == ("age_limit", "value from 2027-01-01")
    assert change.new is not None
    assert change.new.text == "17 (县 2026)"


def test_a_limit_is_told_as_it_is_typed() -> None:
    new = small()
    new["tasks"][2]["due"] = {"working_days": 5}
    change = only(small(), new)
    assert change.new is not None
    assert change.new.text == "5 working days"


def test_each_holiday_is_a_row() -> None:
    old, new = small(), small()
    old["settings"]["holidays"] = ["2026-10-01", "2026-10-02"]
    new["settings"]["holidays"] = ["2026-10-02", "2026-10-03"]
    assert [(one.section, one.id, one.kind) for one in changes_between(old, new)] == [
        ("holidays", "2026-10-03", "added"),
        ("holidays", "2026-10-01", "removed"),
    ]


def test_an_answer_of_a_case_is_told_by_form_day_and_question() -> None:
    seen = {"form": "visit", "date": "2026-01-02", "data": {"nights": 1, "alone": "no"}}
    case = {
        "case_id": "C1",
        "as_of": "2026-02-01",
        "submissions": [seen],
        "expected": {"tier": "green"},
    }
    other = copy.deepcopy(case)
    other["submissions"][0]["data"]["nights"] = 3  # type: ignore[index]
    change = only(small(cases=[case]), small(cases=[other]))
    assert (change.id, change.field) == ("C1", "visit 2026-01-02 nights")


def test_rows_are_counted_not_cells() -> None:
    new = changed("rules", 0, score=19, floor="yellow")
    new["rules"].insert(1, new["rules"].pop())
    new["tags"].append({"id": "t", "when": "${age} < 1"})
    counts = count_changes(changes_between(small(), new))
    assert (counts.changed, counts.moved, counts.added, counts.removed, counts.total) == (
        1,
        1,
        1,
        0,
        3,
    )


def test_against_nothing_every_row_is_added() -> None:
    changes = changes_between(None, small())
    assert {change.kind for change in changes} == {"added"}
    assert {"rules", "facts", "settings", "dimensions", "choices"} <= {
        one.section for one in changes
    }


@given(documents(), documents())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_that_differs_is_left_unsaid(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert changes_between(one, one) == []
    assert bool(changes_between(one, other)) == (canonical_bytes(one) != canonical_bytes(other))
