"""Who may call what: every address below /v1 times every kind of caller, against the table in `permissions.txt`.

A line of the table: method, address, who is let in, and after a slash who is told that nothing is there (404); all
others are refused (401 for nobody, else 403). The letters: n nobody, s a coordinator of another county, w a worker,
c the worker's coordinator, v a viewer of the project, m its manager, d a designer of forms and rules, a an
administrator, p the worker's phone, l a public link, t the token of a draft under test (its own addresses only; the
others try them with a wrong one). "Let in" means that the answer is about the request: 200, or 400 for an empty body.

A new address without a line fails, and so does a line without an address.
"""

import copy
import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver

from forms.models import Form, Submission
from forms.registry import register_submission
from forms.services import create_app_user, create_dataset, receive_submission, set_draft
from forms.services.public_links import create_link
from rules.models import Task
from rules.services.evaluate import evaluate_entity
from server.people.access import all_grants_of
from server.people.authentication import _shown
from server.people.models import User
from server.people.roles import Role
from tests.conftest import make_user
from tests.forms.field_work import (
    ENUM,
    VISIT,
    create_entity,
    instance,
    make_project,
    multipart,
    publish,
)
from tests.rules.county_kit import release_small

TABLE = Path(__file__).with_name("permissions.txt")
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CHILD = "11111111-1111-4111-8111-111111111111"
SECRET = "秘密"  # in the child's name and in what was said about it
OUTSIDE = "nsl"  # whoever must never read it
WRONG = "x" * 64
# only what tells the callers apart: the rest of the middleware is the same for all of them
MIDDLEWARE = ["server.people.keys.app_user_path", "django.middleware.locale.LocaleMiddleware"]

pytestmark = pytest.mark.django_db


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """Each address below /v1 once (OpenRosa's tolerate a slash at the end), as it is written, without converters."""
    seen = set()
    for written, pattern in _walk(get_resolver().url_patterns, ""):
        route = re.sub(r"<\w+:(\w+)>", r"<\1>", written).rstrip("/")
        # the same address may lead to two views, which say by themselves which methods are theirs
        if route.startswith("v1/") and (route, pattern.callback) not in seen:
            seen.add((route, pattern.callback))
            yield route, pattern


def _walk(patterns: list[Any], before: str) -> Iterator[tuple[str, URLPattern]]:
    for one in patterns:
        if isinstance(one, URLPattern):
            yield before + str(one.pattern), one
        else:
            yield from _walk(one.url_patterns, before + str(one.pattern))


def methods_of(pattern: URLPattern) -> list[str]:
    """What a class has; a function says it by refusing the others (405)."""
    view = getattr(pattern.callback, "view_class", None)
    return [one for one in VERBS if view is None or hasattr(view, one.lower())]


class Country:
    """One of everything that an address may name, and the callers."""

    def __init__(self, country: Any) -> None:
        self.faults: list[str] = []
        self.project = make_project()
        create_dataset(self.project, "child", actor=None, area_property="village_code")
        create_dataset(self.project, "task", actor=None)
        publish(self.project, ENUM)
        self.visit = publish(self.project, VISIT).form
        self.people = self._people(country)
        lan, admin = self.people["w"], self.people["a"]
        self.phone = create_app_user(self.project, "p", lan, actor=admin)
        self.link = create_link(self.visit, "l", actor=admin)
        set_draft(self.visit, VISIT.replace("| 1 |", "| 2 |").encode(), "text/markdown", actor=admin,
                  ignore_warnings=True)  # fmt: skip
        self.token = Form.objects.get(pk=self.visit.pk).draft.draft_token
        self._records(lan, country)

    def _people(self, country: Any) -> dict[str, User]:
        here: dict[str, Any] = {"project_id": self.project.pk}
        return {
            "s": make_user("stranger", Role.COUNTY_CIVIL, country.other_county),
            "w": make_user("worker", Role.CHILD_DIRECTOR, country.village),
            "c": make_user("coordinator", Role.COUNTY_CIVIL, country.county),
            "v": make_user("viewer", Role.VIEWER, **here),
            "m": make_user("manager", Role.MANAGER, **here),
            "d": make_user("designer", Role.RULE_ADMIN),
            "a": make_user("administrator", Role.ADMIN),
        }

    def _records(self, lan: User, country: Any) -> None:
        enum = {"child_name": SECRET, "village_code": country.village.code}
        xml = instance("enum", enum, entity=create_entity(CHILD, SECRET))
        register_submission(receive_submission(self.project, xml, actor=lan).version.pk)
        note = instance("visit", {"note": SECRET, "photo": "a.png"}, instance_id="uuid:one")
        receive_submission(self.project, note, {"a.png": b"png"}, actor=lan)
        draft = Form.objects.get(pk=self.visit.pk).draft
        test = instance(
            "visit", {"note": SECRET, "photo": "a.png"}, instance_id="uuid:test", version="2"
        )
        receive_submission(self.project, test, {"a.png": b"png"}, actor=None, draft=draft)
        self.release = release_small(self.project)
        child = self.project.datasets.get(name="child").entities.get()
        evaluate_entity(child.pk, "submission.created", "submission:uuid:one")
        task = Task.objects.order_by("pk").first()
        self.task_id = task.pk if task else 1
        self.evaluation_id = child.evaluations.get().pk

    def values(self, route: str, caller: str) -> dict[str, Any]:
        """What stands for the names in an address."""
        is_test = "/draft/submissions" in route
        return {
            "project_id": self.project.pk, "xml_form_id": "visit", "form_id": self.visit.pk, "version": "1",
            "instance_id": "uuid:test" if is_test else "uuid:one", "uuid": CHILD, "entity_id": CHILD,
            "version_id": "uuid:test" if is_test else "uuid:one", "dataset": "child", "table": "Submissions",
            "token": self.token if caller == "t" else WRONG, "role": "viewer", "number": self.release.number,
            "user_id": self.people["d"].pk, "actor_id": self.people["d"].pk, "app_user_id": self.phone.pk,
            "link_id": self.link.pk, "form_link_id": self.link.token, "item": "x",
            "pk": self.evaluation_id if "evaluations/" in route else self.task_id,
            "name": self._name(route),
        }  # fmt: skip

    def _name(self, route: str) -> str:
        if "datasets/<name>" in route:
            return "child"
        return self.release.rule_set.name if "rule-sets/<name>" in route else "a.png"

    def shown(self, request: Any) -> tuple[Any, str]:
        """Instead of `authentication._shown`: a person by a letter, with their roles at hand; a session's token costs
        two queries, and is tested elsewhere.
        """
        letter = request.headers.get("X-Caller")
        if letter is None:
            return _shown(request)
        person = copy.copy(self.people[letter])
        person.__dict__.pop("_place", None)
        return person, "bearer"

    def body(self, method: str, route: str) -> tuple[bytes, str]:
        """What a write says: an empty object, but a record where one is sent, so that it is judged who sends it."""
        record = instance("visit", {"note": "x"}, version="2" if "/draft/" in route else "1")
        if method == "POST" and route.endswith("/submission"):
            return multipart(record, {})
        if method == "POST" and route.endswith("/submissions"):
            return record, "application/xml"
        said = b'{"action": "confirm"}' if route.endswith("/tier") else b"{}"
        return b"" if method in ("GET", "DELETE") else said, "application/json"

    def query(self, route: str) -> str:
        """What an address asks for behind the question mark, where it names its form there."""
        if route.endswith("/view/submissionList"):
            return "?formId=visit"
        if route.endswith("/view/downloadSubmission"):
            return (
                f"?formId={quote('visit[@version=null and @uiVersion=null]/data[@key=uuid:one]')}"
            )
        return ""

    def callers(self) -> dict[str, tuple[str, dict[str, str]]]:
        """What each puts before the address, and its headers."""
        made = {letter: ("/v1", {"X-Caller": letter}) for letter in self.people}
        made["p"] = (f"/v1/key/{self.phone.key}", {})
        made["l"] = (f"/v1/key/{self.link.token}", {})
        return {"n": ("/v1", {}), **made, "t": ("/v1", {})}


