"""Accounts over the API: users, passwords, roles, assignments, preferences, properties of phones, the audit log."""

import json
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from forms.models import Form
from forms.services import receive_submission
from server import clock
from server.accounts.mail import PER_HOUR, send
from server.journal.models import Entry
from server.people.models import ApiSession, AppUser, RoleGrant, User
from server.people.roles import Role
from tests.conftest import PASSWORD, make_user
from tests.forms.field_work import VISIT, instance, make_phone, make_project, publish
from tests.forms.test_api import Api

pytestmark = pytest.mark.django_db
NEW = "quite another sentence"


@pytest.fixture
def project(db):
    made = make_project()
    publish(made, VISIT)
    return made


@pytest.fixture
def root(admin):
    return Api(admin)


def somebody(name: str = "lin") -> User:
    """A login without any role."""
    return User.objects.create_user(f"{name}@example.org", PASSWORD, display_name=name)


def refused(api: Api, method: str, path: str, body=None) -> str:
    """The code of the Problem."""
    answer = api(method, path, body)
    assert answer.status_code >= 400, answer.content
    return answer.json()["code"]


def log(api: Api, query: str = "", **headers: str) -> list[dict]:
    """The audit log, which is streamed."""
    answer = api("GET", f"/audits{query}", **headers)
    assert answer.status_code == 200, answer.content
    return json.loads(b"".join(answer.streaming_content))


# --- users


def test_an_invited_person_sets_a_password_with_the_mailed_token_and_logs_in(root, drain):
    made = root.ok("POST", "/users", {"email": " Lin@Example.org "})
    assert (made["email"], made["type"]) == ("lin@example.org", "user")
    drain()
    (letter,) = mail.outbox
    assert letter.to == ["lin@example.org"]
    token = letter.body.split("token=")[1].split()[0]
    nobody = Api(None)
    nobody.headers = {"Authorization": f"Bearer {token}"}
    nobody.ok("POST", "/users/reset/verify", {"new": NEW})
    assert refused(nobody, "POST", "/users/reset/verify", {"new": NEW}) == "401.2"  # used up
    login = Api(None)("POST", "/sessions", {"email": "lin@example.org", "password": NEW})
    assert login.status_code == 200


def test_a_mailed_token_ends_after_a_day(root, drain):
    root.ok("POST", "/users", {"email": "lin@example.org"})
    drain()
    token = mail.outbox[0].body.split("token=")[1].split()[0]
    late = Api(None)
    late.headers = {"Authorization": f"Bearer {token}"}
    with clock.at(clock.now() + timedelta(hours=25)):
        assert refused(late, "POST", "/users/reset/verify", {"new": NEW}) == "401.2"


def test_the_letter_speaks_the_language_of_its_reader(admin):
    user = somebody()
    user.language = "en"
    user.save()
    send("reset", email=user.email)
    user.language = "zh-hans"
    user.save()
    send("reset", email=user.email)
    assert mail.outbox[0].subject == "A new password for Anhu"
    assert "安护" in mail.outbox[1].subject


@pytest.mark.parametrize(
    ("password", "code"),
    [("short", "400.21"), ("密" * 25, "400.38"), ("1234567890", "400.21")],
)
def test_a_password_has_ten_characters_and_at_most_72_bytes(root, password, code):
    body = {"email": "lin@example.org", "password": password}
    assert refused(root, "POST", "/users", body) == code
    assert not User.objects.filter(email="lin@example.org").exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "400.2"), ({"email": "lin"}, "400.8"), ({"email": "admin@example.org"}, "409.3"),
     ({"email": 3}, "400.8")],
)  # fmt: skip
def test_a_user_needs_an_address_of_their_own(root, body, code):
    assert refused(root, "POST", "/users", body) == code


def test_who_may_not_list_finds_only_an_exact_address(county, root):
    lin = somebody()
    asks = Api(county)
    assert asks.ok("GET", "/users") == []
    assert asks.ok("GET", "/users?q=lin") == []
    assert [one["id"] for one in asks.ok("GET", "/users?q=LIN@example.org")] == [lin.pk]
    assert [one["id"] for one in root.ok("GET", "/users?q=lin")] == [lin.pk]
    assert {one["email"] for one in root.ok("GET", "/users")} >= {lin.email, county.email}


