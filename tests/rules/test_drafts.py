"""Drafts: replaced whole or not at all, never over somebody else's change, compared before, brought back after;
over HTTP as workbook, YAML and JSON."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from forms.models import Entity
from rules.engine.rule_set import read_document
from rules.models import DraftCopy, RuleSet
from rules.problems import DRAFT_CHANGED, NO_DRAFT, NO_UPLOAD, NOTHING_TO_UNDO, RULE_SET_INVALID
from rules.services import drafts
from rules.services.draft_files import XLSX
from rules.workbook import read_workbook, workbook_bytes
from server import clock
from server.journal.models import Entry
from server.people.models import User
from server.people.roles import Role
from server.problems import Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import DOCUMENT, NOON, make_child, release_small
from tests.rules.workbook_kit import edited

ClientFor = Callable[[User], Client]


@pytest.fixture
def author(db: None) -> User:
    return make_user("author", Role.RULE_ADMIN)


@pytest.fixture
def other(db: None) -> User:
    return make_user("other", Role.RULE_ADMIN)


@pytest.fixture
def child(country: Country) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    return child


@pytest.fixture
def rule_set(child: Entity) -> RuleSet:
    return RuleSet.objects.get()


def with_score(score: int) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    document["rules"][0]["score"] = score
    return document


def score_of(rule_set: RuleSet) -> int | None:
    rule_set.refresh_from_db()
    return rule_set.draft["rules"][0]["score"] if rule_set.draft else None


def refusal(call: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value


# --- the service -------------------------------------------------------------------------------


def test_each_change_raises_the_version_and_the_same_document_does_not(
    rule_set: RuleSet, author: User
) -> None:
    assert drafts.put_draft(rule_set, with_score(11), author).draft_version == 1
    assert drafts.put_draft(rule_set, with_score(11), author).draft_version == 1
    assert drafts.put_draft(rule_set, with_score(12), author).draft_version == 2
    assert Entry.objects.filter(action="rule_set.draft").count() == 2


def test_who_was_slower_is_told_and_overwrites_nothing(
    rule_set: RuleSet, author: User, other: User
) -> None:
    drafts.put_draft(rule_set, with_score(11), author)
    with clock.at(NOON):
        drafts.put_draft(rule_set, with_score(12), other, expected_version=1)
    problem = refusal(
        lambda: drafts.put_draft(rule_set, with_score(13), author, expected_version=1)
    )
    assert problem.kind is DRAFT_CHANGED
    assert problem.tokens == {"who": "other", "when": "2026-09-01 12:00"}
    assert score_of(rule_set) == 12


def test_who_discarded_the_draft_meanwhile_is_named_too(
    rule_set: RuleSet, author: User, other: User
) -> None:
    drafts.put_draft(rule_set, with_score(11), author)
    drafts.discard_draft(rule_set, other, expected_version=1)
    problem = refusal(
        lambda: drafts.put_draft(rule_set, with_score(12), author, expected_version=1)
    )
    assert problem.tokens["who"] == "other"


def test_all_errors_of_shape_and_meaning_come_at_once_and_the_draft_stays(
    rule_set: RuleSet, author: User
) -> None:
    drafts.put_draft(rule_set, with_score(11), author)
    broken = with_score(12)
    broken["rules"][0]["scor"] = 3
    broken["rules"][1]["when"] = "${poor} = "
    broken["rules"][2]["when"] = "${alone} = 'maybe'"
    broken["tasks"][1]["assignee"] = "nobody"
    problem = refusal(lambda: drafts.put_draft(rule_set, broken, author))
    assert problem.kind is RULE_SET_INVALID
    assert [(place.sheet, place.row, place.column) for place in problem.places] == [
        ("rules", 2, "scor"),
        ("rules", 3, "when"),
        ("rules", 4, "when"),
        ("tasks", 3, "assignee"),
    ]
    assert score_of(rule_set) == 11


def test_undo_brings_the_replaced_draft_back_and_undoing_that_too(
    rule_set: RuleSet, author: User
) -> None:
    assert refusal(lambda: drafts.restore_draft(rule_set, author)).kind is NOTHING_TO_UNDO
    drafts.put_draft(rule_set, with_score(11), author)
    drafts.put_draft(rule_set, with_score(12), author)
    drafts.restore_draft(rule_set, author)
    assert score_of(rule_set) == 11
    drafts.restore_draft(rule_set, author)
    assert score_of(rule_set) == 12


def test_a_discarded_draft_can_be_brought_back(rule_set: RuleSet, author: User) -> None:
    drafts.put_draft(rule_set, with_score(11), author)
    drafts.discard_draft(rule_set, author)
    assert score_of(rule_set) is None
    assert rule_set.draft_updated_at is None
    assert refusal(lambda: drafts.discard_draft(rule_set, author)).kind is NO_DRAFT
    drafts.restore_draft(rule_set, author)
    assert score_of(rule_set) == 11
    actions = Entry.objects.filter(action__startswith="rule_set.draft.").order_by("pk")
    assert [entry.action for entry in actions] == [
        "rule_set.draft.discard",
        "rule_set.draft.restore",
    ]


def test_a_draft_begins_with_a_release(rule_set: RuleSet, author: User) -> None:
    drafts.draft_from_release(rule_set, 1, author)
    rule_set.refresh_from_db()
    assert rule_set.draft == DOCUMENT
    assert drafts.changes_in_draft(rule_set) == []
    assert refusal(lambda: drafts.draft_from_release(rule_set, 9, author)).kind.status == 404


def test_an_upload_waits_for_its_uploader_alone(
    rule_set: RuleSet, author: User, other: User
) -> None:
    drafts.keep_upload(rule_set, workbook_bytes(with_score(13)), "xlsx", "规则.xlsx", author)
    assert score_of(rule_set) is None
    assert refusal(lambda: drafts.take_upload(rule_set, other)).kind is NO_UPLOAD
    drafts.take_upload(rule_set, author, expected_version=0)
    assert score_of(rule_set) == 13
    assert refusal(lambda: drafts.take_upload(rule_set, author)).kind is NO_UPLOAD


def test_an_upload_that_was_compared_with_an_older_draft_is_kept(
    rule_set: RuleSet, author: User, other: User
) -> None:
    drafts.keep_upload(rule_set, workbook_bytes(with_score(13)), "xlsx", "规则.xlsx", author)
    drafts.put_draft(rule_set, with_score(12), other)
    assert refusal(lambda: drafts.take_upload(rule_set, author, 0)).kind is DRAFT_CHANGED
    assert score_of(rule_set) == 12
    assert drafts.pending_upload(rule_set, author) is not None


def test_a_newer_upload_takes_the_place_of_the_older_and_old_ones_go(
    rule_set: RuleSet, author: User, other: User
) -> None:
    with clock.at(NOON - timedelta(days=9)):
        drafts.keep_upload(rule_set, workbook_bytes(with_score(1)), "xlsx", "a.xlsx", other)
    with clock.at(NOON):
        drafts.keep_upload(rule_set, workbook_bytes(with_score(2)), "xlsx", "b.xlsx", author)
        drafts.keep_upload(rule_set, workbook_bytes(with_score(3)), "xlsx", "c.xlsx", author)
    assert [copy.filename for copy in DraftCopy.objects.all()] == ["c.xlsx"]


def test_the_upload_of_another_rule_set_is_refused(rule_set: RuleSet, author: User) -> None:
    document = with_score(1)
    document["settings"]["name"] = "other"
    problem = refusal(
        lambda: drafts.keep_upload(rule_set, workbook_bytes(document), "xlsx", "", author)
    )
    assert (problem.kind.code, DraftCopy.objects.count()) == ("400.8", 0)


# --- over HTTP ---------------------------------------------------------------------------------


@pytest.fixture
def base(child: Entity) -> str:
    return f"/v1/projects/{child.dataset.project_id}/rule-sets/small"


def put(client: Client, path: str, content: bytes, kind: str = XLSX, **headers: str) -> Any:
    return client.put(path, content, content_type=kind, headers=headers)


def test_a_workbook_goes_in_and_out(base: str, author: User, client_for: ClientFor) -> None:
    client = client_for(author)
    answer = put(client, f"{base}/draft", workbook_bytes(with_score(7)))
    assert (answer.status_code, answer["ETag"]) == (200, '"1"')
    for response in (
        client.get(f"{base}/draft.xlsx"),
        client.get(f"{base}/draft", headers={"Accept": XLSX}),
    ):
        assert (response["Content-Type"], response["ETag"]) == (XLSX, '"1"')
        assert read_workbook(response.content) == with_score(7)
    assert read_document(client.get(f"{base}/draft.yaml").content) == with_score(7)
    assert read_workbook(client.get(f"{base}/releases/1.xlsx").content) == DOCUMENT
    assert read_document(client.get(f"{base}/releases/1.yaml").content) == DOCUMENT
    assert client.get(f"{base}/releases/9.xlsx").status_code == 404


def test_a_broken_workbook_gets_all_its_faults_at_its_own_cells(
    base: str, author: User, client_for: ClientFor
) -> None:
    content = edited(DOCUMENT, rules_F2="soon", rules_E3="${por} = 'yes'", tasks_G2="7 moons")
    answer = put(client_for(author), f"{base}/draft", content)
    assert (answer.status_code, answer.json()["code"]) == (400, "400.640")
    assert [
        (one["sheet"], one["row"], one["column"]) for one in answer.json()["details"]["errors"]
    ] == [("rules", 2, "score"), ("tasks", 2, "due"), ("rules", 3, "when")]
    assert "`poor`" in answer.json()["details"]["errors"][2]["message"]
    assert client_for(author).get(f"{base}/draft").status_code == 404


def test_if_match_guards_the_draft(
    base: str, author: User, other: User, client_for: ClientFor
) -> None:
    client = client_for(author)
    body = json.dumps(with_score(7)).encode()
    tag = put(client, f"{base}/draft", body, "application/json")["ETag"]
    newer = json.dumps(with_score(8)).encode()
    assert (
        put(
            client_for(other), f"{base}/draft", newer, "application/json", **{"If-Match": tag}
        ).status_code
        == 200
    )
    late = put(client, f"{base}/draft", body, "application/json", **{"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (409, "409.641")
    assert late.json()["details"] == {"version": 2}
    assert client.delete(f"{base}/draft", headers={"If-Match": tag}).status_code == 409
    wrong = put(client, f"{base}/draft", body, "application/json", **{"If-Match": '"x"'})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "400.8")


def test_a_difference_is_told_without_storing(
    base: str, author: User, client_for: ClientFor
) -> None:
    client = client_for(author)
    put(client, f"{base}/draft", workbook_bytes(with_score(7)))
    for answer in (
        put(client, f"{base}/draft?dryRun=true", workbook_bytes(with_score(8))),
        client.post(f"{base}/draft/diff", workbook_bytes(with_score(8)), content_type=XLSX),
    ):
        [change] = answer.json()["againstDraft"]["changes"]
        assert (change["id"], change["field"], change["old"], change["new"]) == (
            "R-DANGER", "score", {"text": "7"}, {"text": "8"},
        )  # fmt: skip
        assert answer.json()["againstRelease"]["changes"][0]["old"] == {"text": "20"}
    assert client.get(f"{base}/draft/diff").json()["changed"] == 1
    assert client.get(f"{base}/draft").json() == with_score(7)


def test_discard_undo_and_begin_again_over_http(
    base: str, author: User, client_for: ClientFor
) -> None:
    client = client_for(author)
    put(client, f"{base}/draft", workbook_bytes(with_score(7)))
    assert client.delete(f"{base}/draft").json()["hasDraft"] is False
    assert client.get(f"{base}/draft").status_code == 404
    assert client.post(f"{base}/draft/undo").json()["hasDraft"] is True
    assert client.get(f"{base}/draft").json() == with_score(7)
    assert client.post(f"{base}/releases/1/draft").status_code == 200
    assert client.get(f"{base}/draft").json() == DOCUMENT


READING = ("draft", "draft.xlsx", "draft.yaml", "draft/diff", "releases/1.xlsx", "releases/1.yaml")
CHANGING = (
    ("put", "draft"),
    ("delete", "draft"),
    ("post", "draft/undo"),
    ("post", "releases/1/draft"),
)


def test_who_may_not_read_rules_sees_nothing_and_who_may_only_read_changes_nothing(
    base: str,
    rule_set: RuleSet,
    author: User,
    lan: User,
    county: User,
    client_for: ClientFor,
    client: Client,
) -> None:
    drafts.put_draft(rule_set, with_score(7), author)
    body = json.dumps(with_score(9))
    for path in READING:
        assert client.get(f"{base}/{path}").status_code == 401, path
        assert client_for(lan).get(f"{base}/{path}").status_code == 403, path
        assert client_for(county).get(f"{base}/{path}").status_code == 200, path
    for method, path in CHANGING:
        for asker, status in ((client, 401), (client_for(lan), 403), (client_for(county), 403)):
            answer = asker.generic(
                method.upper(), f"{base}/{path}", body, content_type="application/json"
            )
            assert answer.status_code == status, path
    assert score_of(rule_set) == 7


GARBAGE = (
    b"",
    b"PK\x03\x04",
    b"PK\x03\x04" + b"x" * 99,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"{",
    b"\xff",
)


@pytest.mark.parametrize("kind", [XLSX, "application/yaml", "application/json", "text/plain", ""])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PK\x03\x04",
        b"PK\x03\x04" + b"x" * 99,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"{",
        b"\xff",
    ],
)
def test_garbage_is_refused_with_a_problem(
    base: str, author: User, client_for: ClientFor, kind: str, body: bytes
) -> None:
    answer = put(client_for(author), f"{base}/draft", body, kind)
    assert answer.status_code in (400, 413), answer.content
    assert answer.json()["message"]


def test_a_text_that_no_database_keeps_is_refused(
    base: str, author: User, client_for: ClientFor
) -> None:
    document = with_score(1)
    document["tasks"][0]["note"] = "a\x00b"
    answer = put(
        client_for(author), f"{base}/draft", json.dumps(document).encode(), "application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "400.641")
