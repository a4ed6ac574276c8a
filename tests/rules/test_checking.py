"""The check of drafts and releases as a service, over the API and on pages, and what a form's publishing
is told."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from forms.models import Form, FormVersion, Project
from forms.services import publish_checks, publish_draft
from rules import problems
from rules.models import RuleSet
from rules.services import checking
from rules.services.case_making import add_cases, remove_case
from rules.services.checking import check_draft, report_on, require_releasable
from rules.services.drafts import put_draft
from server import clock
from server.people.models import User
from server.people.roles import Role
from server.problems import Problem
from tests.conftest import Country, make_user
from tests.rules.county_kit import ALL_WELL, DOCUMENT, actor, release_small
from tests.rules.test_checks_forms import QUESTIONS

GOOD = {
    "case_id": "alone", "as_of": "2026-09-02",
    "submissions": [{"form": "home_visit", "date": "2026-09-01", "data": ALL_WELL | {"alone": "yes"}}],
    "expected": {"tier": "yellow", "rules": {"R-ALONE": True}},
}  # fmt: skip
TYPES = {"select_one": {"kind": "select_one"}}


def document(**sections: Any) -> dict[str, Any]:
    return json.loads(json.dumps({**DOCUMENT, "cases": [GOOD], **sections}))


def fields(form: str, **changes: Any) -> list[dict[str, Any]]:
    """The questions of a small form as a version stores them."""
    found = {name: codes for name, (_kind, codes) in QUESTIONS[form].items()} | changes
    return [
        {
            "path": f"/{name}", "name": name, "kind": "select_one",
            "choices": [{"name": code, "labels": {}} for code in codes],
        }
        for name, codes in found.items()
        if codes is not None
    ]  # fmt: skip


def version(form: Form, number: str, body: list[dict[str, Any]]) -> FormVersion:
    digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    return FormVersion.objects.create(
        form=form, version=number, title=form.xml_form_id, xml=b"<h/>", sha256=digest, fields=body
    )


@pytest.fixture
def project(country: Country) -> Project:
    """The small rules in force with their forms, and a draft with one case."""
    project = Project.objects.create(name="关爱")
    for name in QUESTIONS:
        form = Form.objects.create(project=project, xml_form_id=name)
        form.current = version(form, "1", fields(name))
        FormVersion.objects.filter(pk=form.current.pk).update(published_at=clock.now())
        form.save()
    release = release_small(project)
    put_draft(release.rule_set, document(), actor("editor"))
    checking._reports.clear()
    return project


def rule_set_of(project: Project) -> RuleSet:
    return RuleSet.objects.get(project=project)


def redraft(project: Project, **sections: Any) -> RuleSet:
    return put_draft(rule_set_of(project), document(**sections), actor("editor"))


def drop_poor(project: Project) -> FormVersion:
    """The visit form's draft without one of its questions."""
    form = Form.objects.get(project=project, xml_form_id="home_visit")
    form.draft = version(form, "2", fields("home_visit", poor=None))
    form.save()
    return form.draft


def test_a_good_draft_has_no_errors_and_passes_its_case(project: Project) -> None:
    report = check_draft(rule_set_of(project))
    assert report.errors == ()
    assert report.cases is not None
    assert (report.cases.total()["exact"], report.passed) == (1, 1)
    assert {item.kind for item in report.warnings} == {problems.RULE_WITHOUT_CASE}
    require_releasable(rule_set_of(project), document())


def test_without_a_draft_there_is_nothing_to_check(project: Project) -> None:
    RuleSet.objects.update(draft=None)
    with pytest.raises(Problem) as caught:
        check_draft(rule_set_of(project))
    assert caught.value.kind is problems.NO_DRAFT


def test_failing_cases_and_vanished_questions_block_a_release_all_at_once(project: Project) -> None:
    wrong = {
        **GOOD,
        "expected": {"tier": "red", "tasks_must": ["T_AID"], "tasks_must_not": ["T_CARE"]},
    }
    rule_set = redraft(project, cases=[GOOD, {**wrong, "case_id": "wrong"}])
    Form.objects.filter(xml_form_id="home_visit").update(current=drop_poor(project))
    with pytest.raises(Problem) as caught:
        require_releasable(rule_set, rule_set.draft or {})
    problem = caught.value
    assert problem.kind is problems.RULE_SET_INVALID
    kinds = [item.kind for item in problem.details["errors"]]
    assert kinds.count(problems.CASE_FAILS) == 3  # too low, one task missing, one forbidden
    assert kinds.count(problems.QUESTION_GONE) == 2
    rows = {place.row for place in problem.places if place.sheet == "cases"}
    assert rows == {5}  # of the workbook: a case takes a row for each answer


