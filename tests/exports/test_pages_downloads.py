"""The page of downloads: who may take data away, and nothing that the reader may not read."""

from collections.abc import Callable

import pytest
from django.test import Client

from forms.models import Form, Project
from server.people.models import User
from server.people.roles import Role
from server.shell.menu import menu_of
from tests.conftest import Country, make_user
from tests.forms.field_work import VISIT, make_project, publish

Browser = Callable[[User], Client]


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


def test_the_page_offers_each_published_form_in_both_kinds(
    project: Project, county: User, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    publish(project, VISIT.replace("| visit |", "| unpublished |"), publish=False)
    shown = client_for(county).get("/exports").content.decode()
    for kind in ("csv", "xlsx"):
        assert f"/exports/submissions/{version.form_id}.{kind}" in shown
    assert shown.count("/exports/submissions/") == 2


def test_restricted_forms_are_offered_to_who_may_read_them(
    project: Project, county: User, country: Country, client_for: Browser
) -> None:
    version = publish(project, VISIT)
    Form.objects.filter(pk=version.form_id).update(sensitivity="restricted")
    lead = make_user("lead", Role.SCHOOL_LEAD, country.town)
    address = f"/exports/submissions/{version.form_id}.csv"
    assert address in client_for(county).get("/exports").content.decode()
    assert address not in client_for(lead).get("/exports").content.decode()


def test_who_may_not_export_is_refused_and_sees_no_menu_item(
    lan: User, client_for: Browser
) -> None:
    assert client_for(lan).get("/exports").status_code == 403
    assert "/exports" not in [item.url for item in menu_of(lan)]
    assert Client().get("/exports").headers["Location"] == "/login?next=/exports"
