"""The pages where rules are tried: what an administrator sees of a simulation before, while and after it runs;
the programme with children of whom stories are told."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from forms.models import Dataset
from rules.models import RuleSet, Simulation
from rules.services.drafts import put_draft
from rules.services.simulations import Wish, running, start_simulation
from rules.services.simulations.summary import summary_of
from server import clock
from server.journal.models import Reaction
from server.journal.services import run_pending
from server.people.models import User
from server.people.roles import Role
from tests.conftest import Country, make_user
from tests.rules.county_kit import NOON
from tests.rules.pages_kit import make_child, make_programme, submit
from tests.rules.programme_kit import programme
from tests.rules.simulation_kit import Village, changed, make_village

ClientFor = Callable[[User], Client]
Drain = Callable[[], int]
HX = {"HX-Request": "true"}
STRICTER = changed("rules", "R-POOR", floor="yellow")
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def author(country: Country) -> User:
    return make_user("author", Role.RULE_ADMIN)


@pytest.fixture
def village(country: Country, author: User) -> Iterator[Village]:
    found = make_village(country, author)
    Reaction.objects.all().delete()
    with clock.at(NOON):
        yield found


@pytest.fixture
def done(village: Village, drain: Drain) -> Simulation:
    return run(village.start(STRICTER, note="更严"), drain)


def run(simulation: Simulation, drain: Drain) -> Simulation:
    drain()
    simulation.refresh_from_db()
    assert simulation.state == "done", simulation.error
    return simulation


def at(village: Village, rest: str = "") -> str:
    return f"/rules/{village.rule_set.pk}/simulations{rest}"


def text_of(answer: Any) -> str:
    """The words of a page, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_form_starts_one_and_leads_to_its_page(
    village: Village, author: User, client_for: ClientFor, drain: Drain
) -> None:
    put_draft(village.rule_set, STRICTER, author)
    client = client_for(author)
    assert 'name="candidate"' in client.get(at(village)).content.decode()
    answer = client.post(at(village), {"candidate": "draft", "note": "更严"})
    simulation = Simulation.objects.get()
    assert answer["Location"] == at(village, f"/{simulation.pk}")
    running_page = client.get(answer["Location"]).content.decode()
    assert f'hx-get="{at(village, f"/{simulation.pk}/progress")}"' in running_page
    assert "<noscript>" in running_page
    run(simulation, drain)
    assert "5名儿童中1名等级变化：1名升为黄。" in text_of(client.get(answer["Location"]))


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"as_of": "2027-01-01"}, 400),
        ({"as_of": "immer"}, 400),
        ({"sample": "viele"}, 400),
        ({"sample": "0"}, 400),
        ({"sample": "²"}, 400),
        ({"area": "999"}, 404),
        ({"candidate": "77"}, 404),
    ],
)
def test_what_cannot_be_is_told_above_the_form_and_starts_nothing(
    village: Village, author: User, client_for: ClientFor, given: dict[str, str], status: int
) -> None:
    put_draft(village.rule_set, STRICTER, author)
    answer = client_for(author).post(at(village), {"note": "Notiz", **given})
    assert answer.status_code == status
    page = answer.content.decode()
    assert 'class="notice bad" role="alert"' in page
    assert 'value="Notiz"' in page
    assert not Simulation.objects.exists()


