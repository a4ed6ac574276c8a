"""What the functions compute: the calendar, arithmetic at its edges, texts."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.engine.days import months_between, years_between
from tests.rules.test_kleene import value_of


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        ("2010-03-01", "2026-02-28", 15),
        ("2010-03-01", "2026-03-01", 16),
        ("2012-02-29", "2026-02-28", 13),
        ("2012-02-29", "2026-03-01", 14),
        ("2012-02-29", "2024-02-29", 12),
        ("2026-03-01", "2026-03-01", 0),
        ("2027-03-01", "2026-03-01", -1),
    ],
)
def test_age_is_true_to_the_calendar(born, day, years):
    assert value_of(f"years-between(date('{born}'), date('{day}'))") == years


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-31", "2026-02-28", 0),
        ("2026-01-31", "2026-03-01", 1),
        ("2025-12-15", "2026-01-15", 1),
        ("2025-12-15", "2026-01-14", 0),
        ("2024-02-29", "2025-02-28", 11),
        ("2026-03-01", "2026-01-01", -2),
    ],
)
def test_only_full_months_count(start, end, months):
    assert value_of(f"months-between(date('{start}'), date('{end}'))") == months


@given(st.dates(), st.dates())
def test_full_years_are_full_months_divided_by_twelve(start, end):
    assume(start <= end)
    assert years_between(start, end) == months_between(start, end) // 12


def test_days_between_and_the_difference_of_dates_agree():
    text = "days-between(date('2024-02-28'), date('2024-03-01'))"
    assert value_of(text) == value_of("date('2024-03-01') - date('2024-02-28')") == 2


def test_times_are_days_of_the_site():
    late = datetime(2026, 2, 28, 16, 30, tzinfo=UTC)  # 1 March in Shanghai
    assert value_of("date(${t})", t=late) == date(2026, 3, 1)
    assert value_of("days-between(${t}, today())", t=late) == 0
    assert value_of("format-date(${t}, '%Y-%m-%d %H:%M')", t=late) == "2026-03-01 00:30"


def test_a_time_literal_is_on_the_sites_clock_unless_it_names_a_zone():
    half_past_eight = datetime(2026, 1, 31, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai
    assert value_of("date-time('2026-01-31T08:30')") == half_past_eight
    assert value_of("date-time('2026-01-31T00:30Z')") == half_past_eight
    text = "${t} >= date-time('2026-01-31T08:30')"
    before = datetime(2026, 1, 31, 0, 29, 59, tzinfo=UTC)
    assert [value_of(text, t=t) for t in (half_past_eight, before, None)] == [True, False, None]
    assert value_of("date-time('0001-01-01T00:00')") is None  # before the calendar in UTC


def test_date_arithmetic_stays_in_the_calendar():
    assert value_of("date('2026-02-28') + 1") == date(2026, 3, 1)
    assert value_of("date('2026-03-01') - 1") == date(2026, 2, 28)
    assert value_of("date('9999-12-31') + 1") is None
    assert value_of("date('2026-01-01') + 999999999999") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7 mod 3", 1),
        ("-7 mod 3", -1),
        ("7 mod 0", None),
        ("5.5 mod 2", 1.5),
        ("7 div 2", 3.5),
        ("1 div 0", None),
        ("int(2.9)", 2),
        ("int(-2.9)", -2),
        ("round(2.5)", 3),
        ("round(-2.5)", -2),
        ("round(2.345, 2)", 2.35),
        ("999999999999999 + 1", 1000000000000000),
        ("999999999999999 * 9", None),
        ("2 + 3 * 4", 14),
        ("min(3, 1, 2)", 1),
    ],
)
def test_arithmetic_has_no_exceptions(text, value):
    assert value_of(text) == value


def test_endless_growth_ends_in_unknown():
    assert value_of(" * ".join(["${x}"] * 60), x=10**14) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("string-length(${t})", 4),
        ("contains(${t}, '儿童')", True),
        ("starts-with(${t}, '留守')", True),
        ("starts-with(${t}, '儿童')", False),
        ("regex(${t}, '留.+')", True),
        ("regex(${t}, '留')", False),
        ("${t} = '留守儿童'", True),
    ],
)
def test_texts_are_read_character_by_character(text, value):
    assert value_of(text, t="留守儿童") == value


def test_decimal_date_time_counts_days_since_1970():
    assert value_of("decimal-date-time(date('1970-01-11'))") == 10
    assert value_of("decimal-date-time(${t})", t=datetime(1970, 1, 2, 12, tzinfo=UTC)) == 1.5


def test_format_date_knows_the_signs_of_xlsform():
    day = "date('2026-03-05')"
    assert value_of(f"format-date({day}, '%Y %y %m %n %b %d %e %a %H:%M %% %q')") == (
        "2026 26 03 3 Mar 05 5 Thu 00:00 % %q"
    )
