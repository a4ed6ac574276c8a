"""The pages of phones: a key carries all of its worker's access, so who may see or make one is bound to areas."""

import base64
import json
import re
import zlib
from collections.abc import Callable

import pytest
import segno
from django.test import Client

from forms.models import Project, ProjectAppUser
from forms.pages.phones import qr_svg
from forms.services import collect_qr
from server.journal.models import Entry
from server.people.models import AppUser, RoleGrant, User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.forms.field_work import VISIT, Phone, make_phone, make_project, publish

Browser = Callable[[User], Client]


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


@pytest.fixture
def keeper(country: Country) -> User:
    """Hands out the phones of one county."""
    return make_user("keeper", Role.COUNTY_CIVIL, country.county)


@pytest.fixture
def other_keeper(country: Country) -> User:
    """The same in the other county."""
    return make_user("other_keeper", Role.COUNTY_CIVIL, country.other_county)


def body(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def test_a_key_is_shown_as_the_qr_code_that_collect_reads(
    project: Project, lan: User, keeper: User, client_for: Browser
) -> None:
    phone = make_phone(project, lan)
    shown = body(client_for(keeper).get(f"/phones/{phone.pk}"))
    drawn = re.search(r'<svg[^>]*class="qr".*?</svg>', shown, re.DOTALL)
    assert drawn
    assert drawn.group(0) == qr_svg(collect_qr(project, phone, "http://testserver/"))
    assert "height=" not in drawn.group(0).partition(">")[0]  # takes the size of its place
    settings = json.loads(
        zlib.decompress(base64.b64decode(collect_qr(project, phone, "http://testserver/")))
    )
    assert (
        settings["general"]["server_url"]
        == f"http://testserver/v1/key/{phone.key}/projects/{project.pk}"
    )


def test_the_code_fits_what_phone_cameras_read(project: Project, lan: User) -> None:
    code = segno.make(
        collect_qr(project, make_phone(project, lan), "https://anhu.example.gov.cn"), error="l"
    )
    assert int(code.version) <= 25


def test_the_address_in_the_code_is_the_one_that_is_set(
    project: Project, lan: User, keeper: User, client_for: Browser, settings: object
) -> None:
    settings.BASE_URL = "https://anhu.example.gov.cn"  # type: ignore[attr-defined]
    phone = make_phone(project, lan)
    assert "https://anhu.example.gov.cn" in body(client_for(keeper).get(f"/phones/{phone.pk}"))


def test_showing_a_key_is_journalled_and_never_cached(
    project: Project, lan: User, keeper: User, client_for: Browser
) -> None:
    phone = make_phone(project, lan)
    answer = client_for(keeper).get(f"/phones/{phone.pk}")
    assert (
        Entry.objects.filter(
            action="field_key.reveal", actor=keeper, subject=f"app_user:{phone.pk}"
        ).count()
        == 1
    )
    assert "no-store" in answer.headers["Cache-Control"]


def test_another_countys_keeper_sees_and_ends_nothing_here(
    project: Project, lan: User, other_keeper: User, client_for: Browser
) -> None:
    phone = make_phone(project, lan)
    client = client_for(other_keeper)
    assert client.get(f"/phones/{phone.pk}").status_code == 404
    assert client.post(f"/phones/{phone.pk}/revoke").status_code == 404
    assert f"/phones/{phone.pk}" not in body(client.get("/phones"))
    assert lan.email not in body(client.get("/phones"))
    answer = client.post("/phones/new", {"project": project.pk, "worker": lan.email})
    assert answer.status_code == 400
    assert AppUser.objects.count() == 1


def test_a_worker_with_one_role_outside_is_outside(
    project: Project, lan: User, keeper: User, country: Country, client_for: Browser
) -> None:
    phone = make_phone(project, lan)
    RoleGrant.objects.create(user=lan, role=Role.CHILD_DIRECTOR, area=country.other_county_village)
    assert client_for(keeper).get(f"/phones/{phone.pk}").status_code == 404
    everywhere = make_user("boss", Role.COUNTY_CIVIL)
    assert (
        client_for(keeper)
        .post("/phones/new", {"project": project.pk, "worker": everywhere.email})
        .status_code
        == 400
    )


@pytest.mark.parametrize(
    "path", ["/phones", "/phones/new", "/phones/1", "/phones/1/revoke", "/phone"]
)
def test_nobody_gets_in_without_a_login(project: Project, path: str) -> None:
    for method in ("get", "post"):
        assert getattr(Client(), method)(path).status_code in (302, 405)


def test_field_workers_may_not_hand_out_phones(
    project: Project, lan: User, county: User, client_for: Browser
) -> None:
    phone = make_phone(project, county)
    client = client_for(lan)
    assert client.get("/phones").status_code == 403
    assert client.get(f"/phones/{phone.pk}").status_code == 403
    assert (
        client.post("/phones/new", {"project": project.pk, "worker": lan.email}).status_code == 403
    )
    assert client.post(f"/phones/{phone.pk}/revoke").status_code == 403


def test_a_phone_is_set_up_for_a_worker_and_works(
    project: Project, lan: User, keeper: User, client_for: Browser
) -> None:
    publish(project, VISIT)
    answer = client_for(keeper).post(
        "/phones/new", {"project": project.pk, "worker": lan.email.upper(), "name": "华为"}
    )
    phone = AppUser.objects.get(worker=lan)
    assert answer.headers["Location"] == f"/phones/{phone.pk}"
    assert phone.display_name == "华为"
    assert not ProjectAppUser.objects.get(app_user=phone).sees_all_entities
    assert Phone(phone, project).get("/formList").status_code == 200


def test_a_lost_phone_loses_its_access_at_once(
    project: Project, lan: User, keeper: User, client_for: Browser
) -> None:
    phone = make_phone(project, lan)
    client_for(keeper).post(f"/phones/{phone.pk}/revoke")
    assert Phone(phone, project).get("/formList").status_code in (401, 403)
    shown = body(client_for(keeper).get(f"/phones/{phone.pk}"))
    assert 'class="qr"' not in shown
    assert "已停用" in shown


def test_everyone_who_fills_forms_makes_one_own_phone_and_no_more(
    project: Project, lan: User, client_for: Browser
) -> None:
    client = client_for(lan)
    for _ in range(2):
        client.post("/phone", {"project": project.pk})
    phone = AppUser.objects.get(worker=lan)
    assert body(client.get("/phone")).count('class="qr"') == 1
    client.post(f"/phones/{phone.pk}/revoke")
    phone.refresh_from_db()
    assert phone.revoked_at is not None
    assert 'class="qr"' not in body(client.get("/phone"))


def test_ones_own_phone_page_shows_no_other_persons(
    project: Project, lan: User, county: User, client_for: Browser
) -> None:
    make_phone(project, lan)
    assert 'class="qr"' not in body(client_for(county).get("/phone"))


def test_who_fills_no_forms_has_no_phone(project: Project, client_for: Browser) -> None:
    auditor = make_user("a", Role.AUDITOR)
    assert client_for(auditor).get("/phone").status_code == 403
    assert client_for(auditor).post("/phone", {"project": project.pk}).status_code == 403


@pytest.mark.parametrize(
    "fields", [{}, {"worker": ""}, {"worker": "nobody@example.org"}, {"worker": "x" * 5000}]
)
def test_a_phone_for_nobody_is_refused(
    project: Project, keeper: User, client_for: Browser, fields: dict[str, str]
) -> None:
    assert (
        client_for(keeper).post("/phones/new", {"project": project.pk, **fields}).status_code == 400
    )
    assert client_for(keeper).post("/phones/new", {"project": "x", **fields}).status_code == 404


def test_many_phones_take_few_queries(
    project: Project,
    lan: User,
    keeper: User,
    client_for: Browser,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    for _ in range(20):
        make_phone(project, lan)
    client = client_for(keeper)
    with django_assert_max_num_queries(13):  # type: ignore[attr-defined]
        assert body(client.get("/phones")).count('<tr class="link">') == 20
