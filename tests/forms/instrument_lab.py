"""Reads the shipped instruments for the tests: sheets as rows, the XForm, and its logic evaluated.

The functions of ODK XForms that the instruments use are given to lxml as XPath extensions, so that
a constraint, a relevance or a calculation is tried with real answers and without a phone.
"""

import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

from lxml import etree
from openpyxl import load_workbook
from pyxform.xls2xform import ConvertResult, convert

ROOT = Path(__file__).parents[2] / "forms" / "instruments"
FORMS = (
    "child_enum",
    "home_visit",
    "safety_assess",
    "school_monthly",
    "incident_report",
    "task_feedback",
)
LANGUAGES = ("中文 (zh)", "English (en)")
NS = {
    "x": "http://www.w3.org/2002/xforms",
    "entities": "http://www.opendatakit.org/xforms/entities",
}
SAVE_TO = f"{{{NS['entities']}}}saveto"
Row = dict[str, str]
EPOCH = date(1970, 1, 1)


@cache
def sheet(form: str, name: str) -> list[Row]:
    """The rows of one sheet, empty cells left out, every value as text."""
    book = load_workbook(ROOT / f"{form}.xlsx", read_only=True)
    header, *rows = book[name].iter_rows(values_only=True)
    return [
        {str(key): str(cell) for key, cell in zip(header, row, strict=True) if cell is not None}
        for row in rows
    ]


@cache
def converted(form: str) -> tuple[ConvertResult, list[str]]:
    """What pyxform makes of the workbook, and its warnings."""
    warnings: list[str] = []
    return convert(str(ROOT / f"{form}.xlsx"), warnings=warnings), warnings


@cache
def xform(form: str) -> etree._Element:
    return etree.fromstring(converted(form)[0].xform.encode())


def survey(form: str) -> dict[str, Row]:
    """The survey rows that have a name, by name, in their order."""
    return {row["name"]: row for row in sheet(form, "survey") if "name" in row}


def nodes(form: str, xpath: str) -> list[etree._Element]:
    """The elements of the XForm that this path finds, with the prefixes of `NS`."""
    return cast(list[etree._Element], xform(form).xpath(xpath, namespaces=NS))


def bind(form: str, question: str) -> etree._Element:
    (found,) = [n for n in nodes(form, "//x:bind") if n.get("nodeset", "").endswith(f"/{question}")]
    return found


def holds(form: str, question: str, attribute: str, **answers: str) -> Any:
    """Evaluates `constraint`, `relevant` or `calculate` of one question over these answers."""
    node = bind(form, question)
    (place,) = cast(list[etree._Element], instance(form, answers).xpath(node.get("nodeset", "")))
    return etree.XPath(node.get(attribute, ""), extensions=FUNCTIONS)(place)


def accepts(form: str, question: str, answer: str, **answers: str) -> bool:
    """Whether the question's constraint lets this answer pass."""
    return bool(holds(form, question, "constraint", **{question: answer, **answers}))


def instance(form: str, answers: dict[str, str]) -> etree._ElementTree:
    """A fresh primary instance, without namespaces, holding these answers; dates as day numbers."""
    dated = {n.get("nodeset", "") for n in nodes(form, "//x:bind[starts-with(@type, 'date')]")}
    (model,) = nodes(form, "//x:instance/*[local-name()='data']")
    data = etree.ElementTree(etree.fromstring(etree.tostring(model)))
    for element in data.iter(etree.Element):
        element.tag = etree.QName(element).localname
        answer = answers.get(element.tag, "")
        is_date = answer and data.getpath(element) in dated
        element.text = str(day_number(answer)) if is_date else answer
    return data


def day_number(day: str) -> int:
    """Days since 1970, which is what a date is in JavaRosa's comparisons."""
    return (date.fromisoformat(day) - EPOCH).days


def text(value: Any) -> str:
    """An XPath argument as a string: of a node set, its first node's text."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, etree._Element):
        return value.text or ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def number(value: Any) -> float:
    try:
        return float(text(value))
    except ValueError:
        return math.nan


def whole(value: float) -> float:
    return value if math.isnan(value) else float(math.trunc(value))


def format_date(_: Any, day: Any, pattern: Any) -> str:
    days = number(day)
    return "" if math.isnan(days) else (EPOCH + timedelta(days)).strftime(text(pattern))


def selected_at(_: Any, value: Any, index: Any) -> str:
    words = text(value).split()
    return words[int(index)] if int(index) < len(words) else ""


FUNCTIONS: dict[tuple[None, str], Callable[..., Any]] = {
    (None, "substr"): lambda _, value, start, end: text(value)[int(start) : int(end)],
    (None, "regex"): lambda _, value, pattern: bool(re.fullmatch(text(pattern), text(value))),
    (None, "if"): lambda _, test, yes, no: yes if test else no,
    (None, "int"): lambda _, value: whole(number(value)),
    (None, "today"): lambda _: float(day_number(date.today().isoformat())),
    (None, "format-date"): format_date,
    (None, "selected"): lambda _, value, code: text(code) in text(value).split(),
    (None, "selected-at"): selected_at,
    (None, "count-selected"): lambda _, value: float(len(text(value).split())),
}
