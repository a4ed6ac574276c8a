"""Broken rule sets, thousands of them: documents and workbooks with anything in any place go through the
readers and the loader. Nothing but a Problem may come out; what is accepted must come back the same
from its workbook, and evaluate.

    .venv/bin/python -m tests.bench.fuzz_documents --count 10000 --seed 7
"""

import argparse
import copy
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from openpyxl.utils.exceptions import IllegalCharacterError

from rules.engine.decision import decide
from rules.engine.document import canonical, canonical_bytes, read_document
from rules.engine.findings import Findings
from rules.engine.rule_set import RuleSet, load_document
from rules.engine.values import resolve
from rules.programme import programme_document
from rules.services.draft_files import file_of
from rules.workbook import changes_between, findings_of, read_workbook
from rules.workbook.grid import grid_of, read_grid
from rules.workbook.tables import Grid
from rules.workbook.writing import xlsx_of
from server.problems import Problem
from tests.rules.rule_set_kit import SMALL
from tests.rules.workbook_kit import TRICKY, places_in, put

DAY = date(2026, 11, 20)
WORDS = (
    *TRICKY, "${", "${x}", "not(", "((((", "selected(${a}, 'b')", "1 div 0", "red", "none", "safety", "2026-02-30",
    "999999999999", "select_one", "alarm", "x" * 5000, "🙂", "9" * 400, "-5", "T_VISIT (1 moon)", "a" * 300 + "=b",
)  # fmt: skip
THINGS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3.5, 1e300, 10**17, [], {}, [[]], [{}], [None], {"": 1}, {"id": []}, {"zh": 1},
    {"days": -1}, {"form": "x", "when": "("}, {"kind": "streak"}, list(range(50)),
)  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """What came of so many attempts."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0


def fuzz_documents(count: int, chance: random.Random, programme: bool = True) -> Outcome:
    """Documents with some places changed, through the loader."""
    outcome = Outcome()
    for _ in range(count):
        document = mutated(_base(chance, programme), chance)
        _attempt(outcome, lambda one=document: _load(one, chance))  # type: ignore[misc]
    return outcome


def fuzz_workbooks(count: int, chance: random.Random, programme: bool = True) -> Outcome:
    """Workbooks with some cells changed, through the reader."""
    outcome = Outcome()
    for _ in range(count):
        grid = mutated_grid(grid_of(canonical(_base(chance, programme))), chance)
        _attempt(outcome, lambda one=grid: _open(one, chance))  # type: ignore[misc]
    return outcome


@cache
def _programme() -> dict[str, Any]:
    return programme_document()


def _base(chance: random.Random, programme: bool) -> dict[str, Any]:
    """The small rule set, or now and then the programme's, which takes its time."""
    is_large = programme and chance.random() < 0.01
    return copy.deepcopy(_programme() if is_large else SMALL)


def _attempt(outcome: Outcome, run: Callable[[], str]) -> None:
    began = time.perf_counter()
    try:
        outcome.counts[run()] += 1
    except Exception:
        outcome.counts["failed"] += 1
        outcome.failures.append(traceback.format_exc())
    outcome.slowest = max(outcome.slowest, time.perf_counter() - began)


# --- what is tried ---------------------------------------------------------------------------------


def _load(document: Any, chance: random.Random) -> str:
    """A document as somebody sends it: checked, loaded, kept."""
    try:
        plain = canonical(document)
        Findings(findings_of(plain)).raise_errors()
    except Problem as problem:
        _read_aloud(problem)
        return "refused"
    rule_set = load_document(plain)  # what has no findings must load
    _evaluate(rule_set, chance)
    assert canonical_bytes(read_grid(grid_of(plain)).document) == canonical_bytes(plain)
    assert canonical_bytes(read_document(file_of(plain, "yaml"))) == canonical_bytes(plain)
    assert changes_between(plain, plain) == []
    return "accepted"


