"""The programme reads questions that the bundled instruments ask, with the same answers."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

import forms
from rules.language.ast import facts_of
from rules.language.parser import parse
from rules.programme import programme_document

INSTRUMENTS = Path(forms.__file__).parent / "instruments"
BUNDLED = {
    "child_enum",
    "home_visit",
    "safety_assess",
    "school_monthly",
    "incident_report",
    "task_feedback",
}
DOCUMENT = programme_document()


def rows(form: str, sheet: str) -> Iterator[dict[str, Any]]:
    book = load_workbook(INSTRUMENTS / f"{form}.xlsx", read_only=True)
    head, *body = book[sheet].iter_rows(values_only=True)
    for row in body:
        yield {str(key): value for key, value in zip(head, row, strict=False) if key}


@cache
def questions(form: str) -> dict[str, str]:
    return {row["name"]: row["type"] for row in rows(form, "survey") if row.get("name")}


@cache
def choices(form: str) -> dict[str, set[str]]:
    lists: dict[str, set[str]] = {}
    for row in rows(form, "choices"):
        if row.get("list_name"):
            lists.setdefault(row["list_name"], set()).add(str(row["name"]))
    return lists


def asked() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(form, question, fact) of every answer that a fact is read from, in the forms that are bundled."""
    for fact in DOCUMENT["facts"]:
        sources = fact.get("sources") or ([fact] if "question" in fact else [])
        for source in [*sources, *([fact["history"]] if "history" in fact else [])]:
            for form in source.get("forms", []):
                if form in BUNDLED and source.get("question"):
                    yield form, source["question"], fact


@pytest.mark.parametrize(("form", "question"), sorted({(form, name) for form, name, _ in asked()}))
def test_question_of_a_fact_is_asked(form: str, question: str) -> None:
    assert question in questions(form)


def test_choices_of_facts_are_those_of_their_questions() -> None:
    listed = {name: {item["code"] for item in codes} for name, codes in DOCUMENT["choices"].items()}
    for form, question, fact in asked():
        kind, _, list_name = questions(form)[question].partition(" ")
        if "choices" in fact and not fact.get("sources") and kind.startswith("select"):
            assert kind == fact["type"], (form, question)
            assert choices(form)[list_name] == listed[fact["choices"]], (form, question)


def test_map_names_codes_that_its_question_offers() -> None:
    for fact in DOCUMENT["facts"]:
        for source in fact.get("sources", []):
            for form in BUNDLED & set(source["forms"]):
                _, _, list_name = questions(form)[source["question"]].partition(" ")
                assert set(source.get("map", {})) - {"*"} <= choices(form)[list_name]


def conditions() -> Iterator[tuple[str, str]]:
    for task in DOCUMENT["tasks"]:
        yield from ((item["form"], item["when"]) for item in task["close"]["any"])
    for fact in DOCUMENT["facts"]:
        yield from (
            (item["form"], item["when"]) for item in fact.get("cleared_by", []) if "when" in item
        )


@pytest.mark.parametrize(("form", "when"), sorted(set(conditions())))
def test_closing_and_clearing_conditions_read_answers_of_their_form(form: str, when: str) -> None:
    assert form in BUNDLED
    assert facts_of(parse(when)) <= set(questions(form))


@pytest.mark.parametrize(("form", "when"), sorted(set(conditions())))
def test_closing_and_clearing_conditions_name_codes_that_exist(form: str, when: str) -> None:
    quoted = when.split("'")[1::2]
    offered = set().union(*choices(form).values())
    assert {code for text in quoted for code in text.split()} <= offered