@pytest.mark.parametrize(
    ("case", "column"),
    [
        ({"expected": {"tier": "rot"}}, "expected"),
        ({"expected": {"tasks_must_not": ["T_NONE"]}}, "expected"),
        ({"expected": {"rules": {"R-NONE": True}}}, "expected"),
        ({"facts": {"nobody": 1}}, "expected"),
        ({"facts": {"poor": {"a": 1}}}, "facts"),
        ({"as_of": "soon"}, "as_of"),
        ({"submissions": [{"form": "home_visit", "date": "?", "data": {}}]}, "submissions"),
        ({"submissions": 3}, "submissions"),
        ({"expected": {"tasks_must": [["T_CARE"]]}}, "expected"),
        ({"tiers": [{"tier": "red", "since": "x"}]}, "tiers"),
    ],
)
def test_a_case_that_means_nothing_is_an_error_at_its_row(
    project: Project, case: Any, column: str
) -> None:
    rule_set = redraft(project, cases=[GOOD, {**GOOD, "case_id": "bad", **case}])
    errors = check_draft(rule_set).errors
    assert [(item.place.sheet, item.place.row, item.place.column) for item in errors] == [
        ("cases", 5, column)
    ]


def test_a_broken_document_is_reported_whole_and_without_cases(project: Project) -> None:
    body = document()
    body["rules"][0]["when"] = "${dangr} = 'yes'"
    body["rules"][1]["tasks"] = ["T_NOBODY"]
    report = report_on(project.pk, body)
    assert [item.kind for item in report.errors] == [problems.UNKNOWN_FACT, problems.UNKNOWN_NAME]
    assert (report.cases, report.rules) == (None, None)
    assert report_on(project.pk, {"settings": []}).errors
    assert report_on(project.pk, {"rules": {1, 2}}).errors  # type: ignore[dict-item]


def test_the_report_is_kept_until_the_document_or_a_form_changes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_set = rule_set_of(project)
    first = check_draft(rule_set)
    assert check_draft(rule_set) is first
    drop_poor(project)
    second = check_draft(rule_set)
    assert {item.kind for item in second.warnings} > {item.kind for item in first.warnings}
    assert check_draft(redraft(project, cases=[])) is not second


def test_findings_come_in_the_readers_language(project: Project) -> None:
    def messages(language: str) -> list[str]:
        with translation.override(language):
            found = check_draft(rule_set_of(project)).to_json(translation.gettext)
        return [one["message"] for one in found["problems"]]

    assert messages("zh-hans") != messages("en")
    assert all(any("一" <= char <= "鿿" for char in text) for text in messages("zh-hans"))


# --- publishing a form -------------------------------------------------------------------------


def test_publishing_is_told_which_rules_lose_a_question(project: Project) -> None:
    draft = drop_poor(project)
    told = [str(one) for one in publish_checks(draft)]
    assert any("poor" in text and "R-POOR" in text and "家庭贫困" in text for text in told)
    assert len(told) == len(set(told))
    first = publish_checks(draft)[0]
    assert first.as_dict()["rules"] == ["R-POOR"]
    publish_draft(draft.form, actor=None)  # it is told, not forbidden


def test_publishing_a_form_that_keeps_its_questions_is_told_nothing(project: Project) -> None:
    form = Form.objects.get(project=project, xml_form_id="home_visit")
    assert publish_checks(version(form, "2", fields("home_visit", extra=("a", "b")))) == []


