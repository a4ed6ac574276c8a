"""The pages of public links: an address that anybody may open, so who makes one is bound to areas."""

import pytest

from forms.models import Form, PublicLink
from forms.services.public_links import create_link, link_of
from server.journal.models import Entry
from server.people.roles import Role
from server.problems import Problem
from tests.conftest import make_user
from tests.forms.field_work import VISIT, make_project, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(db) -> Form:
    return publish(make_project(), VISIT).form


def test_a_link_is_made_shown_with_its_code_and_ended(form, admin, client_for):
    browser, path = client_for(admin), f"/forms/{form.pk}/links"
    made = browser.post(f"{path}/new", {"name": "家长问卷", "once": "1"})
    link = PublicLink.objects.get()
    assert made.url == f"{path}/{link.pk}"
    shown = browser.get(made.url).content.decode()
    assert f"http://testserver/f/{link.token}" in shown
    assert '<svg class="qr"' in shown or 'class="qr"' in shown
    assert "家长问卷" in browser.get(path).content.decode()
    browser.post(f"{path}/{link.pk}/end")
    assert link.token not in browser.get(made.url).content.decode()
    with pytest.raises(Problem):
        link_of(link.token)
    told = Entry.objects.filter(action__startswith="public_link.").values_list("action", flat=True)
    assert list(told.order_by("id")) == [
        "public_link.create", "public_link.reveal", "public_link.session.end",
    ]  # fmt: skip


def test_a_link_needs_a_name_and_a_place_of_ones_own(form, country, county, client_for):
    browser, path = client_for(county), f"/forms/{form.pk}/links/new"
    assert browser.post(path, {"name": " ", "area": country.town.code}).status_code == 400
    assert browser.post(path, {"name": "a"}).status_code == 403
    assert browser.post(path, {"name": "a", "area": country.other_town.code[:2]}).status_code == 400
    outside = {"name": "a", "area": country.other_county.code}
    assert browser.post(path, outside).status_code == 403
    assert not PublicLink.objects.exists()
    assert browser.post(path, {"name": "a", "area": country.town.code}).status_code == 302


def test_the_choice_of_areas_is_the_makers_own(form, country, county, client_for):
    shown = client_for(county).get(f"/forms/{form.pk}/links").content.decode()
    assert country.village.code in shown
    assert country.other_county.code not in shown


def test_links_are_closed_to_nobody_workers_and_strangers(
    form, admin, lan, country, stranger, client, client_for
):
    link = create_link(form, "清水", actor=admin, area=country.county)
    path = f"/forms/{form.pk}/links"
    for end in ("", f"/{link.pk}"):
        assert client.get(path + end).status_code == 302
        assert client_for(lan).get(path + end).status_code == 403
    assert "清水" not in client_for(stranger).get(path).content.decode()
    assert client_for(stranger).get(f"{path}/{link.pk}").status_code == 404
    for browser in (client, client_for(lan), client_for(stranger)):
        browser.post(f"{path}/{link.pk}/end")
        browser.post(f"{path}/new", {"name": "x"})
    assert [one.revoked_at for one in PublicLink.objects.all()] == [None]


def test_who_may_not_make_links_sees_no_way_to_them(form, lan, client_for):
    designer = make_user("designer", Role.RULE_ADMIN)
    for user in (lan, designer):
        assert (
            f"/forms/{form.pk}/links"
            not in client_for(user).get(f"/forms/{form.pk}").content.decode()
        )
