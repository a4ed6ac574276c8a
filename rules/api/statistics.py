"""What the rules of a rule set did in a span of days (screens §6.4, operations)."""

from datetime import date, timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rules.api.scope import rule_set_for
from rules.services.statistics import FactLine, Report, RuleLine, rule_statistics
from server import clock
from server.people.access import api_time
from server.problems import UNEXPECTED, Problem

SPAN = timedelta(days=90)
_COUNT = serializers.IntegerField
_RATE = serializers.FloatField

_REPORT = inline_serializer(
    "RuleStatistics",
    {
        "from": serializers.DateField(),
        "to": serializers.DateField(),
        "pending": _COUNT(),
        "evaluations": _COUNT(),
        "insufficient": _COUNT(),
        "engines": inline_serializer(
            "EngineStatistics", {"mismatch": _COUNT(), "unavailable": _COUNT()}
        ),
        "decisions": inline_serializer(
            "DecisionStatistics",
            {"agreed": _COUNT(), "raised": _COUNT(), "lowered": _COUNT(), "agreement": _RATE()},
        ),
        "rules": inline_serializer(
            "RuleStatisticsLine",
            {
                "id": serializers.CharField(),
                "title": serializers.DictField(),
                "inForce": serializers.BooleanField(),
                "seen": _COUNT(),
                "hits": _COUNT(),
                "begun": _COUNT(),
                "unknown": _COUNT(),
                "unknownRate": _RATE(),
                "lastHitAt": serializers.DateTimeField(allow_null=True),
                "agreed": _COUNT(),
                "raised": _COUNT(),
                "lowered": _COUNT(),
                "overrideRate": _RATE(),
            },
            many=True,
        ),
        "never": serializers.ListField(child=serializers.CharField()),
        "facts": inline_serializer(
            "FactStatisticsLine",
            {
                "name": serializers.CharField(),
                "title": serializers.DictField(),
                "seen": _COUNT(),
                "unknown": _COUNT(),
                "unknownRate": _RATE(),
                "needed": _COUNT(),
            },
            many=True,
        ),
    },
)


class Statistics(APIView):
    """`/v1/projects/{projectId}/rule-sets/{name}/statistics?from=&to=`"""

    @extend_schema(
        parameters=[
            OpenApiParameter("from", date, description="default: 90 days before `to`"),
            OpenApiParameter("to", date, description="default: today; both days are included"),
        ],
        responses=_REPORT,
        summary="Hits, unknown facts and overrides per rule in a span of at most 366 days",
    )
    def get(self, request: Request, project_id: int, name: str) -> Response:
        _, rule_set = rule_set_for(request, project_id, name)
        until = _day(request, "to") or clock.today()
        since = _day(request, "from") or until - SPAN
        return Response(report_json(rule_statistics(rule_set, since, until)))


def _day(request: Request, field: str) -> date | None:
    text = request.GET.get(field, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Problem(UNEXPECTED, field=field, value=text[:20], reason="YYYY-MM-DD") from None


def report_json(report: Report) -> dict[str, Any]:
    """The report in the contract's style."""
    return {
        "from": report.since.isoformat(),
        "to": report.until.isoformat(),
        "pending": report.pending,
        "evaluations": report.evaluations,
        "insufficient": report.insufficient,
        "engines": {"mismatch": report.mismatched, "unavailable": report.silent},
        "decisions": {
            "agreed": report.agreed,
            "raised": report.raised,
            "lowered": report.lowered,
            "agreement": report.agreement,
        },
        "rules": [_rule_json(one) for one in report.rules],
        "never": [one.id for one in report.never],
        "facts": [_fact_json(one) for one in report.facts],
    }


def _rule_json(line: RuleLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "title": dict(line.title),
        "inForce": line.is_in_force,
        "seen": line.seen,
        "hits": line.hits,
        "begun": line.begun,
        "unknown": line.unknown,
        "unknownRate": line.unknown_rate,
        "lastHitAt": api_time(line.last_hit_at),
        "agreed": line.agreed,
        "raised": line.raised,
        "lowered": line.lowered,
        "overrideRate": line.override_rate,
    }


def _fact_json(line: FactLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "title": dict(line.title),
        "seen": line.seen,
        "unknown": line.unknown,
        "unknownRate": line.unknown_rate,
        "needed": line.needed,
    }
