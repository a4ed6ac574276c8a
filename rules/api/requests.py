"""Bodies of this floor's calls: their shape, checked, with Problems that name the field (and so
the OpenAPI document)."""

from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.request import Request

from server.problems import MISSING, UNEXPECTED, UNPARSEABLE, Problem

Body = TypeVar("Body", bound=serializers.Serializer)


class TierRequest(serializers.Serializer):
    """A decision about a child's tier."""

    action = serializers.ChoiceField(["confirm", "override", "request", "approve", "refuse"])
    tier = serializers.CharField(required=False, max_length=20)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=5000, default="")
    reasonCode = serializers.CharField(required=False, max_length=20, default="policy")
    until = serializers.DateField(required=False, allow_null=True, default=None)
    evaluationId = serializers.IntegerField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["action"] in ("override", "request") and not attrs.get("tier"):
            raise serializers.ValidationError({"tier": ["required"]}, code="required")
        return attrs


class TaskChange(serializers.Serializer):
    """Something that a person does with a task."""

    action = serializers.ChoiceField(
        [
            "accept",
            "done",
            "refuse",
            "fail",
            "cancel",
            "reopen",
            "verify",
            "return",
            "note",
            "assign",
        ]
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=5000, default="")
    assigneeId = serializers.IntegerField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["action"] == "assign" and "assigneeId" not in attrs:
            raise serializers.ValidationError({"assigneeId": ["required"]}, code="required")
        return attrs


class CaseSubmission(serializers.Serializer):
    """A submission as a case file has it."""

    form = serializers.CharField(max_length=250)
    date = serializers.DateField()
    data = serializers.DictField()  # type: ignore[assignment]


class EvaluateRequest(serializers.Serializer):
    """Facts, or submissions from which they come, on a day."""

    as_of = serializers.DateField(required=False, allow_null=True, default=None)
    facts = serializers.DictField(required=False)
    submissions = CaseSubmission(many=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("facts" in attrs) == ("submissions" in attrs):
            wrong = {"facts": ["either facts or submissions are needed, and not both"]}
            raise serializers.ValidationError(wrong)
        return attrs


class NewRuleSet(serializers.Serializer):
    """A rule set begins with its document."""

    document = serializers.DictField()


class RuleSetChange(serializers.Serializer):
    """Put an earlier release into force again; the reason is needed."""

    activeRelease = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=5000, default="")


def read(kind: type[Body], request: Request) -> dict[str, Any]:
    """The checked body. Problems: 400.1 where it is no object, 400.2 for a missing field, 400.8
    for a wrong one."""
    if not isinstance(request.data, dict):
        raise Problem(UNPARSEABLE, format="JSON", reason="an object is expected")
    body = kind(data=request.data)
    if not body.is_valid():
        raise _problem(body.errors, request.data)
    checked: dict[str, Any] = body.validated_data
    return checked


def _problem(errors: Any, given: dict[str, Any], path: str = "") -> Problem:
    """The first error, as a Problem about its field."""
    name, found = next(iter(errors.items()))
    field = f"{path}{name}"
    if isinstance(found, dict):
        return _problem(found, given, f"{field}.")
    first = found[0] if isinstance(found, list) and found else found
    if isinstance(first, dict):
        index = next(number for number, one in enumerate(found) if one)
        return _problem(found[index], given, f"{field}[{index}].")
    if getattr(first, "code", "") == "required" or str(first) == "required":
        return Problem(MISSING, field=field)
    return Problem(UNEXPECTED, field=field, value=str(given.get(name))[:80], reason=str(first))
