"""Rule sets: documents in and out, checks, four-eyes releases, a trial evaluation (design.md
§7)."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import person
from forms.services.offers import project_for
from rules import problems
from rules.api.requests import (
    EvaluateRequest,
    NewRuleSet,
    ReleaseDecision,
    ReleaseRequest,
    RuleSetChange,
    read,
)
from rules.api.scope import release_of, rule_set_for
from rules.api.shapes import findings_json, release_json, rule_set_json
from rules.services import drafts, releases
from rules.services.trial import try_facts, try_submissions
from server.people.roles import Verb
from server.problems import Problem

ANSWER = OpenApiTypes.OBJECT


class RuleSets(APIView):
    """`/v1/projects/{projectId}/rule-sets`"""

    @extend_schema(responses=ANSWER, summary="The rule sets of a project")
    def get(self, request: Request, project_id: int) -> Response:
        project = project_for(person(request, Verb.RULES_READ), project_id)
        rows = project.rule_sets.select_related("active").defer("draft", "active__document")
        return Response([rule_set_json(one) for one in rows.order_by("name")])

    @extend_schema(
        request=NewRuleSet, responses=ANSWER, summary="A new rule set, with its first draft"
    )
    def post(self, request: Request, project_id: int) -> Response:
        user = person(request, Verb.RULES_UPDATE)
        project = project_for(user, project_id)
        document = read(NewRuleSet, request)["document"]
        rule_set = drafts.new_rule_set(project, document, user)
        return Response(rule_set_json(rule_set))


class OneRuleSet(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}`"""

    @extend_schema(responses=ANSWER, summary="A rule set with the document in force")
    def get(self, request: Request, project_id: int, name: str) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        document = rule_set.active.document if rule_set.active else None
        return Response(rule_set_json(rule_set) | {"document": document})

    @extend_schema(
        request=RuleSetChange, responses=ANSWER, summary="Put an approved release into force"
    )
    def patch(self, request: Request, project_id: int, name: str) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_RELEASE)
        release = release_of(rule_set, read(RuleSetChange, request)["activeRelease"])
        releases.activate_release(release, user)
        return Response(rule_set_json(releases.find_rule_set(project_id, name)))


class DraftCheck(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft/check`"""

    @extend_schema(responses=ANSWER, summary="Errors and warnings of the draft, each at its cell")
    def get(self, request: Request, project_id: int, name: str) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        if rule_set.draft is None:
            raise Problem(problems.NO_DRAFT, name=name)
        return Response({"problems": findings_json(rule_set.draft)})


class DraftRequest(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft/request`"""

    @extend_schema(
        request=ReleaseRequest, responses=ANSWER, summary="Ask another person to release the draft"
    )
    def post(self, request: Request, project_id: int, name: str) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_UPDATE)
        body = read(ReleaseRequest, request)
        return Response(release_json(releases.request_release(rule_set, user, body["note"])))


class DraftRelease(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/draft/release`"""

    @extend_schema(
        request=ReleaseDecision, responses=ANSWER, summary="Approve or refuse a requested release"
    )
    def post(self, request: Request, project_id: int, name: str) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_RELEASE)
        body = read(ReleaseDecision, request)
        release = release_of(rule_set, body.get("number"))
        if body["approve"]:
            return Response(release_json(releases.approve_release(release, user)))
        return Response(release_json(releases.refuse_release(release, user, body["note"])))


class Releases(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases`"""

    @extend_schema(responses=ANSWER, summary="The releases, newest first")
    def get(self, request: Request, project_id: int, name: str) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        rows = rule_set.releases.select_related("author", "approver").defer("document")
        return Response([release_json(one) for one in rows.order_by("-number")])


class OneRelease(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/releases/{number}`"""

    @extend_schema(responses=ANSWER, summary="A release with its document")
    def get(self, request: Request, project_id: int, name: str, number: int) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        release = release_of(rule_set, number)
        return Response(release_json(release) | {"document": release.document})


class Evaluate(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/evaluate?release=draft|{number}`"""

    @extend_schema(
        request=EvaluateRequest,
        responses=ANSWER,
        summary="A Decision about given facts or submissions; nothing is stored",
    )
    def post(self, request: Request, project_id: int, name: str) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        body = read(EvaluateRequest, request)
        compiled, label = releases.rules_named(rule_set, request.GET.get("release", ""))
        if "facts" in body:
            decision = try_facts(compiled, body["facts"], body["as_of"], label)
        else:
            decision = try_submissions(compiled, body["submissions"], body["as_of"], label)
        return Response(decision.to_json())