def test_publishing_goes_on_when_the_rules_cannot_be_read(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("rules.services.publish_checks.losses", broken)
    assert publish_checks(drop_poor(project)) == []


def test_the_draft_page_of_the_form_shows_what_the_rules_lose(
    project: Project, admin: User, client_for: Callable[[User], Client]
) -> None:
    draft = drop_poor(project)
    page = client_for(admin).get(f"/forms/{draft.form_id}/draft").content.decode()
    assert "R-POOR" in page


def test_the_draft_of_a_form_tells_the_same_over_the_api(
    project: Project, admin: User, client_for: Callable[[User], Client]
) -> None:
    drop_poor(project)
    path = f"/v1/projects/{project.pk}/forms/home_visit/draft"
    told = client_for(admin).get(path, headers={"X-Extended-Metadata": "true"}).json()
    assert told["publishChecks"][0]["code"] == "400.741"
    assert told["publishChecks"][0]["rules"] == ["R-POOR"]
    assert "publishChecks" not in client_for(admin).get(path).json()


# --- API ---------------------------------------------------------------------------------------


def api(project: Project, rest: str) -> str:
    return f"/v1/projects/{project.pk}/rule-sets/small/{rest}"


def test_the_api_answers_problems_cases_and_coverage(
    project: Project, county: User, client_for: Callable[[User], Client]
) -> None:
    body = client_for(county).get(api(project, "draft/check")).json()
    assert body["releasable"] is True
    assert body["cases"]["total"]["exact"] == 1
    alone = next(one for one in body["coverage"]["rules"] if one["id"] == "R-ALONE")
    assert alone == {"id": "R-ALONE", "fired": 1, "not_fired": 0, "unknown": 0}
    assert {"code", "message", "warning", "sheet"} <= body["problems"][0].keys()
    body = client_for(county).get(api(project, "draft/cases")).json()
    assert body["cases"][0]["case"]["case_id"] == "alone"
    assert body["cases"][0]["result"]["passes"] is True
    assert (
        client_for(county).get(api(project, "releases/1/check")).json()["cases"]["total"]["cases"]
        == 0
    )
    assert client_for(county).get(api(project, "releases/9/check")).status_code == 404


PAGES = ("checks", "cases")


def paths(project: Project) -> list[str]:
    pages = [f"/rules/{rule_set_of(project).pk}/{name}" for name in PAGES]
    return [
        *pages,
        *(api(project, rest) for rest in ("draft/check", "draft/cases", "releases/1/check")),
    ]


def test_who_may_not_read_rules_sees_no_checks(
    project: Project, country: Country, lan: User, client_for: Callable[[User], Client]
) -> None:
    for path in paths(project):
        assert client_for(lan).get(path).status_code == 403
        assert Client().get(path).status_code in (302, 401)


# --- pages -------------------------------------------------------------------------------------


def test_the_checks_page_shows_each_finding_with_place_and_cure(
    project: Project, admin: User, client_for: Callable[[User], Client]
) -> None:
    rule_set = redraft(project, cases=[{**GOOD, "expected": {"tier": "red"}}])
    page = client_for(admin).get(f"/rules/{rule_set.pk}/checks").content.decode()
    assert "alone" in page
    assert "请修改规则或案例" in page
    released = client_for(admin).get(f"/rules/{rule_set.pk}/checks?release=1")
    assert released.status_code == 200
    assert client_for(admin).get(f"/rules/{rule_set.pk}/checks?release=x").status_code == 404


def test_the_cases_page_shows_results_and_coverage_and_filters(
    project: Project, admin: User, client_for: Callable[[User], Client]
) -> None:
    bad = {**GOOD, "case_id": "bad-one", "expected": {"tier": "red"}}
    rule_set = redraft(project, cases=[GOOD, bad])
    client = client_for(admin)
    page = client.get(f"/rules/{rule_set.pk}/cases").content.decode()
    assert "<b>alone</b>" in page
    assert "R-POOR" in page
    failing = client.get(f"/rules/{rule_set.pk}/cases?show=failing").content.decode()
    assert "<b>bad-one</b>" in failing
    assert "<b>alone</b>" not in failing
    assert client.get(f"/rules/{rule_set.pk}/cases?from=99999&release=1").status_code == 200


def file_of(content: str, name: str = "cases.yaml") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode())


def test_cases_are_added_from_a_file_and_removed(
    project: Project, admin: User, client_for: Callable[[User], Client]
) -> None:
    rule_set, client = rule_set_of(project), client_for(admin)
    base = f"/rules/{rule_set.pk}/cases"
    new = json.dumps({"cases": [{**GOOD, "case_id": "new"}]})
    assert client.post(f"{base}/add", {"file": file_of(new, "x.json")}).status_code == 302
    rule_set.refresh_from_db()
    assert [one["case_id"] for one in rule_set.draft["cases"]] == ["alone", "new"]
    again = client.post(f"{base}/add", {"file": file_of(new, "x.json")})
    assert again.status_code == 409
    assert client.post(f"{base}/remove", {"case": "new"}).status_code == 302
    rule_set.refresh_from_db()
    assert [one["case_id"] for one in rule_set.draft["cases"]] == ["alone"]


@pytest.mark.parametrize(
    "content", ["", "{", "- 1", "cases: 3", "cases: [{as_of: x}]", "\x00", "a: *b"]
)
def test_a_bad_case_file_is_refused_and_the_draft_stays(
    project: Project, admin: User, client_for: Callable[[User], Client], content: str
) -> None:
    rule_set = rule_set_of(project)
    before = rule_set.draft
    answer = client_for(admin).post(f"/rules/{rule_set.pk}/cases/add", {"file": file_of(content)})
    assert answer.status_code == 400
    rule_set.refresh_from_db()
    assert rule_set.draft == before
    assert client_for(admin).post(f"/rules/{rule_set.pk}/cases/add").status_code == 400


def test_who_may_only_read_rules_changes_no_cases(
    project: Project, county: User, country: Country, client_for: Callable[[User], Client]
) -> None:
    rule_set = rule_set_of(project)
    auditor = make_user("auditor", Role.AUDITOR)
    for user in (county, auditor):
        for action in ("add", "remove"):
            path = f"/rules/{rule_set.pk}/cases/{action}"
            assert client_for(user).post(path, {"case": "alone"}).status_code == 403
    rule_set.refresh_from_db()
    assert len(rule_set.draft["cases"]) == 1


def test_cases_need_a_draft(project: Project, admin: User) -> None:
    RuleSet.objects.update(draft=None)
    with pytest.raises(Problem) as caught:
        add_cases(rule_set_of(project), [GOOD], admin)
    assert caught.value.kind is problems.NO_DRAFT
    with pytest.raises(Problem):
        remove_case(rule_set_of(project), "alone", admin)
