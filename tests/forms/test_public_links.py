"""Public links: made, shown, ended; what one opens, and what it never opens."""

import threading
import uuid

import pytest
from django.db import connection, connections

from forms.models import Entity, Form, PublicLink, Submission
from forms.registry import register_submission, write_entity
from forms.services import create_dataset, receive_submission
from forms.services.public_links import create_link, is_open, is_used, link_of
from server.journal.models import Entry
from server.people.models import AppUser
from server.people.roles import Role
from server.problems import Problem
from tests.conftest import make_user
from tests.forms.field_work import (
    ENUM,
    HOME_VISIT,
    VISIT,
    Phone,
    create_entity,
    instance,
    make_project,
    new_id,
    publish,
    update_entity,
)
from tests.forms.test_api import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(db):
    made = make_project()
    create_dataset(made, "child", actor=None, area_property="village_code")
    for form in (VISIT, ENUM, HOME_VISIT):
        publish(made, form)
    return made


@pytest.fixture
def root(admin):
    return Api(admin)


@pytest.fixture
def links(project):
    return f"/projects/{project.pk}/forms/visit/public-links"


def form_named(name: str) -> Form:
    return Form.objects.get(xml_form_id=name)


def holder(link: PublicLink) -> Phone:
    """Somebody who has the address of the link; both ways of showing the token are one."""

    return Phone(AppUser(key=link.token), link.form.project)


def open_link(admin, name: str = "visit", **options) -> PublicLink:
    return link_of(create_link(form_named(name), "网上", actor=admin, **options).token)


def refused(api: Api, method: str, path: str, body=None) -> str:
    answer = api(method, path, body)
    assert answer.status_code >= 400, answer.content
    return answer.json()["code"]


# --- the contract's calls


def test_a_link_is_made_listed_shown_and_removed(root, links, admin):
    made = root.ok("POST", links, {"displayName": "网上", "once": True})
    assert (made["type"], made["displayName"], made["once"]) == ("public_link", "网上", True)
    assert len(made["token"]) == 64
    assert root.ok("GET", links) == [made]
    wide = root.ok("GET", f"{links}/{made['id']}", **{"X-Extended-Metadata": "true"})
    assert (wide["createdBy"]["id"], wide["properties"]) == (admin.pk, None)
    assert root.ok("DELETE", f"{links}/{made['id']}") == {"success": True}
    assert root.ok("GET", links) == []
    assert refused(root, "GET", f"{links}/{made['id']}") == "404.1"
    assert refused(Api(None), "GET", f"/form-links/{made['token']}/form") == "404.1"


def test_an_ended_link_stays_on_the_list_without_its_token(root, links):
    made = root.ok("POST", links, {"displayName": "a"})
    link = link_of(made["token"])
    root.ok("DELETE", f"/sessions/{made['token']}")
    (shown,) = root.ok("GET", links)
    assert (shown["id"], shown["token"]) == (made["id"], None)
    assert holder(link).get("/forms/visit.xml").status_code == 403
    assert refused(root, "DELETE", f"/sessions/{made['token']}") == "404.1"


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "400.2"), ({"displayName": ""}, "400.8"), ({"displayName": "a", "once": "yes"}, "400.8"),
     ({"displayName": "a", "properties": {"x": "y"}}, "400.8"), ({"displayName": "a", "areaCode": "1"}, "400.8"),
     ({"displayName": "a", "areaCode": ["529901"]}, "400.8"), ([], "400.1")],
)  # fmt: skip
def test_a_link_that_says_too_little_or_wrongly_is_not_made(root, links, body, code):
    assert refused(root, "POST", links, body) == code
    assert not PublicLink.objects.exists()


def test_a_link_carries_registered_properties(root, project, links):
    root.ok("POST", f"/projects/{project.pk}/actor-properties", {"name": "region"})
    made = root.ok("POST", links, {"displayName": "a", "properties": {"region": "北"}})
    one = f"{links}/{made['id']}"
    assert root.ok("PATCH", one, {"properties": {"region": "南"}})["properties"] == {"region": "南"}
    path = f"/projects/{project.pk}/actor-properties"
    told = root.ok("GET", path, **{"X-Extended-Metadata": "true"})
    assert told == [{"name": "region", "values": ["南"]}]
    assert root.ok("PATCH", one, {"properties": {"region": None}})["properties"] is None


def test_every_step_is_in_the_audit_log_with_notes(root, links):
    notes = {"X-Action-Notes": "for%20parents"}
    made = root.ok("POST", links, {"displayName": "a"}, **notes)
    root.ok("DELETE", f"/sessions/{made['token']}")
    root.ok("DELETE", f"{links}/{made['id']}")
    entries = Entry.objects.filter(action__startswith="public_link.").order_by("id")
    assert [one.action for one in entries] == [
        "public_link.create", "public_link.session.end", "public_link.delete",
    ]  # fmt: skip
    assert entries[0].notes == "for parents"