def test_a_person_changes_their_own_name_and_nobody_elses(county, lan):
    mine = Api(lan)
    assert mine.ok("PATCH", f"/users/{lan.pk}", {"displayName": "岚"})["displayName"] == "岚"
    assert mine.ok("GET", f"/users/{lan.pk}")["displayName"] == "岚"
    assert refused(mine, "GET", f"/users/{county.pk}") == "403.1"
    assert refused(mine, "GET", "/users/999999") == "403.1"
    assert refused(mine, "PATCH", f"/users/{county.pk}", {"displayName": "x"}) == "403.1"


def test_a_changed_password_needs_the_old_one_and_ends_every_session(lan):
    mine = Api(lan)
    path = f"/users/{lan.pk}/password"
    assert refused(mine, "PUT", path, {"old": "wrong", "new": NEW}) == "401.2"
    mine.ok("PUT", path, {"old": PASSWORD, "new": NEW})
    assert mine("GET", "/users/current").status_code == 401
    assert User.objects.get(pk=lan.pk).check_password(NEW)


def test_a_deleted_account_is_out_at_once_and_its_address_is_free(root, lan, project):
    theirs, phone = Api(lan), make_phone(project, lan)
    root.ok("DELETE", f"/users/{lan.pk}")
    assert theirs("GET", "/users/current").status_code == 401
    assert Api(None)("GET", f"/key/{phone.key}/projects/{project.pk}/formList").status_code >= 400
    assert not RoleGrant.objects.filter(user=lan).exists()
    assert refused(root, "GET", f"/users/{lan.pk}") == "404.1"
    again = root.ok("POST", "/users", {"email": "lan@example.org"})
    assert again["id"] != lan.pk


def test_the_last_administrator_stays(root, admin):
    assert refused(root, "DELETE", f"/users/{admin.pk}") == "409.20"
    assert refused(root, "DELETE", f"/assignments/admin/{admin.pk}") == "409.20"


def test_a_session_ends_after_24_hours(lan):
    mine = Api(lan)
    with clock.at(clock.now() + timedelta(hours=25)):
        assert mine("GET", "/users/current").status_code == 401


def test_anybody_may_ask_for_a_reset_and_learns_nothing(lan, drain):
    nobody = Api(None)
    for email in (lan.email, "nobody@example.org"):
        assert nobody.ok("POST", "/users/reset/initiate", {"email": email}) == {"success": True}
    drain()
    assert ["token=" in letter.body for letter in mail.outbox] == [True, False]
    assert User.objects.get(pk=lan.pk).check_password(PASSWORD)


def test_one_address_is_written_to_a_few_times_an_hour(lan, drain):
    for _ in range(PER_HOUR + 3):
        Api(None).ok("POST", "/users/reset/initiate", {"email": lan.email})
    drain()
    assert len(mail.outbox) == PER_HOUR


def test_only_an_administrator_invalidates_a_password(root, lan, county):
    path = "/users/reset/initiate?invalidate=true"
    assert refused(Api(None), "POST", path, {"email": lan.email}) == "401.2"
    assert refused(Api(county), "POST", path, {"email": lan.email}) == "403.1"
    assert User.objects.get(pk=lan.pk).check_password(PASSWORD)
    root.ok("POST", path, {"email": lan.email})
    assert not User.objects.get(pk=lan.pk).has_usable_password()


# --- roles and assignments


def test_anybody_reads_the_roles_by_number_and_name():
    nobody = Api(None)
    assert {one["system"] for one in nobody.ok("GET", "/roles")} >= {"admin", "manager", "viewer"}
    assert nobody.ok("GET", "/roles/2") == nobody.ok("GET", "/roles/app-user")
    assert "project.update" in nobody.ok("GET", "/roles/manager")["verbs"]
    assert refused(nobody, "GET", "/roles/king") == "404.1"


def test_a_site_administrator_is_made_and_unmade(root, lan, admin):
    root.ok("POST", f"/assignments/admin/{lan.pk}")
    assert {"actorId": lan.pk, "roleId": 1} in root.ok("GET", "/assignments")
    assert [one["id"] for one in root.ok("GET", "/assignments/admin")] == sorted([lan.pk, admin.pk])
    root.ok("DELETE", f"/assignments/admin/{lan.pk}")
    assert not RoleGrant.objects.filter(user=lan, role=Role.ADMIN).exists()
    assert refused(root, "DELETE", f"/assignments/admin/{lan.pk}") == "404.1"


