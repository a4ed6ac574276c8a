"""Roles held on a project, or on one form of it, count on pages as they do in the API, and nowhere else."""

import pytest

from forms.models import Submission
from forms.services import receive_submission
from server.people.models import RoleGrant, User
from server.people.roles import Role
from tests.conftest import PASSWORD
from tests.forms.field_work import ENUM, VISIT, instance, make_project, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db, lan):
    """Two projects of the same forms, with a record of Lan's in each."""
    found = []
    for name in ("here", "elsewhere"):
        project = make_project(name)
        forms = {
            one.form.xml_form_id: one.form
            for one in (publish(project, VISIT), publish(project, ENUM))
        }
        receive_submission(project, instance("visit", {"note": name}), actor=lan)
        found.append((project, forms))
    return found


def holder(role: Role, **where: int) -> User:
    user = User.objects.create_user(f"{role}@example.org", PASSWORD, display_name=role)
    RoleGrant.objects.create(user=user, role=role, **where)
    return user


def test_a_viewer_sees_the_pages_of_that_project_alone(place, client_for):
    (project, forms), (_, others) = place
    browser = client_for(holder(Role.VIEWER, project_id=project.pk))
    listed = browser.get("/forms").content.decode()
    assert f'/forms/{forms["visit"].pk}"' in listed
    assert f'/forms/{others["visit"].pk}"' not in listed
    mine = Submission.objects.get(form=forms["visit"])
    assert browser.get(f"/forms/{forms['visit'].pk}/submissions").status_code == 200
    assert browser.get(f"/submissions/{mine.pk}").status_code == 200
    theirs = Submission.objects.get(form=others["visit"])
    closed = [f"/forms/{others['visit'].pk}", f"/forms/{others['visit'].pk}/submissions"]
    for path in [*closed, f"/submissions/{theirs.pk}"]:
        assert browser.get(path).status_code in (403, 404), path


def test_a_role_on_one_form_opens_its_pages_alone(place, client_for):
    (project, forms), _ = place
    browser = client_for(holder(Role.FORMFILL, project_id=project.pk, form_id=forms["visit"].pk))
    listed = browser.get("/forms").content.decode()
    assert f'/forms/{forms["visit"].pk}"' in listed
    assert f'/forms/{forms["enum"].pk}"' not in listed
    assert browser.get(f"/forms/{forms['visit'].pk}").status_code == 200
    assert browser.get(f"/forms/{forms['enum'].pk}").status_code in (403, 404)
    assert browser.get(f"/forms/{forms['visit'].pk}/draft").status_code == 403


def test_a_manager_makes_a_public_link_there_and_nowhere_else(place, client_for):
    (project, forms), (_, others) = place
    browser = client_for(holder(Role.MANAGER, project_id=project.pk))
    new = {"name": "a"}
    assert browser.post(f"/forms/{forms['visit'].pk}/links/new", new).status_code == 302
    assert browser.post(f"/forms/{others['visit'].pk}/links/new", new).status_code in (403, 404)


def test_who_holds_no_role_sees_no_forms(place, client_for):
    nobody = User.objects.create_user("x@example.org", PASSWORD, display_name="x")
    assert client_for(nobody).get("/forms").status_code == 403