CALLS = [
    ("GET", ""), ("POST", ""), ("GET", "/{link}"), ("PATCH", "/{link}"), ("DELETE", "/{link}"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "end"), CALLS)
def test_links_are_closed_to_nobody_to_workers_and_to_other_holders(
    method, end, links, root, admin, lan
):
    link = open_link(admin)
    path = links + end.format(link=link.pk)
    body = {"displayName": "a"}
    assert refused(Api(None), method, path, body) == "401.2"
    assert refused(Api(lan), method, path, body) == "403.1"
    assert refused(Api(None), method, f"{path}?st={link.token}", body) == "403.1"
    assert PublicLink.objects.get(pk=link.pk).deleted_at is None


def test_a_stranger_sees_no_link_of_another_county_and_ends_none(
    links, admin, country, county, stranger
):
    link = open_link(admin, area=country.county)
    theirs, outside = Api(county), Api(stranger)
    assert [one["id"] for one in theirs.ok("GET", links)] == [link.pk]
    assert outside.ok("GET", links) == []
    for method in ("GET", "PATCH", "DELETE"):
        assert refused(outside, method, f"{links}/{link.pk}", {}) == "404.1"
    assert refused(outside, "DELETE", f"/sessions/{link.token}") == "404.1"
    theirs.ok("DELETE", f"/sessions/{link.token}")


def test_who_works_in_an_area_makes_links_of_that_area_only(links, county, country):
    theirs = Api(county)
    assert refused(theirs, "POST", links, {"displayName": "a"}) == "403.1"
    outside = {"displayName": "a", "areaCode": country.other_county.code}
    assert refused(theirs, "POST", links, outside) == "403.1"
    made = theirs.ok("POST", links, {"displayName": "a", "areaCode": country.town.code})
    assert (made["areaCode"], made["seesEntities"]) == (country.town.code, False)


def test_a_project_manager_makes_links_there_and_in_no_other_project(root, project, links):
    lin = make_user("lin", Role.VIEWER, project_id=project.pk)
    theirs = Api(lin)
    assert refused(theirs, "POST", links, {"displayName": "a"}) == "403.1"
    root.ok("POST", f"/projects/{project.pk}/assignments/manager/{lin.pk}")
    made = theirs.ok("POST", links, {"displayName": "a"})
    theirs.ok("DELETE", f"/sessions/{made['token']}")
    other = make_project("other")
    publish(other, VISIT)
    path = f"/projects/{other.pk}/forms/visit/public-links"
    assert refused(theirs, "POST", path, {"displayName": "a"}) == "403.1"


def test_the_token_names_its_form_to_whoever_holds_it(root, links):
    made = root.ok("POST", links, {"displayName": "a"})
    told = Api(None).ok("GET", f"/form-links/{made['token']}/form")
    assert (told["xmlFormId"], told["state"], told["draftToken"]) == ("visit", "open", None)
    assert refused(Api(None), "GET", "/form-links/nothing/form") == "404.1"


# --- what it opens


def test_whoever_holds_a_link_reads_its_form_and_sends_a_record(admin, project, country):
    link = open_link(admin, area=country.village)
    theirs = holder(link)
    assert theirs.get("/forms/visit.xml").status_code == 200
    assert b"<formID>visit</formID>" in theirs.get("/formList").content
    assert theirs.send(instance("visit", {"note": "好"})).status_code == 201
    sent = Submission.objects.get()
    assert (sent.submitter_id, sent.area) == (link.pk, country.village)


def test_the_token_counts_as_a_query_parameter_too(admin, project):
    link = open_link(admin)
    path = f"/projects/{project.pk}/forms/visit"
    assert Api(None)("GET", f"{path}.xml?st={link.token}").status_code == 200
    xml = instance("visit", {"note": "x"})
    sent = Api(None)("POST", f"{path}/submissions?st={link.token}", xml, "application/xml")
    assert sent.status_code == 200
    assert Submission.objects.get().submitter_id == link.pk


def test_a_link_opens_no_other_form_project_or_row(admin, project):
    link = open_link(admin)
    theirs = holder(link)
    assert theirs.get("/forms/enum.xml").status_code == 404
    assert theirs.get("/forms/enum/manifest").status_code == 404
    assert b"enum" not in theirs.get("/formList").content
    assert theirs.send(instance("enum", {"child_name": "x"})).status_code == 404
    for path in ("/forms/visit/submissions", "/forms", "/app-users", "/datasets", ""):
        assert theirs.get(path).status_code == 403, path
    other = make_project("other")
    publish(other, VISIT)
    assert (
        theirs.client.get(f"/v1/key/{link.token}/projects/{other.pk}/formList").status_code == 403
    )
    assert not Submission.objects.exists()