def _open(grid: Grid, chance: random.Random) -> str:
    """A workbook as somebody uploads it."""
    try:
        content = xlsx_of(grid, has_help=False)
    except (ValueError, TypeError, KeyError, IllegalCharacterError):  # no such file can be made
        return "no workbook"
    try:
        document = read_workbook(content)
    except Problem as problem:
        _read_aloud(problem)
        return "refused"
    _evaluate(load_document(document), chance)
    assert canonical_bytes(read_grid(grid_of(canonical(document))).document) == canonical_bytes(
        document
    )
    return "accepted"


def _read_aloud(problem: Problem) -> None:
    """Every refusal must be able to say what is wrong."""
    said = [problem.message_in(str)]
    said += [item.message_in(str) for item in problem.details.get("errors", ())]
    if not all(said):
        raise AssertionError("a problem without words")


def _evaluate(rule_set: RuleSet, chance: random.Random) -> None:
    """Nobody known, and a child with some answers."""
    decide(rule_set, resolve(rule_set, {}, DAY))
    given: dict[str, Any] = {}
    for fact in rule_set.facts.values():
        if fact.type.codes and chance.random() < 0.5:
            code = chance.choice(fact.type.codes)
            given[fact.name] = [code] if fact.type.kind.value == "select_multiple" else code
    decide(rule_set, resolve(rule_set, given, DAY))


# --- how it is broken ------------------------------------------------------------------------------


def mutated(document: dict[str, Any], chance: random.Random) -> Any:
    """The document with one to six places changed, deleted, doubled or swapped."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        places = places_in(document)
        place = chance.choice(places)
        kind = chance.random()
        if kind < 0.5:
            put(
                document,
                place,
                chance.choice(THINGS) if chance.random() < 0.5 else chance.choice(WORDS),
            )
        elif kind < 0.65:
            put(document, place, copy.deepcopy(_at(document, chance.choice(places))))
        elif kind < 0.8:
            _delete(document, place)
        else:
            put(document, (*place[:-1], chance.choice(WORDS)), chance.choice(THINGS))
        if not isinstance(document, dict) or not places_in(document):
            break
    return document


def _at(document: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        document = document[key]
    return document


def _delete(document: Any, place: tuple[Any, ...]) -> None:
    inside = _at(document, place[:-1])
    del inside[place[-1]]


def mutated_grid(grid: Grid, chance: random.Random) -> Grid:
    """The sheets with some cells changed, moved or cleared, lines doubled or dropped, headings renamed."""
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        table = chance.choice([one for one in grid.values() if one.headings])
        kind = chance.random()
        if kind < 0.1:
            at = chance.randrange(len(table.headings))
            _rename(table, at, chance.choice((*WORDS, "note", "wehn", "titel::zh", "score")))
        elif kind < 0.15:
            del grid[table.name]
        elif table.lines:
            line = chance.choice(table.lines)
            if kind < 0.25:
                table.lines.remove(line)
            elif kind < 0.4 and line.cells:
                del line.cells[chance.choice(list(line.cells))]
            elif kind < 0.5 and line.cells:
                source = chance.choice(table.lines)
                line.cells |= source.cells
            else:
                value = chance.choice((*WORDS, 0, -1, 3.5, True, False, 1e300, DAY, 10**17))
                line.cells[chance.choice(table.headings)] = value
    return grid


def _rename(table: Any, at: int, name: str) -> None:
    old = table.headings[at]
    table.headings[at] = name
    for line in table.lines:
        if old in line.cells:
            line.cells[name] = line.cells.pop(old)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workbooks", type=float, default=0.2, help="share of workbooks")
    asked = parser.parse_args()
    books = int(asked.count * asked.workbooks)
    chance = random.Random(asked.seed)
    for name, run, count in (
        ("documents", fuzz_documents, asked.count - books),
        ("workbooks", fuzz_workbooks, books),
    ):
        began = time.perf_counter()
        outcome = run(count, chance)
        took = time.perf_counter() - began
        print(f"{name}: {dict(outcome.counts)}, {took:.0f} s, slowest {outcome.slowest:.2f} s")
        for failure in outcome.failures[:5]:
            print(failure)


if __name__ == "__main__":
    main()
