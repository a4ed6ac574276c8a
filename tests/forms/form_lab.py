"""Forms and submissions for tests: XLSForms as Markdown tables, submissions as the inside of their root element."""

import pytest

from forms.instance.parse import Instance, Reader
from forms.xlsform.workbook import Converted, read_workbook
from forms.xlsform.xform import XForm
from server.problems import Problem

CHILD_ID = "11111111-1111-4111-8111-111111111111"


def convert(table: str, fallback: str = "") -> Converted:
    """The Markdown table as a form."""
    return read_workbook(table.encode(), "form.md", fallback)


def form(table: str) -> XForm:
    """The XForm of a Markdown table."""
    return convert(table).xform


def complaint(table: str) -> Problem:
    """The Problem that a faulty table raises."""
    with pytest.raises(Problem) as caught:
        convert(table)
    return caught.value


def submission(
    inside: str, *, form_id: str = "form", meta: str = "", attributes: str = ""
) -> bytes:
    """A submission with instanceID uuid:1."""
    return (
        f'<data id="{form_id}" version="1" {attributes}>{inside}'
        f"<meta><instanceID>uuid:1</instanceID>{meta}</meta></data>"
    ).encode()


def read(table: str, inside: str, **options: str) -> Instance:
    """A submission to the form of a Markdown table."""
    definition = form(table)
    return Reader(definition.fields, definition.entities).read(submission(inside, **options))
