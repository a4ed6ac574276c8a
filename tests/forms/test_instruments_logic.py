"""The instruments' own logic, tried with answers: constraints, relevance and calculations."""

from datetime import date, timedelta

import pytest

from tests.forms.instrument_lab import accepts, bind, holds

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_QUESTIONS = ("father_id_no", "mother_id_no", "caregiver_id_no")


def id_number(born: str, serial: int) -> str:
    """An ID number as GB 11643 makes it: area, birth date, serial, check character."""
    body = f"610926{born.replace('-', '')}{serial:03d}"
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True))
    return body + "10X98765432"[total % 11]


@pytest.mark.parametrize("serial", range(100, 140))
def test_an_id_number_passes_only_with_its_check_character(serial):
    right = id_number("1985-01-31", serial)
    question = ID_QUESTIONS[serial % 3]
    assert accepts("child_enum", question, right)
    for wrong in set("0123456789X") - {right[-1]}:
        assert not accepts("child_enum", question, right[:-1] + wrong)


def test_a_small_x_is_taken_as_the_check_character():
    with_x = next(n for n in (id_number("1985-01-31", k) for k in range(999)) if n[-1] == "X")
    assert accepts("child_enum", "father_id_no", with_x.lower())


@pytest.mark.parametrize("bad", ["", "123", "无", "610926198513310001", "61092619850131123 "])
def test_what_is_no_id_number_is_refused(bad):
    assert not accepts("child_enum", "father_id_no", bad)


def test_the_childs_id_number_must_hold_the_date_of_birth():
    number = id_number("2015-03-09", 123)
    assert accepts("child_enum", "child_id_no", number, dob="2015-03-09")
    assert not accepts("child_enum", "child_id_no", number, dob="2015-03-10")


@pytest.mark.parametrize(
    ("born", "seen", "age"),
    [
        ("2016-11-23", "2026-11-23", 10),
        ("2016-11-24", "2026-11-23", 9),
        ("2016-02-29", "2026-02-28", 9),
        ("2016-02-29", "2026-03-01", 10),
        ("2026-11-23", "2026-11-23", 0),
    ],
)
def test_age_is_counted_in_calendar_years_on_the_day_of_the_form(born, seen, age):
    answers = {"dob": born, "enum_date": seen}
    assert holds("child_enum", "age_years", "calculate", **answers) == age
    listed = {"card_dob": born}
    assert holds("home_visit", "age_years", "calculate", visit_date=seen, **listed) == age
    assert holds("safety_assess", "age_years", "calculate", assess_date=seen, **listed) == age


@pytest.mark.parametrize("listed", ["", "2015/3/1", "不详"])
def test_age_stays_empty_when_the_list_has_no_usable_date_of_birth(listed):
    answers = {"card_dob": listed, "visit_date": "2026-11-23"}
    assert holds("home_visit", "age_years", "calculate", **answers) == ""


def test_a_child_is_under_eighteen_by_the_calendar():
    today = date.today()
    day = min(today.day, 28)
    eighteen = date(today.year - 18, today.month, day)
    assert not accepts("child_enum", "dob", eighteen.isoformat())
    assert accepts(
        "child_enum", "dob", (eighteen + timedelta(days=today.day - day + 1)).isoformat()
    )
    assert accepts("child_enum", "dob", today.isoformat())
    assert not accepts("child_enum", "dob", (today + timedelta(days=1)).isoformat())


@pytest.mark.parametrize(
    ("fix", "good"),
    [("32.4 109.3 400 30", True), ("32.4 109.3 400 30.5", False), ("32.4 109.3 0 0", True)],
)
def test_the_home_is_located_within_thirty_metres(fix, good):
    assert accepts("child_enum", "home_gps", fix) is good


@pytest.mark.parametrize(("basis", "asked"), [("guardian_consent", True), ("emergency", False)])
@pytest.mark.parametrize("question", ["child_photo", "home_gps"])
def test_photo_and_position_are_asked_only_with_consent(question, basis, asked):
    assert holds("child_enum", question, "relevant", legal_basis=basis) is asked


@pytest.mark.parametrize(
    ("question", "good", "bad"),
    [
        ("father_phone", ["13800000000", "无"], ["1380000000", "12800000000", "没有"]),
        ("class_teacher_phone", ["13900000000"], ["无", "139000000000"]),
        ("caregiver_phone", ["13800000000", "0915-8412345", "无"], ["8412345"]),
    ],
)
def test_phone_numbers_are_whole_or_declared_absent(question, good, bad):
    assert all(accepts("child_enum", question, number) for number in good)
    assert not any(accepts("child_enum", question, number) for number in bad)


