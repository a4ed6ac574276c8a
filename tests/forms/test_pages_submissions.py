"""The pages of submissions: scoped to areas, schools and classes; answers with their labels; files that cannot run."""

from collections.abc import Callable

import pytest
from django.test import Client

from forms.models import Entity, Form, Project, Subject, Submission
from forms.pages.answers import value_text
from forms.services import create_dataset, receive_submission
from server.journal.models import Entry
from server.people.models import User
from server.people.roles import Role
from server.places.models import School
from tests.conftest import Country, make_user
from tests.forms.field_work import VISIT, instance, make_phone, make_project, new_id, publish

Browser = Callable[[User], Client]
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 30

ANSWERED = """
| survey |
| | type | name | label::中文 (zh) | label::English (en) |
| | date | visit_date | 日期 | Date |
| | select_one yn | home | 在家吗 | At home |
| | select_multiple worry | worries | 担忧 | Worries |
| | geopoint | spot | 位置 | Spot |
| | select_one_from_file village.csv | village | 村 | Village |
| | begin_repeat | meal | 餐 | Meal |
| | text | dish | 菜 | Dish |
| | end_repeat | | | |
| | integer | empty | 没答 | Unanswered |
| choices |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | yn | yes | 是 | Yes |
| | worry | debt | 欠债 | Debt |
| | worry | ill | 生病 | Illness |
| settings |
| | form_title | form_id | version |
| | 走访 | answered | 1 |
"""
ANSWERS = (
    "<visit_date>2025-03-12</visit_date><home>yes</home><worries>debt ill</worries><spot>32.5 109.25 10 5</spot>"
    "<village>529901100201</village><meal><dish>面</dish></meal><meal><dish>饭</dish></meal>"
)


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


@pytest.fixture
def visit(project: Project, lan: User) -> Submission:
    """A visit that Lan's phone sent, with a photo."""
    publish(project, VISIT)
    xml = instance("visit", {"note": "见到<奶奶>", "photo": "p.png"})
    phone = make_phone(project, lan)
    return receive_submission(project, xml, {"p.png": PNG}, actor=phone).submission


def pages_of(submission: Submission) -> list[str]:
    base = f"/submissions/{submission.pk}"
    return [base, f"{base}/xml", f"{base}/files/p.png"]


