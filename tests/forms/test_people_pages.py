"""The pages of duplicates, transfers and responsible persons: for whom they are, and what they do."""

import pytest

from forms.models import DuplicatePair, Merge, Project, ResponsiblePerson, Transfer
from server import clock
from server.journal.models import Entry
from server.people.roles import Role
from tests.conftest import make_user
from tests.forms.people_kit import children, fresh, people_project, register


@pytest.fixture
def project(db: None) -> Project:
    return people_project()


@pytest.fixture
def child(project, county, country):
    return register(project, county, country.village.code)


@pytest.fixture
def pair(project, child, county, country, drain) -> DuplicatePair:
    register(project, county, country.other_town_village.code, dob="2015-05-02")
    drain()
    return DuplicatePair.objects.get()


def test_both_are_seen_side_by_side_merged_and_made_two_again(pair, county, client_for):
    client = client_for(county)
    assert "65%" in client.get("/duplicates").content.decode()
    page = client.get(f"/duplicates/{pair.pk}").content.decode()
    assert "2015-05-01" in page
    assert "2015-05-02" in page
    assert Entry.objects.filter(action="entity.reveal").count() == 2
    said = {"keep": "second", "of-dob": "first", "note": "one child"}
    answer = client.post(f"/duplicates/{pair.pk}/merge", said, follow=True)
    merge = Merge.objects.get()
    assert (merge.survivor, merge.loser) == (pair.second, pair.first)
    assert fresh(pair.second).data["dob"] == "2015-05-01"
    assert f"/merges/{merge.pk}/undo" in answer.content.decode()
    client.post(f"/merges/{merge.pk}/undo")
    assert fresh(pair.first).deleted_at is None
    client.post(f"/duplicates/{pair.pk}/different", {"note": "twins"})
    assert "/duplicates/" not in client.get("/duplicates").content.decode()


def test_one_side_only_is_told_where_the_other_stands(pair, country, client_for):
    client = client_for(make_user("town", Role.TOWN_SUPERVISOR, country.town))
    for path in ("/duplicates", f"/duplicates/{pair.pk}"):
        page = client.get(path).content.decode()
        assert "石桥镇" in page
        assert "2015-05-02" not in page
        assert str(pair.second.uuid) not in page
    assert client.post(f"/duplicates/{pair.pk}/merge").status_code == 403


def test_a_transfer_is_asked_for_and_accepted(child, country, client_for):
    town = client_for(make_user("town", Role.TOWN_SUPERVISOR, country.town))
    there = client_for(make_user("there", Role.TOWN_SUPERVISOR, country.other_town))
    assert "柳树村" in town.get(f"/children/{child.uuid}/transfer").content.decode()
    code = country.other_town_village.code
    said = {"area": code, "reason": "moved", "moves_on": clock.today().isoformat()}
    town.post(f"/children/{child.uuid}/transfer", said)
    made = Transfer.objects.get()
    assert "accept" in there.get("/transfers").content.decode()
    assert there.post(f"/transfers/{made.pk}/accept").status_code == 302
    assert fresh(child).area == country.other_town_village


def test_persons_are_named_for_a_child_and_for_an_area(project, child, county, lan, client_for):
    client = client_for(county)
    client.post(f"/children/{child.uuid}/responsible", {"kin-name": "王秀英", "kin-phone": "138"})
    client.post(f"/children/{child.uuid}/responsible", {"kin-name": "张国平"})
    page = client_for(lan).get(f"/children/{child.uuid}/responsible").content.decode()
    assert "王秀英" in page
    assert "张国平" in page
    assert "kin-name" not in page  # she may read
    said = {"list": children(project).pk, "area": "529901", "network": "law", "name": "李警官"}
    client.post("/responsible", {**said, "phone": "110"})
    assert ResponsiblePerson.objects.filter(network="law", until=None).count() == 1


def test_strangers_see_nothing_and_nobody_is_sent_to_log_in(pair, child, stranger, lan, client):
    paths = [f"/duplicates/{pair.pk}", f"/children/{child.uuid}/transfer"]
    for path in [*paths, f"/children/{child.uuid}/responsible", "/duplicates", "/transfers"]:
        assert client.get(path).status_code == 302
    client.force_login(stranger, backend="django.contrib.auth.backends.ModelBackend")
    for path in [*paths, f"/children/{child.uuid}/responsible"]:
        assert client.get(path).status_code == 404
    for path in ("/duplicates", "/transfers"):
        assert "柳树村" not in client.get(path).content.decode()
    client.force_login(lan, backend="django.contrib.auth.backends.ModelBackend")
    for path in ("/duplicates", "/responsible", f"/children/{child.uuid}/transfer"):
        assert client.get(path).status_code == 403