def test_a_link_changes_no_record_that_was_sent_by_it(admin, project):
    theirs, key = holder(open_link(admin)), new_id()
    assert theirs.send(instance("visit", {"note": "1"}, instance_id=key)).status_code == 201
    assert theirs.send(instance("visit", {"note": "2"}, replaces=key)).status_code == 403
    assert Submission.objects.get().versions.count() == 1


@pytest.mark.parametrize(
    ("state", "begins", "sent"), [("open", True, 201), ("closing", False, 201), ("closed", False, 409)]
)  # fmt: skip
def test_a_link_closes_with_its_form(admin, project, state, begins, sent):
    link = open_link(admin)
    Form.objects.filter(pk=link.form_id).update(state=state)
    link = link_of(link.token)
    assert is_open(link) is begins
    assert (b"<formID>" in holder(link).get("/formList").content) is begins
    assert holder(link).send(instance("visit", {"note": "x"})).status_code == sent


def test_a_link_to_a_form_that_is_gone_opens_nothing(admin, project):
    link = open_link(admin)
    form_of_link = Form.objects.filter(pk=link.form_id)
    form_of_link.update(deleted_at=link.created_at)
    with pytest.raises(Problem):
        link_of(link.token)


# --- entity lists: names of children


def child_in(project, area) -> str:
    """A child of that area."""
    key = str(uuid.uuid4())
    dataset = project.datasets.get(name="child")
    write_entity(dataset, key, label="小明", data={"village_code": area.code}, actor=None)
    return key


def test_a_link_shows_no_child_unless_its_maker_wanted_it(admin, project, country):
    child_in(project, country.village)
    path = "/forms/home_visit/attachments/child.csv"
    silent = open_link(admin, "home_visit", area=country.village)
    assert "小明" not in b"".join(holder(silent).get(path)).decode()
    told = open_link(admin, "home_visit", area=country.village, sees_entities=True)
    assert "小明" in b"".join(holder(told).get(path)).decode()
    elsewhere = open_link(admin, "home_visit", area=country.other_town, sees_entities=True)
    assert "小明" not in b"".join(holder(elsewhere).get(path)).decode()


def test_a_link_changes_no_child_that_it_does_not_show(admin, project, country, drain):
    key = child_in(project, country.village)
    xml = instance("home_visit", {"child": key, "phone": "1"}, entity=update_entity(key, 1))
    link = open_link(admin, "home_visit", area=country.village)
    receipt = receive_submission(project, xml, actor=link)
    register_submission(receipt.version.pk)
    assert Entity.objects.get(uuid=key).versions.count() == 1
    told = open_link(admin, "home_visit", area=country.village, sees_entities=True)
    again = instance("home_visit", {"child": key, "phone": "1"}, entity=update_entity(key, 1))
    register_submission(receive_submission(project, again, actor=told).version.pk)
    assert Entity.objects.get(uuid=key).versions.count() == 2


def test_a_record_of_a_link_may_register_a_child(admin, project, country):
    link, key = open_link(admin, "enum", area=country.village), str(uuid.uuid4())
    xml = instance("enum", {"child_name": "小红"}, entity=create_entity(key, "小红"))
    register_submission(receive_submission(project, xml, actor=link).version.pk)
    assert Entity.objects.get(uuid=key).area == country.village


def test_nobody_opens_children_that_they_may_not_read(project, country):
    """A form designer may not read cases, so may not publish them."""
    formed = make_user("designer", Role.RULE_ADMIN)
    with pytest.raises(Problem):
        create_link(form_named("home_visit"), "a", actor=formed, sees_entities=True)


# --- once


def test_a_once_link_takes_one_record_of_each_respondent(admin, project):
    link = open_link(admin, once=True)
    first, key = instance("visit", {"note": "1"}), new_id()
    receive_submission(project, first, actor=link, device_id="a")
    assert (is_used(link, "a"), is_used(link, "b")) == (True, False)
    receive_submission(project, first, actor=link, device_id="a")  # a repeat after a lost answer
    with pytest.raises(Problem) as caught:
        receive_submission(project, instance("visit", {"note": "2"}), actor=link, device_id="a")
    assert caught.value.kind.code == "409.21"
    other = instance("visit", {"note": "2"}, instance_id=key)
    receive_submission(project, other, actor=link, device_id="b")
    assert Submission.objects.count() == 2


def test_a_link_that_is_not_once_takes_many(admin, project):
    link = open_link(admin)
    for _ in range(2):
        receive_submission(project, instance("visit", {"note": "x"}), actor=link, device_id="a")
    assert Submission.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_records_at_the_same_moment_a_once_link_takes_one(admin, project):
    link, told, start = open_link(admin, once=True), [], threading.Barrier(2)

    def send() -> None:
        start.wait()
        try:
            told.append(holder(link).send(instance("visit", {"note": "x"})).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == [201, 409], connection.vendor
    assert Submission.objects.count() == 1
