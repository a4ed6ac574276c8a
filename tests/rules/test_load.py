"""Loading the bundled programme: complete, repeatable, and gentle to what an administrator has changed."""

import io

import openpyxl
import pytest

from forms.models import Dataset, Form, FormAttachment, FormVersion, Project
from forms.services import publish_draft, set_draft
from forms.services.uploads import XLSX
from rules.models import Release, RuleSet
from rules.programme import load as loading
from rules.programme.load import INSTRUMENTS, find_programme, load_programme
from server.journal.models import Entry

pytestmark = pytest.mark.django_db


def _newer(name: str, version: str) -> bytes:
    """The bundled workbook under another version."""
    book = openpyxl.load_workbook(io.BytesIO(loading._workbook(name).read_bytes()))
    sheet = book["settings"]
    column = [cell.value for cell in sheet[1]].index("version")
    sheet.cell(2, column + 1).value = version
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class _Bundle:
    """Stands for the folder of instruments: one workbook in it is another."""

    def __init__(self, changed: str, content: bytes) -> None:
        self.changed, self.content, self.real = changed, content, loading._workbook

    def __call__(self, name: str) -> "_Bundle":
        self.name = f"{name}.xlsx"
        self.current = name
        return self

    def read_bytes(self) -> bytes:
        if self.current == self.changed:
            return self.content
        return self.real(self.current).read_bytes()


def _counts() -> tuple[int, ...]:
    models = (Project, Dataset, Form, FormVersion, FormAttachment, RuleSet, Release, Entry)
    return tuple(model.objects.count() for model in models)


def test_programme_is_complete_and_loading_it_again_changes_nothing() -> None:
    project = load_programme()
    assert set(project.forms.published().values_list("xml_form_id", flat=True)) == set(INSTRUMENTS)
    assert set(project.datasets.values_list("name", flat=True)) == {"child", "task"}
    release = RuleSet.objects.get(project=project).active
    assert release is not None
    assert release.number == 1
    assert release.author_id != release.approver_id
    before = _counts()
    assert load_programme() == project
    assert _counts() == before


def test_children_are_placed_and_lists_linked_and_only_incidents_restricted() -> None:
    project = load_programme()
    child = project.datasets.get(name="child")
    placed = (child.area_property, child.school_property, child.class_property)
    assert placed == ("village_code", "school_code", "grade_class")
    names = set(child.properties.values_list("name", flat=True))
    assert {*placed, "child_name", "dob"} <= names
    unlinked = FormAttachment.objects.filter(version__current_of__isnull=False, source="file")
    assert not [one.name for one in unlinked]
    restricted = project.forms.filter(sensitivity=Form.Sensitivity.RESTRICTED)
    assert list(restricted.values_list("xml_form_id", flat=True)) == ["incident_report"]


@pytest.fixture
def one_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """A programme of one instrument: reading a workbook takes a second."""
    monkeypatch.setattr(loading, "INSTRUMENTS", ("home_visit",))


@pytest.mark.usefixtures("one_form")
def test_a_newer_instrument_is_published_beside_the_earlier_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form = load_programme().forms.get(xml_form_id="home_visit")
    bundle = _Bundle("home_visit", _newer("home_visit", "2099010101"))
    monkeypatch.setattr(loading, "_workbook", bundle)
    load_programme()
    load_programme()
    form.refresh_from_db()
    assert form.current is not None
    assert form.current.version == "2099010101"
    assert form.versions.filter(published_at__isnull=False).count() == 2


@pytest.mark.usefixtures("one_form")
def test_a_form_that_an_administrator_has_published_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    form = load_programme().forms.get(xml_form_id="home_visit")
    set_draft(
        form, _newer("home_visit", "2099020101"), XLSX, actor=None, filename="home_visit.xlsx"
    )
    publish_draft(form, actor=None)
    bundle = _Bundle("home_visit", _newer("home_visit", "2099010101"))
    monkeypatch.setattr(loading, "_workbook", bundle)
    load_programme()
    form.refresh_from_db()
    assert form.current is not None
    assert form.current.version == "2099020101"


@pytest.mark.usefixtures("one_form")
def test_a_draft_of_an_administrator_is_not_published_over(monkeypatch: pytest.MonkeyPatch) -> None:
    form = load_programme().forms.get(xml_form_id="home_visit")
    draft = set_draft(form, actor=None)
    bundle = _Bundle("home_visit", _newer("home_visit", "2099010101"))
    monkeypatch.setattr(loading, "_workbook", bundle)
    load_programme()
    form.refresh_from_db()
    assert form.draft == draft


@pytest.mark.usefixtures("one_form")
def test_the_programme_is_found_under_another_name() -> None:
    project = load_programme()
    Project.objects.filter(pk=project.pk).update(name="关爱保护 2027")
    assert find_programme() == project
    assert load_programme() == project