def test_progress_tells_how_far_it_is_and_asks_for_the_page_at_the_end(
    village: Village, author: User, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    simulation, client = village.start(STRICTER), client_for(author)
    address = at(village, f"/{simulation.pk}/progress")
    assert "等待后台处理" in text_of(client.get(address, headers=HX))
    run_pending(1)
    answer = client.get(address, headers=HX)
    assert "2 / 5" in text_of(answer)
    assert "HX-Refresh" not in answer
    for _ in range(4):
        run_pending(1)
    answer = client.get(address, headers=HX)
    assert answer["HX-Refresh"] == "true"
    assert "hx-trigger" not in answer.content.decode()
    assert client.get(address)["Location"] == at(village, f"/{simulation.pk}")


def test_cancelling_keeps_the_figures_and_says_of_how_many(
    village: Village, author: User, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    simulation, client = village.start(STRICTER), client_for(author)
    run_pending(1)
    answer = client.post(at(village, f"/{simulation.pk}/cancel"), follow=True)
    assert "已取消：以下数字只含5名儿童中的前2名" in text_of(answer)
    again = client.post(at(village, f"/{simulation.pk}/cancel"), follow=True)
    assert "已结束" in text_of(again)


def test_the_result_names_the_rule_and_what_was_changed_in_it(
    village: Village, done: Simulation, author: User, client_for: ClientFor
) -> None:
    words = text_of(client_for(author).get(at(village, f"/{done.pk}")))
    for part in ("家庭贫困", "最低等级 无 → 黄", "更严", "按乡镇", "河口镇"):
        assert part in words, part


def test_cells_of_the_matrix_lead_to_those_who_move(
    village: Village, done: Simulation, author: User, client_for: ClientFor
) -> None:
    client, address = client_for(author), at(village, f"/{done.pk}/movers")
    page = client.get(at(village, f"/{done.pk}")).content.decode()
    assert f'href="{address}?from=blue&amp;to=yellow"' in page
    assert "家庭贫困" in text_of(client.get(f"{address}?from=blue&to=yellow"))
    assert "家庭贫困" not in text_of(client.get(f"{address}?from=red&to=green"))


def test_children_are_named_only_to_who_may_read_them(
    village: Village, done: Simulation, author: User, county: User, stranger: User,
    client_for: ClientFor,
) -> None:  # fmt: skip
    child = village.children["王蓝"]
    for rest in (f"/{done.pk}", f"/{done.pk}/movers"):
        link = f'href="/children/{child.uuid}"'
        ours, hidden, theirs = (
            client_for(one).get(at(village, rest)).content.decode()
            for one in (county, author, stranger)
        )
        assert link in ours
        assert link not in hidden
        assert "№" in hidden
        assert link not in theirs
        assert "№" not in theirs
        for page in (ours, hidden, theirs):
            assert "王蓝" not in page  # masked for everybody


def test_two_are_put_side_by_side(
    village: Village, done: Simulation, author: User, client_for: ClientFor, drain: Drain
) -> None:
    harder = run(village.start(changed("rules", "R-POOR", floor="red")), drain)
    client = client_for(author)
    assert (
        f'<option value="{done.pk}">' in client.get(at(village, f"/{harder.pk}")).content.decode()
    )
    words = text_of(client.get(at(village, f"/{done.pk}/compare?with={harder.pk}")))
    assert "1名升为黄" in words
    assert "1名升为红" in words
    assert "黄 2 1 -1" in words
    assert "红 1 2 +1" in words
    assert "并非所有差异" not in words
    small = run(village.start(sample=2), drain)
    words = text_of(client.get(at(village, f"/{done.pk}/compare?with={small.pk}")))
    assert "并非所有差异" in words
    for odd in ("", "x", "²", "9" * 30):
        assert client.get(at(village, f"/{done.pk}/compare?with={odd}")).status_code == 302
    assert client.get(at(village, f"/{done.pk}/compare?with=99999")).status_code == 404


def test_a_failed_one_tells_what_happened(
    village: Village, author: User, client_for: ClientFor
) -> None:
    simulation = village.start(STRICTER)
    Simulation.objects.update(state="failed", error="规则文档已损坏")
    assert "规则文档已损坏" in text_of(client_for(author).get(at(village, f"/{simulation.pk}")))


def test_nobody_to_look_at_is_said_so(
    village: Village, country: Country, author: User, client_for: ClientFor, drain: Drain
) -> None:
    found = run(village.start(STRICTER, area=country.other_town), drain)
    assert "没有可试算的儿童" in text_of(client_for(author).get(at(village, f"/{found.pk}")))


def test_who_may_only_read_gets_no_form_and_no_button(
    village: Village, county: User, client_for: ClientFor
) -> None:
    simulation, client = village.start(STRICTER), client_for(county)
    assert 'name="candidate"' not in client.get(at(village)).content.decode()
    assert "/cancel" not in client.get(at(village, f"/{simulation.pk}")).content.decode()
    assert client.post(at(village), {"candidate": "1"}).status_code == 403
    assert client.post(at(village, f"/{simulation.pk}/cancel")).status_code == 403
    assert Simulation.objects.count() == 1


def test_nobody_without_the_right_or_a_login_sees_the_pages(
    village: Village, done: Simulation, lan: User, client: Client, client_for: ClientFor
) -> None:
    for rest in ("", f"/{done.pk}", f"/{done.pk}/progress", f"/{done.pk}/movers",
                 f"/{done.pk}/compare"):  # fmt: skip
        assert client.get(at(village, rest))["Location"].startswith("/login?next="), rest
        assert client_for(lan).get(at(village, rest)).status_code == 403, rest


def test_another_rule_sets_simulation_is_not_found(
    village: Village, done: Simulation, author: User, client_for: ClientFor
) -> None:
    other = RuleSet.objects.create(project=village.project, name="other")
    for rest in ("", "/movers", "/progress", "/compare?with=1"):
        path = f"/rules/{other.pk}/simulations/{done.pk}{rest}"
        assert client_for(author).get(path, headers=HX).status_code == 404, rest
    empty = client_for(author).get(f"/rules/{other.pk}/simulations")
    assert "还没有试算" in text_of(empty)


# --- the programme -----------------------------------------------------------------------------


@pytest.fixture
def dataset(admin: User, county: User) -> Dataset:
    return make_programme(admin, county)


def test_a_changed_threshold_of_the_programme_moves_exactly_those_beyond_it(
    dataset: Dataset, country: Country, author: User, client_for: ClientFor, drain: Drain
) -> None:
    with clock.at(MORNING):
        children = [
            caregiver_of(dataset, country, f"孩子{age}", age) for age in (66, 69, 70, 74, 75, 80)
        ]
        rule_set = RuleSet.objects.get()
        put_draft(rule_set, old_caregivers(70), author)
        simulation = run(start_simulation(rule_set, author, Wish()), drain)
    moves = {move.entity_id: move.rules for move in simulation.moves.order_by("pk")}
    assert set(moves) == {children[2].pk, children[3].pk}
    assert all(
        rules == [{"id": "R-G09", "old": "false", "new": "true"}] for rules in moves.values()
    )
    summary = summary_of(simulation)
    assert summary is not None
    assert summary.result.comparison.hits["R-G09"][:2] == (2, 4)
    address = f"/rules/{rule_set.pk}/simulations/{simulation.pk}"
    with clock.at(MORNING):
        words = text_of(client_for(author).get(address))
    assert "6名儿童中2名等级变化：2名升为蓝色。" in words
    assert "条件改变" in words
    assert "新命中" in words


def caregiver_of(dataset: Dataset, country: Country, name: str, age: int) -> Any:
    """A child a little below blue, with a caregiver of `age` who is well and looks after no other."""
    child = make_child(dataset, name, country.village)
    answers = {
        "dob": "2015-05-01",
        "caregiver_age": age,
        "caregiver_health": "good",
        "children_in_care": 1,
        "parents_marital": "divorced",
    }
    submit(child, "child_enum", MORNING, answers)
    return child


def old_caregivers(age: int) -> dict[str, Any]:
    """The programme with another age from which a caregiver counts as old, and no wider floors."""
    document = deepcopy(dict(programme().document))
    rule = next(one for one in document["rules"] if one["id"] == "R-G09")
    assert "${caregiver_age} >= 75" in rule["when"]
    rule["when"] = rule["when"].replace("${caregiver_age} >= 75", f"${{caregiver_age}} >= {age}")
    return document
