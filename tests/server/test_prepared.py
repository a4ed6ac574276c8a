"""Prepared queries answer as the ORM would, with new values each time."""

import pytest

from server.journal.models import Entry
from server.journal.services import record
from server.people.models import User
from server.places.models import Area
from server.prepared import Prepared, partial

by_code = Prepared(
    lambda marks: Area.objects.filter(code=marks.text("code"), kind="town").values_list(
        "pk", "name"
    )
)
by_key = Prepared(lambda marks: Area.objects.filter(pk=marks.number("key")).values_list("code"))


def test_it_answers_for_the_values_of_each_call(country):
    assert by_code.first(code=country.town.code) == (country.town.pk, "河口镇")
    assert by_code.first(code=country.other_town.code) == (country.other_town.pk, "石桥镇")
    assert by_code.first(code=country.county.code) is None
    assert by_key.first(key=country.village.pk) == (country.village.code,)


def test_times_and_json_come_as_the_orm_gives_them(db):
    entry = record("test.prepared", details={"a": [1, "零"]})
    query = Prepared(
        lambda marks: Entry.objects.filter(action=marks.text("action")).values_list("details", "at")
    )
    assert query.rows(action="test.prepared") == [({"a": [1, "零"]}, entry.at)]
    assert query.rows(action="test.prepared") == list(
        Entry.objects.filter(pk=entry.pk).values_list("details", "at")
    )


def test_a_value_is_never_part_of_the_sql(country):
    assert by_code.first(code="' OR 1=1 --") is None


def test_a_mark_that_is_no_parameter_is_a_fault(db):
    unused = Prepared(lambda marks: Area.objects.filter(code=marks.text("a")[:0]).values_list("pk"))
    with pytest.raises(ValueError, match="not parameters"):
        unused.first(a="x")


def test_a_partial_object_fetches_the_rest_when_asked(lan):
    found = partial(User, is_active=True, id=lan.pk, actor_ptr_id=lan.pk)
    assert (found.pk, found.is_active) == (lan.pk, True)
    assert found.email == lan.email
