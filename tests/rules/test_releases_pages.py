"""The tab of releases: what an approver needs stands on one page, and nobody decides about his own."""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation

from forms.models import Entity
from rules.models import Notice, Release
from rules.pages.band import band_of
from rules.services import evaluate
from rules.services.drafts import new_rule_set
from rules.services.in_force import compiled
from rules.services.reevaluation import find_reevaluation, pause_reevaluation
from server import clock
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.county_kit import DOCUMENT, make_child, newest, release_small, tell
from tests.rules.release_kit import POOR, released, requested, rule_set_of

ClientFor = Callable[[User], Client]
Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "second_opinion", lambda *_: ("ok", ()))
    for module in ("deciding", "activating"):
        monkeypatch.setattr(f"rules.services.releases.{module}.prove", lambda _: None)


@pytest.fixture
def author(db: None) -> User:
    return make_user("author", Role.RULE_ADMIN)


@pytest.fixture
def approver(db: None) -> User:
    return make_user("approver", Role.RULE_ADMIN)


@pytest.fixture
def child(country: Country, drain: Drain) -> Entity:
    child = make_child(country.village)
    release_small(child.dataset.project)
    tell(child, "home_visit", POOR)
    drain()
    return child


def page(child: Entity, path: str = "") -> str:
    return f"/rules/{rule_set_of(child).pk}/releases{path}"


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def post(client: Client, path: str, **data: str) -> str:
    """Send a form; answers the page after it with its messages."""
    answer = client.post(path, data, follow=True)
    assert answer.status_code == 200, (path, answer.status_code, answer.content[:400])
    return answer.content.decode()


def test_a_release_is_asked_for_approved_and_brought_back_on_the_pages(
    child: Entity, author: User, approver: User, client_for: ClientFor, drain: Drain
) -> None:
    requested(child, author).delete()  # the draft is there
    first, second = client_for(author), client_for(approver)
    assert "申请发布草案" in text_of(first, page(child))
    asked = post(first, page(child, "/request"), note="贫困加分到31")
    assert "还没有人试算过" in asked
    assert "贫困加分到31" in text_of(second, page(child, "/2"))
    assert "批准" in post(second, page(child, "/2/approve"), when="now")
    running = text_of(second, page(child, "/2"))
    assert "hx-get" in running
    assert "0 / 1" in running
    drain()
    done = text_of(second, page(child, "/2"))
    assert "1名升级" in done.replace(" ", "")
    assert "hx-get" not in done.partition('id="progress"')[2].partition("</section>")[0]
    post(second, page(child, "/1/activate"), note="误升")
    assert rule_set_of(child).active == Release.objects.get(number=1)
    assert "误升" in text_of(second, page(child, "/1"))


def test_an_approver_sees_the_difference_in_words(
    child: Entity, author: User, approver: User, client_for: ClientFor
) -> None:
    requested(child, author)
    shown = text_of(client_for(approver), page(child, "/2"))
    assert "与第1版的差别" in shown
    assert "R-POOR" in shown
    assert "<b>31</b>" in shown


def test_the_author_is_told_why_he_may_not_decide(
    child: Entity, author: User, client_for: ClientFor
) -> None:
    requested(child, author)
    client = client_for(author)
    shown = text_of(client, page(child, "/2"))
    assert "须由另一人" in shown
    assert 'id="approve"' not in shown
    assert "须由另一人" in post(client, page(child, "/2/approve"), when="now")
    assert Release.objects.get(number=2).status == "requested"


def test_a_refusal_and_a_withdrawal_keep_their_reason(
    child: Entity, author: User, approver: User, client_for: ClientFor
) -> None:
    requested(child, author)
    second = client_for(approver)
    post(second, page(child, "/2/refuse"), note="")
    assert Release.objects.get(number=2).status == "requested"
    assert "先做试算" in post(second, page(child, "/2/refuse"), note="先做试算")
    requested(child, author, 12)
    assert "笔误" in post(client_for(author), page(child, "/3/withdraw"), note="笔误")


def test_a_day_is_given_in_the_sites_time(
    child: Entity, author: User, approver: User, client_for: ClientFor
) -> None:
    requested(child, author)
    client = client_for(approver)
    post(client, page(child, "/2/approve"), when="later", activate_at="soon")
    assert Release.objects.get(number=2).status == "requested"
    day = (clock.today() + timedelta(days=3)).isoformat()
    post(client, page(child, "/2/approve"), when="later", activate_at=f"{day}T06:00")
    moment = Release.objects.get(number=2).activate_at
    assert moment is not None
    assert moment.isoformat() == f"{clock.today() + timedelta(days=2)}T22:00:00+00:00"
    assert "取消预定" in text_of(client, page(child, "/2"))


