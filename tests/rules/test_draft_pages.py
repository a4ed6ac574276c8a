"""The tab of the draft: what an administrator sees from the download of the workbook to the replaced draft, and
what happens to whom may not."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rules.models import RuleSet
from rules.services import drafts
from rules.workbook import read_workbook, workbook_bytes
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.county_kit import DOCUMENT, make_child, release_small
from tests.rules.workbook_kit import edited

ClientFor = Callable[[User], Client]


@pytest.fixture
def author(db: None) -> User:
    return make_user("author", Role.RULE_ADMIN)


@pytest.fixture
def rule_set(country: Country) -> RuleSet:
    release_small(make_child(country.village).dataset.project)
    return RuleSet.objects.get()


@pytest.fixture
def base(rule_set: RuleSet) -> str:
    return f"/rules/{rule_set.pk}/draft"


def changed(**columns: Any) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    document["rules"][1] |= columns
    return document


def upload(client: Client, base: str, content: bytes, name: str = "规则.xlsx") -> Any:
    return client.post(f"{base}/upload", {"file": SimpleUploadedFile(name, content)}, follow=True)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_without_a_draft_the_rules_in_force_are_offered_as_a_workbook(
    base: str, rule_set: RuleSet, author: User, client_for: ClientFor
) -> None:
    client = client_for(author)
    page = text_of(client.get(base))
    assert "现在没有草案" in page
    assert f"/rules/{rule_set.pk}/releases/1.xlsx" in page
    answer = client.get(f"/rules/{rule_set.pk}/releases/1.xlsx")
    assert read_workbook(answer.content) == DOCUMENT
    assert "small-1.xlsx" in answer["Content-Disposition"]
    assert client.get(f"{base}.xlsx").status_code == 404


def test_an_upload_shows_its_difference_and_replaces_only_when_told(
    base: str, rule_set: RuleSet, author: User, client_for: ClientFor
) -> None:
    client = client_for(author)
    answer = upload(client, base, workbook_bytes(changed(when="${poor} = 'no'", score=12)))
    page = text_of(answer)
    assert "改动 1 行" in page
    assert "贫困为“是”" in page
    assert "贫困为“否”" in page
    rule_set.refresh_from_db()
    assert rule_set.draft is None
    assert "规则.xlsx" in text_of(client.get(base))
    page = text_of(client.post(f"{base}/take", {"version": "0"}, follow=True))
    assert "改动 1 行" in page
    rule_set.refresh_from_db()
    assert rule_set.draft == changed(when="${poor} = 'no'", score=12)
    assert read_workbook(client.get(f"{base}.xlsx").content) == rule_set.draft


def test_an_upload_can_be_left(
    base: str, rule_set: RuleSet, author: User, client_for: ClientFor
) -> None:
    client = client_for(author)
    upload(client, base, workbook_bytes(changed(score=12)))
    page = text_of(client.post(f"{base}/leave", follow=True))
    assert "规则.xlsx" not in page
    rule_set.refresh_from_db()
    assert (rule_set.draft, rule_set.draft_version) == (None, 0)
    assert client.get(f"{base}/difference", follow=True).status_code == 200


def test_every_fault_of_an_upload_stands_in_a_table_and_the_draft_stays(
    base: str, rule_set: RuleSet, author: User, client_for: ClientFor
) -> None:
    drafts.put_draft(rule_set, changed(score=3), author)
    content = edited(DOCUMENT, rules_F2="soon", rules_E3="${por} = 'yes'", tasks_G2="7 moons")
    answer = upload(client_for(author), base, content)
    page = text_of(answer)
    assert answer.status_code == 400
    assert "3 处错误" in page
    for words in (
        "<code>rules</code>",
        "<code>score</code>",
        "soon",
        "`poor`",
        "7 moons",
        "<code>due</code>",
    ):
        assert words in page
    rule_set.refresh_from_db()
    assert rule_set.draft == changed(score=3)


NO_FILES = (
    (b"", "a.xlsx"), (b"PK\x03\x04", "a.xlsx"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls"), (b"[", "a.yaml"),
    (b"x" * 10_600_000, "large.xlsx"), (b"3", "a.json"), (b"\xff", "x"),
)  # fmt: skip


@pytest.mark.parametrize(("content", "name"), NO_FILES)
def test_a_file_that_is_none_is_told(
    base: str, author: User, client_for: ClientFor, content: bytes, name: str
) -> None:
    answer = upload(client_for(author), base, content, name)
    assert answer.status_code in (400, 413)
    assert "1 处错误" in text_of(answer)


def test_a_draft_that_somebody_else_changed_is_not_replaced_unseen(
    base: str, rule_set: RuleSet, author: User, client_for: ClientFor
) -> None:
    client = client_for(author)
    upload(client, base, workbook_bytes(changed(score=12)))
    drafts.put_draft(rule_set, changed(score=13), make_user("other", Role.RULE_ADMIN))
    page = text_of(client.post(f"{base}/take", {"version": "0"}, follow=True))
    assert "other" in page
    rule_set.refresh_from_db()
    assert rule_set.draft == changed(score=13)
    assert "又被改过" in text_of(client.get(f"{base}/difference"))
    client.post(f"{base}/take", {"version": "1"})
    rule_set.refresh_from_db()
    assert rule_set.draft == changed(score=12)


def test_discard_undo_and_begin_with_a_release(
    base: str, rule_set: RuleSet, author: User, client_for: ClientFor
) -> None:
    client = client_for(author)
    drafts.put_draft(rule_set, changed(score=13), author)
    assert "现在没有草案" in text_of(client.post(f"{base}/discard", {"version": "1"}, follow=True))
    assert "改动 1 行" in text_of(client.post(f"{base}/undo", {"version": "2"}, follow=True))
    page = text_of(client.post(f"{base}/begin", {"release": "1", "version": "3"}, follow=True))
    assert "与现行规则一致" in page
    assert client.post(f"{base}/begin", {"release": "x"}).status_code == 404
    assert client.post(f"{base}/undo", {"version": "soon"}).status_code == 400


def test_a_difference_without_end_is_cut_and_says_so(
    base: str, rule_set: RuleSet, author: User, client_for: ClientFor
) -> None:
    document = deepcopy(DOCUMENT)
    document["choices"]["towns"] = [{"code": f"c{number}"} for number in range(500)]
    page = text_of(upload(client_for(author), base, workbook_bytes(document)))
    assert "新增 500 行" in page
    assert "100" in page


def test_who_reads_rules_sees_the_draft_but_no_button(
    base: str, rule_set: RuleSet, author: User, county: User, client_for: ClientFor
) -> None:
    drafts.put_draft(rule_set, changed(score=13), author)
    page = text_of(client_for(county).get(base))
    assert "改动 1 行" in page
    assert '<form method="post" action="/rules' not in page
    assert client_for(county).get(f"{base}.xlsx").status_code == 200


ACTIONS = ("upload", "take", "leave", "discard", "undo", "begin")


def test_who_may_not_is_refused_and_nobody_must_log_in(
    base: str,
    rule_set: RuleSet,
    author: User,
    lan: User,
    stranger: User,
    client_for: ClientFor,
    client: Client,
) -> None:
    drafts.put_draft(rule_set, changed(score=13), author)
    for path in (base, f"{base}.xlsx", f"{base}.yaml", f"/rules/{rule_set.pk}/releases/1.xlsx"):
        assert client.get(path).status_code == 302, path
        assert client_for(lan).get(path).status_code == 403, path
    for action in ACTIONS:
        assert client.post(f"{base}/{action}").status_code == 302, action
        assert client_for(lan).post(f"{base}/{action}").status_code == 403, action
        assert client_for(stranger).post(f"{base}/{action}").status_code == 403, action
    rule_set.refresh_from_db()
    assert rule_set.draft == changed(score=13)
