"""The pages of areas, schools and units, and the workbook that goes out and comes in."""

import json
from io import BytesIO
from time import perf_counter

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook, load_workbook

from server.journal.models import Entry
from server.masterdata import applying, changing, problems
from server.masterdata.changing import Order
from server.masterdata.planning import plan
from server.people.roles import Role
from server.places.models import Area, Change, School, SchoolClass
from server.problems import FORBIDDEN, Problem
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(country):
    return make_user("keeper", Role.COUNTY_CIVIL, country.county)


def uploaded(browser, book):
    kept = BytesIO()
    book.save(kept)
    file = SimpleUploadedFile("places.xlsx", kept.getvalue())
    return browser.post("/places/import", {"file": file})


def test_the_tree_and_its_pages_show_what_is_within_ones_areas_only(
    country, keeper, stranger, client_for
):
    School.objects.create(code="S1", name="河口小学", area=country.town)
    browser = client_for(keeper)
    assert "清水县" in browser.get("/places").content.decode()
    below = browser.get(f"/places?under={country.town.code}").content.decode()
    assert "柳树村" in below and "河口小学" in below  # noqa: PT018
    found = browser.get("/places?q=柳树").content.decode()
    assert "柳树村" in found and "枫香村" not in found  # noqa: PT018
    page = f"/places/area/{country.village.pk}"
    assert browser.get(page).status_code == 200
    theirs = client_for(stranger)
    assert theirs.get(page).status_code == 404
    assert "柳树村" not in theirs.get("/places?q=柳").content.decode()
    assert theirs.post(f"{page}/change", {"deed": "rename", "name": "x"}).status_code == 404
    for address in (
        "/places",
        page,
        "/places/import",
        "/places.xlsx",
        "/places/boundaries.geojson",
    ):
        assert Client().get(address).status_code == 302


def test_a_worker_looks_and_changes_nothing(country, lan, client_for):
    browser, page = client_for(lan), f"/places/area/{country.village.pk}"
    assert "deed" not in browser.get(page).content.decode()
    assert browser.post(f"{page}/change", {"deed": "rename", "name": "x"}).status_code == 403
    assert browser.get("/places/import").status_code == 403
    assert browser.get("/places.xlsx").status_code == 403


def test_a_village_is_made_renamed_merged_and_brought_back_on_its_page(country, keeper, client_for):
    browser = client_for(keeper)
    said = {"in": country.town.code, "code": "529901100203", "name": "新村"}
    page = browser.post("/places/area/new", said).headers["Location"]
    browser.post(f"{page}/change", {"deed": "rename", "name": "新合村", "source": "清政发1号"})
    shown = browser.get(page).content.decode()
    assert "新合村" in shown and "新村" in shown and "清政发1号" in shown  # noqa: PT018
    bad = browser.post(f"{page}/change", {"deed": "recode", "code": "1"})
    assert bad.status_code == 422
    browser.post(f"{page}/change", {"deed": "merge", "into": country.village.code})
    made = Area.objects.get(code="529901100203")
    assert made.successor == country.village
    newest = Change.objects.filter(place_id=made.pk).first()
    browser.post(f"{page}/change", {"deed": "undo", "change": newest.pk})
    made.refresh_from_db()
    assert made.closed_on is None


def test_boundaries_are_uploaded_on_the_page(country, keeper, client_for):
    geometry = {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [5, 6], [1, 2]]]}
    feature = {"type": "Feature", "properties": {"code": country.town.code}, "geometry": geometry}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    browser = client_for(keeper)
    browser.post("/places/boundaries", {"file": SimpleUploadedFile("b.geojson", text.encode())})
    sent = b"".join(browser.get("/places/boundaries.geojson").streaming_content)
    assert json.loads(sent)["features"][0]["properties"]["code"] == country.town.code


def test_the_workbook_goes_out_is_edited_looked_at_and_applied(country, keeper, client_for, drain):
    browser = client_for(keeper)
    sent = browser.get("/places.xlsx").content
    book = load_workbook(BytesIO(sent))
    codes = {row[0].value: row for row in book["areas"].iter_rows(min_row=2)}
    assert country.village.code in codes and country.other_county.code not in codes  # noqa: PT018
    codes[country.village.code][1].value = "杨树村"
    book["areas"].append(["529901101202", "下寨村", "", "village", "529901101"])
    book["schools"].append(["S1", "河口小学", "", country.town.code])
    book["classes"].append(["S1", 2026, "三年级1班"])
    looked = uploaded(browser, book)
    assert Area.objects.get(pk=country.village.pk).name == "柳树村"  # looked at only
    assert looked.context["plan"].counts == {"rename": 1, "create": 2, "class": 1}
    draft = looked.context["draft"].pk
    assert browser.post("/places/import/apply", {"draft": draft}).status_code == 302
    drain()
    assert Area.objects.get(pk=country.village.pk).name == "杨树村"
    made = Area.objects.get(code="529901101202")
    assert made.path == f"{country.other_town.path}529901101202/"
    assert SchoolClass.objects.get().school.code == "S1"
    assert Entry.objects.filter(action="place.import", actor=keeper).exists()
    assert browser.post("/places/import/apply", {"draft": draft}).status_code == 422  # once only


def test_faults_are_named_by_sheet_and_row_and_nothing_can_be_applied(country, keeper, client_for):
    book = Workbook()
    sheet = book.active
    sheet.title = "areas"
    sheet.append(["code", "name", "kind", "parent"])
    sheet.append(["529901100203", "新村", "village", "529901100"])
    sheet.append(["12", "短村", "village", "529901100"])
    sheet.append(["529902100209", "他村", "village", "529902100"])
    looked = uploaded(client_for(keeper), book)
    faults = looked.context["plan"].faults
    assert [(one.places[0].row, one.kind) for one in faults] == [(3, problems.CODE), (4, FORBIDDEN)]
    assert "draft" not in looked.context


def test_a_workbook_that_was_overtaken_is_not_applied(country, keeper):
    rows: dict[str, list[tuple[int, dict[str, str]]]] = {
        "areas": [(2, {"code": country.village.code, "name": "甲村"})]
    }
    draft = applying.keep_draft(rows, keeper)
    changing.rename(country.next_village, "乙村", Order(None))
    with pytest.raises(Problem) as caught:
        applying.apply_draft(draft.pk, keeper)
    assert caught.value.kind is problems.OUTDATED
    assert Area.objects.get(pk=country.village.pk).name == "柳树村"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"code,name\n1,2"])
def test_a_file_that_is_no_workbook_is_refused(keeper, client_for, content):
    file = SimpleUploadedFile("places.xlsx", content)
    assert client_for(keeper).post("/places/import", {"file": file}).status_code in (400, 422)


def test_thousands_of_rows_take_seconds(country, django_assert_max_num_queries):
    made = [
        (n, {"code": f"529901{100 + n // 650}{n % 650 + 300:03d}", "name": f"村{n}", "kind": "village",
             "parent": f"529901{100 + n // 650}"})
        for n in range(1300)
    ]  # fmt: skip
    begun = perf_counter()
    with django_assert_max_num_queries(60):
        applying.apply_plan(plan({"areas": made}, None), Order(None))
    assert Area.objects.filter(kind="village").count() == 1304
    assert perf_counter() - begun < 10