def body(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def place(submission: Submission, school: School, class_name: str) -> None:
    """Put the submission where a child is; the class is known through its subject."""
    Submission.objects.filter(pk=submission.pk).update(area=None, school=school)
    dataset = create_dataset(submission.form.project, "child", actor=None)
    child = Entity.objects.create(
        dataset=dataset,
        uuid=new_id()[5:],
        label="张小明",
        class_name=class_name,
        school=school,
    )
    Subject.objects.create(submission=submission, entity=child)


def test_the_area_sees_it_and_the_stranger_does_not(
    visit: Submission, lan: User, county: User, stranger: User, client_for: Browser
) -> None:
    for path in pages_of(visit):
        for reader, status in ((lan, 200), (county, 200), (stranger, 404)):
            assert client_for(reader).get(path).status_code == status, (path, reader)
        assert Client().get(path).headers["Location"] == f"/login?next={path}"
    listed = f'href="/submissions/{visit.pk}"'
    assert listed in body(client_for(lan).get(f"/forms/{visit.form_id}/submissions"))
    assert listed not in body(client_for(stranger).get(f"/forms/{visit.form_id}/submissions"))


def test_a_neighbouring_village_does_not_see_it(
    visit: Submission, country: Country, client_for: Browser
) -> None:
    neighbour = make_user("n", Role.CHILD_DIRECTOR, country.next_village)
    assert client_for(neighbour).get(f"/submissions/{visit.pk}").status_code == 404


def test_a_class_teacher_sees_those_about_children_of_the_class_only(
    visit: Submission, country: Country, client_for: Browser
) -> None:
    school = School.objects.create(code="s", name="河口小学", area=country.town)
    place(visit, school=school, class_name="3-1")
    mine = make_user("mine", Role.CLASS_TEACHER, None, school=school, class_name="3-1")
    other = make_user("other", Role.CLASS_TEACHER, None, school=school, class_name="3-2")
    lead = make_user("lead", Role.SCHOOL_LEAD, None, school=school)
    for reader, status in ((mine, 200), (other, 404), (lead, 200)):
        assert client_for(reader).get(f"/submissions/{visit.pk}").status_code == status
        assert client_for(reader).get(f"/forms/{visit.form_id}/submissions").status_code == 200


def test_a_restricted_form_is_for_who_may_read_restricted_ones(
    visit: Submission, lan: User, county: User, country: Country, client_for: Browser
) -> None:
    Form.objects.filter(pk=visit.form_id).update(sensitivity="restricted")
    police = make_user("police", Role.TOWN_POLICE, country.town)
    for path in [*pages_of(visit), f"/forms/{visit.form_id}/submissions"]:
        assert client_for(lan).get(path).status_code in (403, 404), path
        assert client_for(county).get(path).status_code == 200, path
        assert client_for(police).get(path).status_code == 200, path


def test_who_may_read_no_submissions_is_refused_the_list(
    visit: Submission, country: Country, client_for: Browser
) -> None:
    health = make_user("h", Role.TOWN_HEALTH, country.town)
    assert client_for(health).get(f"/forms/{visit.form_id}/submissions").status_code == 403


def test_reading_one_is_journalled_with_who_read_it(
    visit: Submission, county: User, client_for: Browser
) -> None:
    client_for(county).get(f"/submissions/{visit.pk}")
    client_for(county).get(f"/submissions/{visit.pk}/xml")
    about = Entry.objects.filter(subject=f"submission:{visit.instance_id}", actor=county)
    assert set(about.values_list("action", flat=True)) == {"submission.read", "submission.download"}


def test_answers_have_labels_places_have_names_repeats_have_rows(
    project: Project, lan: User, client_for: Browser
) -> None:
    publish(project, ANSWERED)
    xml = instance("answered", ANSWERS)
    sent = receive_submission(project, xml, actor=make_phone(project, lan)).submission
    shown = body(client_for(lan).get(f"/submissions/{sent.pk}"))
    for text in (
        "2025年3月12日",
        "在家吗",
        "是",
        "欠债、生病",
        "32.50000, 109.25000 (±5 m)",
        "柳树村",
        "餐 1",
        "面",
        "餐 2",
        "饭",
    ):
        assert text in shown, text
    assert "没答" not in shown
    english = client_for(lan)
    english.post("/language", {"language": "en"})
    assert "Debt、Illness" in body(english.get(f"/submissions/{sent.pk}"))


def test_what_people_wrote_is_text_and_not_markup(
    visit: Submission, lan: User, client_for: Browser
) -> None:
    assert "见到&lt;奶奶&gt;" in body(client_for(lan).get(f"/submissions/{visit.pk}"))


def test_the_xml_comes_byte_for_byte(visit: Submission, lan: User, client_for: Browser) -> None:
    answer = client_for(lan).get(f"/submissions/{visit.pk}/xml")
    assert answer.content == bytes(visit.versions.get().xml)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_photo_is_shown_and_anything_else_only_downloaded(
    project: Project, lan: User, client_for: Browser
) -> None:
    publish(project, VISIT)
    phone, page = make_phone(project, lan), b"<html><script>alert(1)</script></html>"
    sent = receive_submission(
        project, instance("visit", {"photo": "x.html"}), {"x.html": page}, actor=phone
    ).submission
    answer = client_for(lan).get(f"/submissions/{sent.pk}/files/x.html")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_missing_file_is_told(project: Project, lan: User, client_for: Browser) -> None:
    publish(project, VISIT)
    xml = instance("visit", {"photo": "late.png"})
    sent = receive_submission(project, xml, actor=make_phone(project, lan)).submission
    client = client_for(lan)
    assert "文件尚未收到" in body(client.get(f"/submissions/{sent.pk}"))
    assert "缺 1 个附件" in body(client.get(f"/forms/{sent.form_id}/submissions"))
    assert client.get(f"/submissions/{sent.pk}/files/late.png").status_code == 404


def test_an_edit_shows_before_and_after(project: Project, lan: User, client_for: Browser) -> None:
    publish(project, VISIT)
    phone, first = make_phone(project, lan), new_id()
    sent = receive_submission(
        project, instance("visit", {"note": "妈妈照看"}, instance_id=first), actor=phone
    ).submission
    receive_submission(
        project, instance("visit", {"note": "奶奶照看"}, replaces=first), actor=phone
    )
    shown = body(client_for(lan).get(f"/submissions/{sent.pk}"))
    assert "<del>妈妈照看</del> → <ins>奶奶照看</ins>" in shown


def test_review_is_for_who_may_change_records_there(
    visit: Submission, lan: User, county: User, stranger: User, client_for: Browser
) -> None:
    path = f"/submissions/{visit.pk}/review"
    assert client_for(lan).post(path, {"state": "approved"}).status_code == 403
    assert client_for(stranger).post(path, {"state": "approved"}).status_code == 404
    assert Client().post(path, {"state": "approved"}).status_code == 302
    assert client_for(county).post(path, {"state": "nonsense"}).status_code == 400
    visit.refresh_from_db()
    assert visit.review_state is None
    assert client_for(county).post(path, {"state": "rejected"}).status_code == 302
    visit.refresh_from_db()
    assert visit.review_state == "rejected"


def test_records_are_found_by_sender_and_state(
    visit: Submission, county: User, client_for: Browser
) -> None:
    client, path = client_for(county), f"/forms/{visit.form_id}/submissions"
    listed = f'href="/submissions/{visit.pk}"'
    for query, found in (
        ("?q=PHONE", True),
        ("?q=nobody", False),
        ("?state=received", True),
        ("?state=rejected", False),
    ):
        assert (listed in body(client.get(path + query))) is found, query


def test_drafts_tests_and_deleted_records_are_not_listed(
    visit: Submission, county: User, client_for: Browser
) -> None:
    for change in ({"is_draft": True}, {"is_draft": False, "deleted_at": visit.created_at}):
        Submission.objects.filter(pk=visit.pk).update(**change)
        assert client_for(county).get(f"/submissions/{visit.pk}").status_code == 404
        assert f'href="/submissions/{visit.pk}"' not in body(
            client_for(county).get(f"/forms/{visit.form_id}/submissions")
        )


def test_the_list_takes_few_queries_and_goes_on_by_key(
    visit: Submission, lan: User, project: Project, client_for: Browser,
    django_assert_max_num_queries: Callable[..., object],
) -> None:  # fmt: skip
    phone = make_phone(project, lan)
    for _ in range(52):
        receive_submission(project, instance("visit", {"note": "x"}), actor=phone)
    client, path = client_for(lan), f"/forms/{visit.form_id}/submissions"
    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        first = body(client.get(path))
    assert first.count('<tr class="link">') == 50
    older = first.partition('href="?before=')[2].partition('"')[0]
    assert body(client.get(f"{path}?before={older}")).count('<tr class="link">') == 3


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        ("2025-13-40", "2025-13-40"),
        (0, "0"),
        (2.5, "2.5"),
        ("2025-03-12T23:30:00+00:00", "2025年3月13日 07:30"),
    ],
)
def test_values_without_a_question_are_readable_too(value: object, shown: str) -> None:
    assert value_text(value, None) == shown