def test_a_viewer_reads_the_rows_of_that_project_and_changes_nothing(root, project):
    lin, other = somebody(), make_project("other")
    theirs = Api(lin)
    assert refused(theirs, "GET", f"/projects/{project.pk}") == "403.1"
    root.ok("POST", f"/projects/{project.pk}/assignments/viewer/{lin.pk}")
    assert [one["id"] for one in theirs.ok("GET", "/projects")] == [project.pk]
    assert theirs.ok("GET", f"/projects/{project.pk}/forms/visit/submissions") == []
    assert refused(theirs, "GET", f"/projects/{other.pk}/forms") == "403.1"
    assert refused(theirs, "DELETE", f"/projects/{project.pk}") == "403.1"
    assert refused(theirs, "POST", "/projects", {"name": "mine"}) == "403.1"
    root.ok("DELETE", f"/projects/{project.pk}/assignments/viewer/{lin.pk}")
    assert refused(theirs, "GET", f"/projects/{project.pk}") == "403.1"


def test_a_viewer_reads_out_all_rows_of_the_project_and_of_no_other(root, project):
    lin, other = somebody(), make_project("other")
    publish(other, VISIT)
    for one in (project, other):
        receive_submission(one, instance("visit", {"note": "x"}), actor=make_phone(one))
    root.ok("POST", f"/projects/{project.pk}/assignments/viewer/{lin.pk}")
    theirs, path = Api(lin), "/projects/{}/forms/visit"
    mine = path.format(project.pk)
    assert len(theirs.ok("GET", f"{mine}/submissions")) == 1
    assert theirs("GET", f"{mine}.svc/Submissions").status_code == 200
    assert theirs("GET", f"{path.format(other.pk)}.svc/Submissions").status_code == 403
    assert refused(theirs, "GET", f"{path.format(other.pk)}/submissions") == "403.1"


def test_a_manager_runs_one_project_but_opens_no_rows_to_others(root, project):
    lin, wu = somebody(), somebody("wu")
    root.ok("POST", f"/projects/{project.pk}/assignments/manager/{lin.pk}")
    theirs, path = Api(lin), f"/projects/{project.pk}/assignments"
    assert theirs.ok("PATCH", f"/projects/{project.pk}", {"name": "新名"})["name"] == "新名"
    assert refused(theirs, "POST", f"{path}/viewer/{wu.pk}") == "403.1"
    assert refused(theirs, "POST", f"{path}/manager/{wu.pk}") == "403.1"
    theirs.ok("POST", f"{path}/formfill/{wu.pk}")
    assert {"actorId": wu.pk, "roleId": 7} in theirs.ok("GET", path)
    assert refused(theirs, "POST", f"/assignments/manager/{lin.pk}") == "403.1"
    phone = theirs.ok("POST", f"/projects/{project.pk}/app-users", {"displayName": "p"})
    theirs.ok("DELETE", f"/sessions/{phone['token']}")


def test_a_restricted_form_opens_only_to_a_role_on_that_very_form(root, project):
    lin = somebody()
    Form.objects.filter(xml_form_id="visit").update(sensitivity=Form.Sensitivity.RESTRICTED)
    path = f"/projects/{project.pk}/forms/visit"
    root.ok("POST", f"/projects/{project.pk}/assignments/viewer/{lin.pk}")
    theirs = Api(lin)
    assert refused(theirs, "GET", f"{path}/submissions") == "403.1"
    root.ok("POST", f"{path}/assignments/viewer/{lin.pk}")
    assert theirs.ok("GET", f"{path}/submissions") == []
    named = {"actorId": lin.pk, "xmlFormId": "visit", "roleId": 6}
    assert root.ok("GET", f"/projects/{project.pk}/assignments/forms/viewer") == [named]


def test_app_users_are_assigned_by_role_two_as_pyodk_does(root, project):
    phone = root.ok("POST", f"/projects/{project.pk}/app-users", {"displayName": "p"})
    path = f"/projects/{project.pk}"
    root.ok("POST", f"{path}/forms/visit/assignments/2/{phone['id']}")
    listed = root.ok("GET", f"{path}/assignments/forms/app-user")
    assert listed == [{"actorId": phone["id"], "xmlFormId": "visit", "roleId": 2}]
    root.ok("POST", f"{path}/assignments/app-user/{phone['id']}")
    assert [one["id"] for one in root.ok("GET", f"{path}/assignments/app-user")] == [phone["id"]]
    root.ok("DELETE", f"{path}/assignments/app-user/{phone['id']}")
    assert root.ok("GET", f"{path}/assignments") == []


