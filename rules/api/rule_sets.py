"""Rule sets: what is in force, the check of the draft, a trial evaluation (design.md §7)."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forms.api.requests import person
from forms.services.offers import project_for
from rules.api.requests import (
    EvaluateRequest,
    NewRuleSet,
    RuleSetChange,
    read,
)
from rules.api.scope import release_of, rule_set_for
from rules.api.shapes import rule_set_json
from rules.services import drafts, releases
from rules.services.trial import try_facts, try_submissions
from server.people.roles import Verb

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
        request=RuleSetChange, responses=ANSWER, summary="Put an earlier release into force again"
    )
    def patch(self, request: Request, project_id: int, name: str) -> Response:
        user, rule_set = rule_set_for(request, project_id, name, Verb.RULES_RELEASE)
        body = read(RuleSetChange, request)
        releases.roll_back(release_of(rule_set, body["activeRelease"]), user, body["reason"])
        return Response(rule_set_json(releases.find_rule_set(project_id, name)))


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
