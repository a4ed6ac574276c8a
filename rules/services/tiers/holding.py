"""What stood behind a decision about a tier, and what is new since (domain report, section 4.1).

An exception is for the rules that were true when it was made, and a request to lower for what was
known then. A rule with a higher floor that was not true then, or a new report of the same alarm,
is news: neither covers it.
"""

from collections.abc import Iterable
from typing import Any

from forms.instance.flatten import answers
from forms.models import SubmissionVersion
from rules.engine.answers import read_answer, translate
from rules.engine.observed import codes_of
from rules.engine.rule_set import Fact, Rule, RuleSet
from rules.models import Evaluation, TierDecision

_ALARMS = ("sticky", "alarm")


def true_rules(decision: dict[str, Any]) -> list[str]:
    """The ids of the rules that are true in a stored decision, in its order."""
    return [rule["id"] for rule in decision["rules"] if rule["status"] == "true"]


def holding_above(rule_set: RuleSet, decision: dict[str, Any], rank: int) -> list[Rule]:
    """The true rules whose floor is above the tier of `rank`."""
    true = set(true_rules(decision))
    return [
        rule
        for rule in rule_set.rules
        if rule.id in true and rule.floor and rule_set.tier(rule.floor).rank > rank
    ]


def news_above(
    rule_set: RuleSet, told: TierDecision, evaluation: Evaluation, rank: int
) -> list[Rule]:
    """The rules that hold a child above `rank` now and that `told` (with its evaluation) did not
    know, or for which an alarm was reported again since."""
    known = set(told.rules)
    return [
        rule
        for rule in holding_above(rule_set, evaluation.decision, rank)
        if rule.id not in known or _is_reported_again(rule_set, rule, told.evaluation, evaluation)
    ]


def _is_reported_again(
    rule_set: RuleSet, rule: Rule, before: Evaluation | None, now: Evaluation
) -> bool:
    """Whether a submission unknown `before` answers an alarm behind `rule` with a positive code."""
    return any(
        _is_positive(rule_set.facts[name], _sources(now, name) - _sources(before, name))
        for name in _facts_behind(now, rule.id)
        if name in rule_set.facts and rule_set.facts[name].merge in _ALARMS
    )


def _facts_behind(evaluation: Evaluation, rule: str) -> Iterable[str]:
    for found in evaluation.decision["rules"]:
        if found["id"] == rule:
            return [reason["fact"] for reason in found["because"]]
    return []


def _sources(evaluation: Evaluation | None, name: str) -> set[str]:
    """The instanceIDs of the submissions behind a stored fact."""
    fact = evaluation.facts.get(name, {}) if evaluation is not None else {}
    return {one for one in (fact.get("instanceId"), *fact.get("more", ())) if one}


def _is_positive(fact: Fact, instance_ids: set[str]) -> bool:
    """Whether one of these submissions gives `fact` a positive code. One query, none without ids."""
    if not instance_ids:
        return False
    rows = SubmissionVersion.objects.filter(
        submission__instance_id__in=instance_ids, is_current=True
    )
    return any(
        _codes(fact, form, answers(data)) & frozenset(fact.positive)
        for form, data in rows.values_list("form__xml_form_id", "data")
    )


def _codes(fact: Fact, form: str, told: Any) -> frozenset[Any]:
    for source in fact.sources:
        if source.forms and form not in source.forms:
            continue
        raw = told.get(source.question)
        value = read_answer(fact.type, translate(source.codes, raw) if source.codes else raw)
        if value is not None:
            return codes_of(value)
    return frozenset()


def is_unchanged(rule_set: RuleSet, before: Evaluation, now: Evaluation) -> bool:
    """Whether nothing that people could have looked at again lies between two evaluations: the
    same release, the same answers of the same submissions, the same rules true and unknown.

    Facts that only count days may differ: they alone are no reason to ask again.
    """
    if before.pk == now.pk:
        return True
    return (
        before.release_id == now.release_id
        and _statuses(before) == _statuses(now)
        and _answered(rule_set, before) == _answered(rule_set, now)
    )


def _statuses(evaluation: Evaluation) -> list[tuple[str, str]]:
    return [(rule["id"], rule["status"]) for rule in evaluation.decision["rules"]]


def _answered(rule_set: RuleSet, evaluation: Evaluation) -> dict[str, tuple[Any, set[str]]]:
    """The answered facts with their submissions; of counts over time only the submissions."""
    return {
        name: (None if _is_counted(rule_set, name) else fact["value"], _sources(evaluation, name))
        for name, fact in evaluation.facts.items()
        if fact.get("instanceId")
    }


def _is_counted(rule_set: RuleSet, name: str) -> bool:
    fact = rule_set.facts.get(name)
    return fact is None or fact.history is not None