def test_a_role_of_no_person_and_nobody_are_404(root, project, lan):
    path = f"/projects/{project.pk}/assignments"
    assert refused(root, "POST", f"{path}/viewer/999999") == "404.1"
    assert refused(root, "POST", f"{path}/king/{lan.pk}") == "404.1"
    assert refused(root, "POST", f"{path}/admin/{lan.pk}") == "404.1"
    assert refused(root, "POST", f"/assignments/pwreset/{lan.pk}") == "404.1"


def test_a_worker_with_a_role_on_the_project_is_out_of_a_supervisors_reach(root, project, country):
    """A key carries all of its worker's access, the rows of the whole project too."""
    worker = make_user("xiu", Role.CHILD_DIRECTOR, country.village)
    town = Api(make_user("town", Role.TOWN_SUPERVISOR, country.town))
    body = {"displayName": "p", "workerId": worker.pk}
    town.ok("POST", f"/projects/{project.pk}/app-users", body)
    root.ok("POST", f"/projects/{project.pk}/assignments/viewer/{worker.pk}")
    assert refused(town, "POST", f"/projects/{project.pk}/app-users", body) == "400.8"


# --- who may not

CLOSED = [
    ("POST", "/users"), ("DELETE", "/users/{lan}"), ("GET", "/users/{lan}"), ("PATCH", "/users/{lan}"),
    ("PUT", "/users/{lan}/password"), ("GET", "/assignments"), ("GET", "/assignments/admin"),
    ("POST", "/assignments/viewer/{lan}"), ("DELETE", "/assignments/viewer/{lan}"),
    ("GET", "/projects/{p}/assignments"), ("GET", "/projects/{p}/assignments/viewer"),
    ("POST", "/projects/{p}/assignments/viewer/{lan}"), ("DELETE", "/projects/{p}/assignments/viewer/{lan}"),
    ("GET", "/projects/{p}/assignments/forms"), ("GET", "/projects/{p}/assignments/forms/viewer"),
    ("POST", "/projects/{p}/forms/visit/assignments/viewer/{lan}"),
    ("DELETE", "/projects/{p}/forms/visit/assignments/viewer/{lan}"),
    ("POST", "/projects/{p}/actor-properties"), ("GET", "/audits"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_accounts_are_closed_to_a_stranger_and_to_nobody(method, path, project, lan, stranger):
    path = path.format(lan=lan.pk, p=project.pk)
    before = Entry.objects.count()
    assert refused(Api(None), method, path, {}) == "401.2"
    with clock.at(clock.now()):
        outside = Api(stranger)
        assert refused(outside, method, path, {}) == "403.1"
    assert Entry.objects.exclude(action="user.session.create").count() == before


# --- preferences and properties


def test_preferences_are_kept_for_oneself_and_shown_with_oneself(lan, county, project):
    mine = Api(lan)
    mine.ok("PUT", "/user-preferences/site/projectSortMode", {"propertyValue": "latest"})
    mine.ok("PUT", f"/user-preferences/project/{project.pk}/open", {"propertyValue": False})
    told = mine.ok("GET", "/users/current", **{"X-Extended-Metadata": "true"})
    projects = {str(project.pk): {"open": False}}
    assert told["preferences"] == {"site": {"projectSortMode": "latest"}, "projects": projects}
    other = Api(county).ok("GET", "/users/current", **{"X-Extended-Metadata": "true"})
    assert other["preferences"] == {"site": {}, "projects": {}}
    mine.ok("DELETE", "/user-preferences/site/projectSortMode")
    assert refused(mine, "DELETE", "/user-preferences/site/projectSortMode") == "404.1"
    assert refused(mine, "PUT", "/user-preferences/site/x", {}) == "400.2"
    assert (
        refused(mine, "PUT", "/user-preferences/project/999999/x", {"propertyValue": 1}) == "404.1"
    )
    assert refused(Api(None), "PUT", "/user-preferences/site/x", {"propertyValue": 1}) == "401.2"


def test_a_phone_carries_registered_properties_only(root, project):
    path = f"/projects/{project.pk}"
    root.ok("POST", f"{path}/actor-properties", {"name": "region"})
    assert refused(root, "POST", f"{path}/actor-properties", {"name": "region"}) == "409.3"
    assert refused(root, "POST", f"{path}/actor-properties", {"name": "DisplayName"}) == "400.8"
    body = {"displayName": "p", "properties": {"region": "北"}}
    phone = root.ok("POST", f"{path}/app-users", body)
    one = f"{path}/app-users/{phone['id']}"
    assert root.ok("PATCH", one, {"properties": {"region": "南"}})["properties"] == {"region": "南"}
    wide = root.ok("GET", f"{path}/actor-properties", **{"X-Extended-Metadata": "true"})
    assert wide == [{"name": "region", "values": ["南"]}]
    assert refused(root, "PATCH", one, {"properties": {"other": "x"}}) == "400.8"
    assert refused(root, "PATCH", one, {"properties": {"region": 3}}) == "400.8"
    assert root.ok("PATCH", one, {"properties": {"region": None}})["properties"] is None


def test_a_phone_with_unknown_properties_is_not_made_at_all(root, project):
    body = {"displayName": "p", "properties": {"region": "北"}}
    assert refused(root, "POST", f"/projects/{project.pk}/app-users", body) == "400.8"
    assert not AppUser.objects.exists()


# --- the audit log


def test_the_audit_log_filters_and_names_actor_and_actee(root, admin, lan):
    root.ok(
        "POST", "/users", {"email": "lin@example.org"}, **{"X-Action-Notes": "%E6%96%B0%E4%BA%BA"}
    )
    (made,) = log(root, "?action=user.create")
    assert (made["actorId"], made["notes"]) == (admin.pk, "新人")
    assert made["details"] == {"data": {"email": "lin@example.org"}}
    (wide,) = log(root, "?action=user.create", **{"X-Extended-Metadata": "true"})
    assert wide["actor"]["displayName"] == "admin"
    assert wide["actee"]["displayName"] == "lin@example.org"
    assert {one["action"] for one in log(root, "?action=user")} == {
        "user.create", "user.session.create",
    }  # fmt: skip
    assert [one["action"] for one in log(root, "?action=nonverbose")] == ["user.create"]
    assert log(root, f"?actorId={lan.pk}") == []


def test_the_audit_log_is_cut_by_time_and_paged_newest_first(root, lan):
    start = clock.now()
    for hour in range(4):
        with clock.at(start + timedelta(hours=hour)):
            Entry.objects.create(action=f"user.update.{hour}")
    after = (start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    before = (start + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    rows = log(root, f"?start={after}&end={before}")
    assert [one["action"] for one in rows] == ["user.update.2", "user.update.1"]
    assert [one["action"] for one in log(root, "?limit=1&offset=1")] == ["user.update.2"]
    assert log(root, "?end=2000-01-01+08") == []
    assert log(root, "?end=2000-01-01z") == []


@pytest.mark.parametrize(
    "query", ["start=tomorrow", "end=2026-13-01", "limit=-1", "offset=x", "actorId=1.5",
              "start=0001-01-01%2B14", "end=2026-01-01%2B99"],
)  # fmt: skip
def test_an_audit_filter_that_says_nothing_is_refused(root, query):
    assert refused(root, "GET", f"/audits?{query}") == "400.8"


def test_notes_of_one_request_are_not_those_of_the_next(root):
    root.ok("POST", "/users", {"email": "a@example.org"}, **{"X-Action-Notes": "first"})
    root.ok("POST", "/users", {"email": "b@example.org"})
    assert [one["notes"] for one in log(root, "?action=user.create")] == [None, "first"]


def test_the_audit_log_asks_the_database_no_more_for_many_entries(
    root, django_assert_max_num_queries
):
    Entry.objects.bulk_create(
        [Entry(action="form.update", subject=f"form:f{n}") for n in range(300)]
    )
    with django_assert_max_num_queries(9):
        assert len(log(root, "?limit=300", **{"X-Extended-Metadata": "true"})) == 300


def test_a_disabled_person_is_out_with_session_and_basic(lan, client_for):
    mine = Api(lan)
    User.objects.filter(pk=lan.pk).update(is_active=False)
    assert mine("GET", "/users/current").status_code == 401
    assert (
        Api(None)("POST", "/sessions", {"email": lan.email, "password": PASSWORD}).status_code
        == 401
    )
    assert ApiSession.objects.filter(user=lan).count() == 1


def test_the_cookie_of_a_session_reads_over_https_and_writes_nothing(lan):
    browser = Client()
    body = {"email": lan.email, "password": PASSWORD}
    login = browser.post("/v1/sessions", body, "application/json", secure=True)
    cookie = login.cookies["__Host-session"]
    assert (cookie["secure"], cookie["httponly"]) == (True, True)
    assert browser.get("/v1/users/current", secure=True).json()["id"] == lan.pk
    assert browser.get("/v1/users/current").status_code == 401
    change = browser.patch(
        f"/v1/users/{lan.pk}", {"displayName": "x"}, "application/json", secure=True
    )
    assert change.status_code == 401
