"""Merging for bulk work: the short cuts of reading.py read as answers.py does, and leaving out the sources leaves
out nothing else."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine.answers import read_answer
from rules.engine.merge import merge
from rules.engine.observed import Observation
from rules.engine.reading import reader_of
from rules.language.ast import Kind, Type
from tests.rules.programme_kit import programme
from tests.rules.test_bulk_frame import RAW

CODES = ("b", "a", "none", "d")
DAY = date(2026, 3, 15)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(Kind)), RAW | st.lists(st.sampled_from([*CODES, "zz"]), max_size=4))
def test_short_cuts_read_what_the_long_way_reads(kind: Kind, raw: Any):
    wanted = Type(kind, CODES if kind.is_select else ())
    quick, slow = reader_of(wanted)(raw), read_answer(wanted, raw)
    assert quick == slow
    assert type(quick) is type(slow)


@pytest.mark.parametrize(
    ("kind", "raw", "read"),
    [
        (Kind.SELECT_MULTIPLE, ["d", "b", "d"], ("b", "d")),
        (Kind.SELECT_MULTIPLE, "none a", ("a", "none")),
        (Kind.SELECT_MULTIPLE, ["zz", "a"], ("a",)),
        (Kind.SELECT_MULTIPLE, [], None),
        (Kind.SELECT_ONE, "zz", None),
        (Kind.SELECT_ONE, ["a"], "a"),
        (Kind.INTEGER, 10**18, None),
        (Kind.NUMBER, float("nan"), None),
        (Kind.NUMBER, 2, 2),
        (Kind.DATE, "2026-02-30", None),
        (Kind.YES_NO, "no", False),
        (Kind.YES_NO, True, True),
    ],
)
def test_answers_as_they_come_in(kind: Kind, raw: Any, read: Any):
    assert reader_of(Type(kind, CODES if kind.is_select else ()))(raw) == read


def submissions(seed: int) -> list[Observation]:
    """A child's history in the instruments of the programme."""
    pick = random.Random(seed)
    questions: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for fact in programme().facts.values():
        for source in fact.sources:
            for form in source.forms:
                questions[form][source.question] = (fact.type, source.codes)
    found = []
    for number in range(6):
        form = pick.choice(sorted(questions))
        answers = {
            name: answer(pick, *asked)
            for name, asked in questions[form].items()
            if pick.random() < 0.8
        }
        day = DAY - timedelta(days=pick.choice((-1, 0, 0, 5, 40, 200)))
        received = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=pick.randint(0, 5))
        found.append(Observation(form, day, answers, f"uuid:{number}", received, "lan"))
    return found


def answer(pick: random.Random, wanted: Type, codes: Any) -> Any:
    """An answer to a question, as a submission has it."""
    if codes:
        return pick.choice(sorted(codes))
    if wanted.kind is Kind.SELECT_MULTIPLE:
        return [code for code in wanted.codes if pick.random() < 0.2]
    if wanted.kind is Kind.SELECT_ONE:
        return pick.choice(wanted.codes)
    return pick.choice(("yes", "no", 3, "2020-02-29", "", None))


@pytest.mark.parametrize("seed", range(30))
def test_without_sources_the_values_are_the_same(seed: int):
    seen = submissions(seed)
    whole, bare = merge(programme(), seen, DAY), merge(programme(), seen, DAY, with_sources=False)
    assert list(bare.values.items()) == list(whole.values.items())
    assert bare.provenance == {}
    assert whole.provenance.keys() == whole.values.keys()
    assert list(whole.values) == [name for name in programme().facts if name in whole.values]
