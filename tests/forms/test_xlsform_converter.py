"""Workbooks in a child process: the same answers, and limits that a workbook cannot pass."""

import re
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from forms import problems
from forms.xlsform.converter import WAITING, WORKBOOKS, Converter
from forms.xlsform.workbook import read_workbook
from server.problems import Problem
from tests.forms.field_work import ENUM, VISIT


def many(rows: int) -> bytes:
    """A form of so many questions."""
    questions = "".join(f"| | text | q{number} | Q {number} |\n" for number in range(rows))
    return f"| survey |\n| | type | name | label |\n{questions}".encode()


@pytest.fixture(scope="module")
def converter() -> Iterator[Converter]:
    made = Converter()
    yield made
    made.close()


def refused(converter: Converter, content: bytes, **options: float) -> Problem:
    with pytest.raises(Problem) as caught:
        converter.convert(content, "form.md", "", **options)
    return caught.value


def test_a_child_converts_as_the_server_would(converter):
    assert converter.convert(ENUM.encode(), "a.md", "") == read_workbook(ENUM.encode(), "a.md")


def test_a_fault_comes_with_its_place_and_the_child_lives_on(converter):
    broken = VISIT.replace("| text | note |", "| txet | note |").encode()
    fault, before = refused(converter, broken), converter._child
    assert fault.kind is problems.TYPE_UNKNOWN
    assert (fault.places[0].sheet, fault.places[0].row) == ("survey", 3)
    assert fault.tokens["value"] == "txet"
    converter.convert(VISIT.encode(), "a.md", "")
    assert converter._child is before


def test_what_takes_too_long_is_ended_and_the_next_is_served(converter):
    assert refused(converter, many(3000), patience=0.2).kind is problems.WORKBOOK_TOO_HEAVY
    assert converter.convert(VISIT.encode(), "a.md", "").xform.form_id == "visit"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds the limit")
def test_what_takes_too_much_memory_is_given_up():
    measured = Converter()
    measured.convert(VISIT.encode(), "a.md", "")
    status = Path(f"/proc/{measured._child.pid}/status").read_text()
    measured.close()
    least = int(re.search(r"VmPeak:\s+(\d+) kB", status)[1]) << 10
    small = Converter(memory=least + (6 << 20))
    try:
        assert small.convert(VISIT.encode(), "a.md", "").xform.form_id == "visit"
        assert refused(small, many(3000)).kind is problems.WORKBOOK_TOO_HEAVY
    finally:
        small.close()


def test_a_child_that_ended_or_has_worked_long_is_replaced(converter):
    converter.convert(VISIT.encode(), "a.md", "")
    first = converter._child
    first.kill()
    converter.convert(VISIT.encode(), "a.md", "")
    second = converter._child
    converter._converted = WORKBOOKS
    converter.convert(VISIT.encode(), "a.md", "")
    assert len({id(first), id(second), id(converter._child)}) == 3
    assert second.poll() is not None


def test_an_idle_child_ends_by_itself():
    lazy = Converter(idle=0.05)
    try:
        lazy.convert(VISIT.encode(), "a.md", "")
        assert lazy._child.wait(5) == 0
        lazy.convert(VISIT.encode(), "a.md", "")
    finally:
        lazy.close()


def test_uploads_at_one_moment_each_get_their_own_form(converter):
    with ThreadPoolExecutor(3) as pool:
        made = list(
            pool.map(lambda name: converter.convert(b"| survey |\n| | type | name | label |\n"
                                                    b"| | text | q | Q |", "a.md", name), "abc")
        )  # fmt: skip
    assert [one.xform.form_id for one in made] == ["a", "b", "c"]


def test_more_than_a_few_are_sent_away_at_once_and_none_waits_for_ever():
    busy = Converter()
    for _ in range(1 + WAITING):
        busy._room.acquire()
    assert refused(busy, VISIT.encode()).kind is problems.SERVER_BUSY
    busy._room = threading.Semaphore(2)
    with busy._turn:
        assert refused(busy, VISIT.encode(), patience=0.05).kind is problems.SERVER_BUSY
    assert busy._child is None


def test_a_file_beyond_the_limit_never_reaches_the_child():
    fresh = Converter()
    assert refused(fresh, bytes(11 << 20)).kind is problems.WORKBOOK_TOO_LARGE
    assert fresh._child is None
