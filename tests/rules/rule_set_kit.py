"""A small rule set, and ways to change it, for tests of the loader, the evaluator and the
decision."""

import copy
from datetime import date
from pathlib import Path
from typing import Any

from rules.engine.decision import Decision, decide
from rules.engine.rule_set import RuleSet, check_document, load_document, read_document
from rules.engine.values import resolve
from server.problems import Problem

TODAY = date(2026, 3, 1)

SMALL = read_document((Path(__file__).parent / "data" / "rule_set.yaml").read_bytes())


def small(**sections: Any) -> dict[str, Any]:
    """A copy of the small document with whole sections replaced."""
    return {**copy.deepcopy(SMALL), **sections}


def changed(section: str, index: int, **columns: Any) -> dict[str, Any]:
    """A copy of the small document with columns of one row changed; None removes a column."""
    document = small()
    row = document[section][index]
    row.update(columns)
    for name in [name for name, value in columns.items() if value is None]:
        del row[name]
    return document


def rule_set(**sections: Any) -> RuleSet:
    """The small rule set, compiled."""
    return load_document(small(**sections))


def decided(facts: dict[str, Any], rules: RuleSet | None = None, day: date = TODAY) -> Decision:
    """The decision of the small rule set (or `rules`) over raw facts."""
    rules = rules or rule_set()
    return decide(rules, resolve(rules, facts, day))


def errors_in(document: dict[str, Any]) -> list[tuple[str, int | None, str, str]]:
    """Sheet, row, column and English message of each error."""
    return [
        (item.place.sheet, item.place.row, item.place.column, item.message_in(str))
        for item in check_document(document)
        if not item.is_warning
    ]


def refusal_of(document: object) -> Problem:
    """The Problem that loading `document` raises."""
    try:
        load_document(document)  # type: ignore[arg-type]
    except Problem as problem:
        return problem
    raise AssertionError("the document was accepted")
