"""Pages for accounts: a forgotten password, and the people for whom an administrator cares."""

import pytest
from django.core import mail
from django.test import Client

from server.accounts.mail import send
from server.people.models import RoleGrant, User
from server.people.roles import Role
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "four calm herons standing"


def token_for(user: User) -> str:
    send("reset", email=user.email)
    return mail.outbox[-1].body.split("token=")[1].split()[0]


def test_a_forgotten_password_is_set_anew_by_the_mailed_link(lan, drain):
    client = Client()
    assert client.get("/login").content.count(b"/password/forgotten") == 1
    asked = client.post("/password/forgotten", {"email": lan.email})
    assert lan.email in asked.content.decode()
    drain()
    link = mail.outbox[0].body.split("8000")[1].split()[0]
    assert client.get(link).status_code == 200
    token = link.split("token=")[1]
    answer = client.post("/password/new", {"token": token, "password": NEW, "again": NEW})
    assert answer.headers["Location"] == "/login"
    assert User.objects.get(pk=lan.pk).check_password(NEW)
    assert client.get(link).status_code == 404  # used


@pytest.mark.parametrize(("password", "again"), [(NEW, "other"), ("short", "short")])
def test_a_bad_new_password_is_refused_and_the_link_still_works(lan, password, again):
    token = token_for(lan)
    said = {"token": token, "password": password, "again": again}
    assert Client().post("/password/new", said).status_code == 422
    assert User.objects.get(pk=lan.pk).check_password(PASSWORD)
    assert Client().get(f"/password/new?token={token}").status_code == 200


def test_an_administrator_invites_a_person_and_gives_and_takes_a_role(
    admin, country, client_for, drain
):
    browser = client_for(admin)
    said = {"email": "lin@example.org", "name": "林"}
    page = browser.post("/people/invite", said).headers["Location"]
    assert "林" in browser.get(page).content.decode()
    lin = User.objects.get(email="lin@example.org")
    grant = {"deed": "grant", "role": Role.CHILD_DIRECTOR, "area": country.village.code}
    assert browser.post(f"{page}/change", grant).status_code == 302
    held = RoleGrant.objects.get(user=lin)
    assert (held.role, held.area) == (Role.CHILD_DIRECTOR, country.village)
    assert country.village.name in browser.get("/people?q=lin@").content.decode()
    browser.post(f"{page}/change", {"deed": "take", "grant": held.pk})
    assert not RoleGrant.objects.filter(user=lin).exists()
    drain()
    assert mail.outbox[0].to == ["lin@example.org"]


def test_a_role_without_a_place_is_not_given_by_mistake(admin, lan, client_for):
    path = f"/people/{lan.pk}/change"
    client_for(admin).post(path, {"deed": "grant", "role": Role.ADMIN})
    assert not RoleGrant.objects.filter(user=lan, role=Role.ADMIN).exists()
    client_for(admin).post(path, {"deed": "grant", "role": Role.ADMIN, "everywhere": "1"})
    assert RoleGrant.objects.filter(user=lan, role=Role.ADMIN).exists()


def test_a_disabled_person_is_out_of_the_browser_too(admin, lan, client_for):
    theirs = client_for(lan)
    assert theirs.get("/profile").status_code == 200
    client_for(admin).post(f"/people/{lan.pk}/change", {"deed": "disable"})
    assert theirs.get("/profile").status_code == 302
    client_for(admin).post(f"/people/{lan.pk}/change", {"deed": "enable"})
    assert User.objects.get(pk=lan.pk).is_active


@pytest.mark.parametrize(
    "said", [{"deed": "grant", "role": "king", "area": "529901"}, {"deed": "grant", "role": "viewer", "area": "no"},
             {"deed": "take", "grant": "999999"}, {"deed": "disable"}],
)  # fmt: skip
def test_what_cannot_be_done_is_told_on_the_page(admin, client_for, said):
    assert client_for(admin).post(f"/people/{admin.pk}/change", said).status_code == 422


@pytest.mark.parametrize("path", ["/people", "/people/invite", "/people/{lan}"])
def test_people_are_shown_to_administrators_only(lan, county, stranger, client_for, path):
    path = path.format(lan=lan.pk)
    assert client_for(stranger).get(path).status_code == 403
    assert client_for(county).get(path).status_code == 403
    assert Client().get(path).headers["Location"].startswith("/login")
    change = f"/people/{lan.pk}/change"
    assert client_for(stranger).post(change, {"deed": "disable"}).status_code == 403
    assert User.objects.get(pk=lan.pk).is_active