@pytest.mark.parametrize(
    ("form", "question", "neutral", "other"),
    [
        ("child_enum", "health_status", "healthy", "chronic"),
        ("child_enum", "aid_type", "none", "dibao"),
        ("home_visit", "mood_obs", "stable", "tearful"),
        ("safety_assess", "abuse_suspected", "none", "sexual"),
        ("incident_report", "told_agencies", "none", "police"),
    ],
)
def test_a_neutral_answer_stands_alone(form, question, neutral, other):
    assert accepts(form, question, neutral)
    assert accepts(form, question, other)
    assert not accepts(form, question, f"{neutral} {other}")


@pytest.mark.parametrize(
    ("stage", "age", "good"),
    [
        ("under_age", "2", True),
        ("under_age", "6", False),
        ("not_in_kg", "4", True),
        ("not_in_kg", "9", False),
        ("dropout", "12", True),
        ("dropout", "4", False),
        ("not_in_school", "13", False),
        ("primary", "7", True),
        ("primary", "", True),
    ],
)
def test_schooling_must_fit_the_age(stage, age, good):
    assert accepts("child_enum", "school_stage", stage, age_years=age) is good
    assert accepts("school_monthly", "school_stage", stage, age_years=age) is good


@pytest.mark.parametrize(
    ("answers", "score"),
    [
        ({}, ""),
        ({"u_sad": "no"}, 0),
        ({"u_sad": "a_lot", "u_scared": "a_little", "u_sleep": "no"}, 3),
        (
            dict.fromkeys(
                ("u_sad", "u_sleep", "u_alone", "u_scared", "u_school", "u_anger"), "a_lot"
            ),
            12,
        ),
    ],
)
def test_the_unease_score_is_empty_until_something_is_answered(answers, score):
    assert holds("safety_assess", "unease_score", "calculate", **answers) == score


@pytest.mark.parametrize(
    ("names", "good"), [("李雷、韩梅梅", True), ("李雷，韩梅梅", True), ("李雷", False)]
)
def test_an_assessment_is_made_by_two(names, good):
    assert accepts("safety_assess", "assessors", names) is good


@pytest.mark.parametrize(
    ("kind", "police", "closable"),
    [("sexual", "no", False), ("sexual", "yes", True), ("disaster", "no", True)],
)
def test_a_case_the_police_must_know_cannot_be_closed_before(kind, police, closable):
    answers = {"incident_type": kind, "told_police": police}
    assert accepts("incident_report", "incident_closed", "yes", **answers) is closable
    assert accepts("incident_report", "incident_closed", "no", **answers)


@pytest.mark.parametrize(
    ("tier", "verified"), [("red", "yes"), ("yellow", "yes"), ("blue", "no"), ("", "no")]
)
def test_tasks_at_the_upper_tiers_are_verified(tier, verified):
    assert holds("task_feedback", "verify_needed", "calculate", card_tier=tier) == verified


def test_absences_stay_within_the_days_due():
    assert accepts("school_monthly", "absent_streak", "3", days_due="20")
    assert not accepts("school_monthly", "absent_streak", "21", days_due="20")


def test_an_urgent_finding_shows_the_way_to_the_report():
    assert holds("home_visit", "note_injury", "relevant", injury_seen="unexplained")
    assert not holds("home_visit", "note_injury", "relevant", injury_seen="explained")
    assert holds("safety_assess", "note_danger", "relevant", abuse_suspected="neglect")
    assert not holds("safety_assess", "note_danger", "relevant", abuse_suspected="none")


def test_the_county_is_the_first_six_digits_of_the_town():
    assert holds("child_enum", "county_code", "calculate", town_code="610926101") == "610926"


@pytest.mark.parametrize(
    ("form", "question", "kind"),
    [
        ("child_enum", "age_years", "integer"),
        ("school_monthly", "age_years", "integer"),
        ("safety_assess", "unease_score", "integer"),
        ("incident_report", "report_time", "dateTime"),
    ],
)
def test_calculated_numbers_and_times_are_typed_for_the_exports(form, question, kind):
    assert bind(form, question).get("type") == kind
