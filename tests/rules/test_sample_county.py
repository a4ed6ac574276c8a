"""The sample county: the same again from the same seed, lifelike, and every form in it one that a phone could send."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from django.db import transaction
from lxml import etree

from forms.instance.hardened import local_name, parse_xml
from forms.models import Form, Submission, SubmissionAttachment, SubmissionVersion
from rules.models import Evaluation, Task, TierState
from rules.problems import SAMPLE_EXISTS, SAMPLE_IN_PRODUCTION
from rules.programme.sample import (
    SAMPLE_LOGINS,
    SAMPLE_PASSWORD,
    generate_county,
    has_sample_logins,
)
from rules.programme.sample import names as invented
from server.journal.models import Reaction
from server.people.models import AppUser, RoleGrant, User
from server.people.roles import Role
from server.places.models import Area
from server.problems import Problem
from tests.forms import instrument_lab as lab

UNTIL = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SIZE = 20
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _county(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """One small county for the whole module, undone after it: making it takes half a minute."""
    with django_db_blocker.unblock(), transaction.atomic():
        generate_county(seed=7, children=SIZE, until=UNTIL)
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _in_county(_county: None, db: None) -> None:
    """Every test here stands in that county; what it changes is undone."""


def _tiers() -> dict[str, str]:
    rows = TierState.objects.order_by("entity__uuid").values_list("entity__uuid", "tier")
    return {str(uuid): tier for uuid, tier in rows}


def _forms() -> Counter[str]:
    return Counter(Submission.objects.values_list("form__xml_form_id", flat=True))


def test_every_child_is_registered_evaluated_and_has_a_tier() -> None:
    tiers = _tiers()
    assert len(tiers) == SIZE
    assert set(tiers.values()) <= {"red", "yellow", "blue", "green"}
    counts = Counter(tiers.values())
    assert 1 <= counts["red"] <= 2
    assert 1 <= counts["yellow"] <= 5
    assert counts["green"] + counts["blue"] >= 14


def test_every_bundled_form_but_the_rarest_was_sent_and_read_without_oddities() -> None:
    forms = _forms()
    wanted = {
        "child_enum", "home_visit", "safety_assess", "school_monthly", "task_feedback",
    }  # fmt: skip
    assert wanted <= set(forms)
    assert forms["child_enum"] == SIZE
    assert not SubmissionVersion.objects.exclude(oddities=[]).exists()
    assert SubmissionAttachment.objects.exclude(blob=None).exists()
    missing = SubmissionAttachment.objects.filter(blob=None, is_expected=True)
    assert not missing.exists()


def test_nothing_waits_in_the_outbox_and_both_engines_agreed() -> None:
    assert not Reaction.objects.filter(done_at=None).exists()
    assert set(Evaluation.objects.values_list("engine_state", flat=True)) == {"ok"}


def test_history_lies_in_the_year_before_and_not_in_the_future() -> None:
    created = SubmissionVersion.objects.order_by("created_at").values_list("created_at", flat=True)
    first, last = created[0], list(created)[-1]
    assert (UNTIL - first).days > 200
    assert last < UNTIL
    days = SubmissionVersion.objects.values_list("occurred_on", "created_at")
    assert all(day <= created.date() for day, created in days)


def test_tasks_have_somebody_wherever_somebody_holds_the_role() -> None:
    held = set(RoleGrant.objects.values_list("role", flat=True))
    of_central = {
        Role.MANAGER,
        Role.VIEWER,
        Role.FORMFILL,
    }  # given over a project, not over an area
    assert held == set(Role) - {Role.SUBJECT_TEACHER} - of_central
    lonely = Task.objects.filter(assignee=None).select_related("entity")
    # a child who goes to no school has no class teacher
    assert {task.role for task in lonely} <= {"class_teacher", "school_lead"}
    assert not [task for task in lonely if task.entity.class_name and task.role == "class_teacher"]


def test_some_tasks_are_done_and_some_wait() -> None:
    states = Counter(Task.objects.values_list("state", flat=True))
    assert states["done"] > 10
    assert states["open"] + states["accepted"] > 0


def test_children_belong_to_several_populations() -> None:
    found = {
        name
        for state in TierState.objects.select_related("evaluation")
        if state.evaluation
        for name in state.evaluation.decision["population"]
    }
    assert {"left_behind", "lbc_strict", "attention_only"} <= found


def test_sample_logins_exist_with_their_password_and_the_first_has_a_phone() -> None:
    assert len(SAMPLE_LOGINS) <= 8
    for login in SAMPLE_LOGINS:
        assert User.objects.get(email=login.email).check_password(SAMPLE_PASSWORD)
    assert AppUser.objects.filter(worker__email=SAMPLE_LOGINS[0].email).exists()
    assert has_sample_logins()


def test_places_and_addresses_are_none_that_exist() -> None:
    assert all(code.startswith("9999") for code in Area.objects.values_list("code", flat=True))
    emails = User.objects.values_list("email", flat=True)
    assert all(email.endswith(f"@{invented.EMAIL_DOMAIN}") for email in emails)
    phones = User.objects.values_list("phone", flat=True)
    assert all(phone.startswith(invented.MOBILE_PREFIX) for phone in phones)


def test_a_second_county_is_refused() -> None:
    with pytest.raises(Problem) as raised:
        generate_county(seed=8, children=SIZE, until=UNTIL)
    assert raised.value.kind is SAMPLE_EXISTS


def test_production_refuses_a_county_with_known_passwords(settings: Any) -> None:
    settings.IS_PRODUCTION = True
    with pytest.raises(Problem) as raised:
        generate_county(seed=8, children=SIZE, until=UNTIL)
    assert raised.value.kind is SAMPLE_IN_PRODUCTION


_TYPED = (
    "note",
    "calculate",
    "group",
    "meta",
    "start",
    "end",
    "today",
    "deviceid",
    "username",
    "audit",
)


def _faults(form_id: str, fields: list[dict[str, Any]], answers: dict[str, str]) -> Iterator[str]:
    """What Collect would not have let pass: answers to questions that do not apply, and so on."""
    days = {name: text[:10] if _is_moment(text) else text for name, text in answers.items()}
    instance = lab.instance(form_id, days)
    today = float(lab.day_number(answers["today"]))
    functions = {
        **lab.FUNCTIONS,
        (None, "today"): lambda _: today,
        (None, "now"): lambda _: today + 1,
    }
    for field in fields:
        if field.get("type") in ("structure", "repeat") or field.get("kind") in _TYPED:
            continue
        name, answer = field["name"], answers.get(field["name"], "")
        applies = _says(form_id, name, "relevant", instance, functions)
        if answer and not applies:
            yield f"{name} does not apply"
        elif not answer and applies and field.get("required"):
            yield f"{name} is required"
        elif answer and not _says(form_id, name, "constraint", instance, functions):
            yield f"{name}: {answer} breaks its constraint"


def _says(
    form_id: str, name: str, attribute: str, instance: etree._ElementTree, functions: Any
) -> bool:
    node = lab.bind(form_id, name)
    expression = node.get(attribute)
    if not expression:
        return True
    (place,) = cast(list[etree._Element], instance.xpath(node.get("nodeset", "")))
    return bool(etree.XPath(expression, extensions=functions)(place))


def _is_moment(text: str) -> bool:
    return len(text) > 19 and text[4:5] == "-" and text[10:11] == "T"


def _answers(form_id: str) -> Iterator[tuple[str, dict[str, str]]]:
    """instanceID and answers by question name of the submissions of a form, as XPath reads them."""
    for version in SubmissionVersion.objects.filter(form__xml_form_id=form_id).order_by("pk"):
        root = parse_xml(bytes(version.xml), 1_000_000)
        leaves = [node for node in root.iter() if not len(node)]
        yield version.instance_id, {local_name(node.tag): node.text or "" for node in leaves}


@pytest.mark.parametrize("form_id", lab.FORMS)
def test_answers_keep_to_relevance_constraints_and_required(form_id: str) -> None:
    fields = Form.objects.get(xml_form_id=form_id).current.fields  # type: ignore[union-attr]
    faults = []
    for instance_id, answers in list(_answers(form_id))[:12]:
        faults += [f"{instance_id} {fault}" for fault in _faults(form_id, fields, answers)]
    assert not faults