def test_the_pass_is_shown_while_it_runs_and_can_be_paused(
    child: Entity, author: User, approver: User, client_for: ClientFor, drain: Drain
) -> None:
    release = released(child, author, approver)
    client = client_for(approver)
    htmx = {"HX-Request": "true"}
    part = client.get(page(child, "/2/progress"), headers=htmx)
    assert (part.status_code, "HX-Refresh" in part.headers) == (200, False)
    assert "</html>" not in part.content.decode()
    assert client.get(page(child, "/2/progress")).status_code == 302
    assert "继续" in post(client, page(child, "/2/pause"))
    assert "state" not in post(client, page(child, "/2/pause"))  # once more: told, not broken
    assert find_reevaluation(release).state == "paused"
    post(client, page(child, "/2/resume"))
    drain()
    part = client.get(page(child, "/2/progress"), headers=htmx)
    assert part.headers["HX-Refresh"] == "true"


def test_a_candidate_is_watched_and_reported_on_the_pages(
    child: Entity, author: User, county: User, client_for: ClientFor, drain: Drain
) -> None:
    requested(child, author).delete()
    rules = f"/rules/{rule_set_of(child).pk}"
    client = client_for(author)
    until = (clock.today() + timedelta(days=7)).isoformat()
    assert "需要" in post(client, f"{rules}/shadow", candidate="draft", until="")
    assert "还没有比较" in post(client, f"{rules}/shadow", candidate="draft", until=until)
    drain()
    shown = text_of(client, page(child, "/2/shadow"))
    assert "0.0 %" in shown
    assert str(child.uuid) not in shown
    assert str(child.uuid) in text_of(client_for(county), page(child, "/2/shadow"))
    assert "并行试运行" in text_of(client, page(child))
    post(client, f"{rules}/shadow/end")
    post(client, f"{rules}/shadow/end")
    assert rule_set_of(child).candidate is None


def test_an_empty_tab_says_what_to_do(child: Entity, author: User, client_for: ClientFor) -> None:
    document = deepcopy(DOCUMENT)
    document["settings"]["name"] = "second"
    rule_set = new_rule_set(child.dataset.project, document, author)
    assert "还没有版本" in text_of(client_for(author), f"/rules/{rule_set.pk}/releases")


PAGES = ["", "/1", "/1/progress", "/1/shadow"]
POSTS = [
    "/request", "/1/approve", "/1/refuse", "/1/withdraw", "/1/activate", "/1/pause", "/1/resume",
]  # fmt: skip


def test_who_may_not_is_refused_on_every_page(
    child: Entity, lan: User, county: User, client: Client, client_for: ClientFor
) -> None:
    for path in PAGES:
        assert client.get(page(child, path)).status_code == 302, path
        assert client_for(lan).get(page(child, path)).status_code == 403, path
        assert client_for(county).get(page(child, path)).status_code in (200, 302), path
    rules = f"/rules/{rule_set_of(child).pk}"
    for path in [*(page(child, one) for one in POSTS), f"{rules}/shadow", f"{rules}/shadow/end"]:
        assert client.post(path).status_code == 302, path
        assert client_for(lan).post(path).status_code == 403, path
        assert client_for(county).post(path).status_code == 403, path
    admin = client_for(make_user("admin2", Role.ADMIN))
    assert admin.get(page(child, "/99")).status_code == 404
    assert admin.post(page(child, "/1/nonsense")).status_code == 404
    shown = client_for(county).get(page(child, "/1")).content.decode()
    assert 'id="activate"' not in shown


def test_english_readers_read_english(child: Entity, author: User, client_for: ClientFor) -> None:
    requested(child, author)
    client = client_for(author)
    with translation.override("en"):
        client.cookies["django_language"] = "en"
        shown = text_of(client, page(child, "/2"))
    assert "another person must decide" in shown
    assert "Difference from release 1" in shown


# --- what a jump was made by, where people look ------------------------------------------------


def test_a_jump_by_the_rules_says_so_on_the_childs_pages(
    child: Entity, author: User, approver: User, county: User, client_for: ClientFor, drain: Drain
) -> None:
    release = released(child, author, approver)
    drain()
    client = client_for(county)
    words = "规则变化所致，并非孩子情况变化"
    evaluation = newest(child)
    assert words in text_of(client, f"/children/{child.uuid}/evaluations/{evaluation.pk}")
    assert words in text_of(client, f"/children/{child.uuid}/feed?kind=evaluation")
    band = band_of(child, compiled(release))
    assert band is not None
    assert [mark.text for mark in band.releases] == [f"2 ({words})"]


def test_notices_about_rules_lead_where_they_can_be_acted_on(
    child: Entity, author: User, approver: User, county: User, client_for: ClientFor, drain: Drain
) -> None:
    released(child, author, approver)
    drain()
    for user, kind, target in ((county, "release", "/review"), (author, "rules", "/rules")):
        notice = Notice.objects.filter(user=user, kind=kind).latest("pk")
        assert client_for(user).get(f"/notices/{notice.pk}").headers["Location"] == target
    assert "新规则" in text_of(client_for(county), "/notices")


def test_a_paused_pass_offers_to_go_on_only_to_who_may(
    child: Entity, author: User, approver: User, county: User, client_for: ClientFor
) -> None:
    release = released(child, author, approver)
    pause_reevaluation(find_reevaluation(release), approver)
    assert "/2/resume" in text_of(client_for(approver), page(child, "/2"))
    assert "/2/resume" not in text_of(client_for(county), page(child, "/2"))