def ask(
    client: Client, method: str, path: str, body: tuple[bytes, str], headers: dict[str, str]
) -> tuple[int, bytes]:
    """The answer in full, and everything that was done undone."""
    with transaction.atomic():
        answer = client.generic(method, path, body[0], content_type=body[1], headers=headers)
        content = answer.getvalue()
        transaction.set_rollback(True)
    return answer.status_code, content


def faults_of(call: str, letter: str, status: int, content: bytes) -> list[str]:
    """What no answer may be, whoever asks."""
    found = []
    if status >= 500 and status != 501:
        found.append(f"{call}: {status}")
    if letter in OUTSIDE and SECRET in content.decode("utf-8", "replace"):
        found.append(f"{call}: shows what is not theirs")
    if letter == "n" and status == 403:
        found.append(f"{call}: nobody is asked to log in with 401")
    return found


def line_of(client: Client, world: Country, callers: Any, method: str, route: str) -> str | None:
    """The line of the table as it is now; None if the view has no such method."""
    let_in, told_nothing = "", ""
    for letter, (before, headers) in callers.items():
        if letter == "t" and not route.startswith("v1/test/"):
            continue
        path = re.sub(r"<(\w+)>", lambda m: str(world.values(route, letter)[m[1]]), route[2:])  # noqa: B023
        path += world.query(route)
        status, content = ask(client, method, before + path, world.body(method, route), headers)
        if status == 405:
            return None
        world.faults += faults_of(f"{method} {path} as {letter}", letter, status, content)
        if status == 404:
            told_nothing += letter
        elif status not in (401, 403):
            let_in += letter
    end = f"/{told_nothing}" if told_nothing else ""
    return f"{method:6} {route}  {let_in or '-'}{end}"


@pytest.fixture
def _no_collecting():
    """A quarter of the time of some thousand requests goes into looking for garbage."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collecting")
def test_every_address_lets_in_whom_the_table_says_and_nobody_else(country, settings, monkeypatch):
    world = Country(country)
    for user in world.people.values():
        all_grants_of(user)
    monkeypatch.setattr("server.people.authentication._shown", world.shown)
    settings.MIDDLEWARE = MIDDLEWARE
    client = Client(raise_request_exception=False)
    callers = world.callers()
    found = [
        line
        for route, pattern in addresses()
        for method in methods_of(pattern)
        if (line := line_of(client, world, callers, method, route))
    ]
    assert not world.faults, "\n".join(world.faults)
    wanted = TABLE.read_text().splitlines() if TABLE.exists() else []
    news = sorted(set(found) - set(wanted))
    gone = sorted(set(wanted) - set(found))
    assert not news and not gone, "\n".join(["now:", *news, "in the table:", *gone])  # noqa: PT018
    assert Submission.objects.count() == 3
