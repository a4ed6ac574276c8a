"""Identity numbers and names: what is right is read, what is wrong is not, what sounds alike is found."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.people.id_number import check_character, read_id_number
from forms.people.likeness import LEAST, Kind, Person, compare, grouped, keys_of
from forms.people.names import MOST_SPELLINGS, VARIANTS, spellings, written

TODAY = date(2026, 9, 1)
DIGITS = "0123456789X"
born = st.dates(date(1900, 1, 1), TODAY)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    place = draw(st.integers(110000, 999999))
    body = f"{place}{draw(born):%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return body + check_character(body)


@settings(max_examples=150, deadline=None)
@given(numbers())
def test_a_right_number_tells_birthday_and_sex(number):
    found = read_id_number(f" {number[:6]} {number[6:14]}-{number[14:].lower()}", TODAY)
    assert found is not None
    assert found.text == number
    assert f"{found.born:%Y%m%d}" == number[6:14]
    assert found.sex == ("male" if int(number[16]) % 2 else "female")


@settings(max_examples=150, deadline=None)
@given(numbers(), st.integers(0, 17), st.sampled_from(DIGITS))
def test_one_wrong_character_is_always_noticed(number, at, other):
    if other != number[at]:
        assert read_id_number(number[:at] + other + number[at + 1 :], TODAY) is None


@settings(max_examples=150, deadline=None)
@given(numbers(), st.integers(0, 16))
def test_two_neighbours_that_changed_places_are_always_noticed(number, at):
    if number[at] != number[at + 1]:
        swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        assert read_id_number(swapped, TODAY) is None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    found = read_id_number(text, TODAY)
    assert found is None or read_id_number(found.text, TODAY) == found


def test_the_standards_own_example_and_the_old_fifteen_digits_are_read():
    found = read_id_number("11010519491231002X", TODAY)
    assert found is not None
    assert (found.born, found.sex) == (date(1949, 12, 31), "female")
    assert read_id_number("110105491231002", TODAY) == found
    assert read_id_number("１１０１０５１９４９１２３１００２Х", TODAY) == found


@pytest.mark.parametrize("text", ["", "无", "11010520991231002X", "110105194913310020", "1" * 18])
def test_no_number_is_not_taken_for_one(text):
    assert read_id_number(text, TODAY) is None


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=6))
def test_a_name_has_few_spellings_and_the_same_in_its_usual_characters(name):
    found = spellings(name)
    assert bool(found) == bool(name)
    assert len(found) <= MOST_SPELLINGS
    assert written(written(name)) == written(name)
    assert spellings(written(name)) == found


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_name_at_all_can_be_spelled(name):
    assert all(spellings(name))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("張小明", "张晓鸣"),  # traditional, and other characters of the same sound
        ("陈喆", "陈哲"),
        ("林静怡", "凌静仪"),  # in and ing
        ("李娜", "李拉"),  # n and l
        ("周思雨", "邹诗语"),  # zh and z, s and sh
        ("单丹", "禅丹"),  # several readings
        ("买买提·艾力", "买买提 艾力"),
    ],
)
def test_names_that_sound_alike_share_a_spelling(one, other):
    assert set(spellings(one)) & set(spellings(other))


def test_variants_lead_to_characters_that_stay():
    assert not set(VARIANTS.values()) & VARIANTS.keys()


def like(one: Person, other: Person):
    mine, theirs = (
        grouped((kind.value, text) for kind, text in keys_of(who, TODAY)) for who in (one, other)
    )
    found = compare(mine, theirs)
    assert compare(theirs, mine) == found
    return found


MING = Person("张小明", "2015-05-01", "王秀英", "", "male")
NUMBER = "11010520150501" + "001"
NUMBER += check_character(NUMBER)
OTHER_NUMBER = "11010520150501" + "003"
OTHER_NUMBER += check_character(OTHER_NUMBER)


@pytest.mark.parametrize(
    ("other", "is_shown"),
    [
        (Person("張曉明", "2015-05-01", "王秀瑛"), True),
        (Person("张小明", "2015-05-01"), True),  # the father's village did not know the mother
        (Person("张小明", "2015-01-05", "王秀英"), True),  # the birthday mistyped
        (
            Person("张晓鸣", "2012-01-05", "王秀英"),
            False,
        ),  # sounds alike, another birthday: a brother
        (Person("张小明", "2015-05-01", "李桂兰"), False),
        (Person("张小刚", "2015-05-01", "王秀英"), False),  # a twin
        (Person("张小明", "2015-05-01", "", "", "female"), False),
        (Person(), False),
    ],
)
def test_what_is_shown_as_one_child(other, is_shown):
    assert (like(MING, other).score >= LEAST) is is_shown


def test_the_number_decides_and_so_do_two_right_ones():
    named = Person("张小明", "2015-05-01", "王秀英", NUMBER)
    assert like(named, Person("另外", "", "", NUMBER)).score == 100
    assert like(named, Person("张小明", "2015-05-01", "王秀英", OTHER_NUMBER)).score == 0
    assert like(named, Person("张小明", "2015-05-01", "王秀英", NUMBER[:-1] + "?")).score >= 90


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(VARIANTS)), st.dates(TODAY - timedelta(6000), TODAY))
def test_a_name_written_in_variants_is_the_same_name(variant, day):
    one = Person(f"王{variant}", day.isoformat(), "李桂兰")
    other = Person(f"王{VARIANTS[variant]}", day.isoformat(), "李桂兰")
    assert "name" in like(one, other).reasons


def test_a_number_tells_the_birthday_where_nobody_else_does():
    keys = dict(keys_of(Person("张小明", "", "", NUMBER), TODAY))
    assert keys[Kind.BORN] == "2015-05-01"
