"""What the scores add up to, and what nobody reads: tiers out of reach, parameters without use or with
two values at once."""

from collections import Counter
from collections.abc import Collection

from rules import problems
from rules.engine.findings import Findings, place_of
from rules.engine.parts import RuleSet
from rules.engine.scoring import plain
from rules.language.ast import Expr, facts_of


def check_scores(rule_set: RuleSet, dead: Collection[str], findings: Findings) -> None:
    """Note it; `dead` are the rules that can never fire."""
    most = highest_score(rule_set, dead)
    floors = {rule.floor for rule in rule_set.rules if rule.is_on and rule.id not in dead}
    for index, tier in enumerate(rule_set.tiers[1:], 1):
        place = place_of("tiers", index, "min_score")
        is_reached = tier.min_score is not None and tier.min_score <= most
        if not is_reached and tier.id not in floors:
            findings.warn(problems.TIER_UNREACHED, place, name=tier.id)
        elif not is_reached and tier.min_score is not None:
            score = plain(tier.min_score)
            findings.warn(problems.SCORE_UNREACHED, place, name=tier.id, score=score, most=most)
    limit = rule_set.conference_score
    if limit is not None and limit > most:
        place = place_of("settings", None, "conference_score")
        findings.warn(
            problems.SCORE_UNREACHED, place, name="conference_score", score=plain(limit), most=most
        )
    _check_parameters(rule_set, findings)


def highest_score(rule_set: RuleSet, dead: Collection[str]) -> int | float:
    """More than any child can have: all rules together, each dimension under its cap."""
    sums: Counter[str] = Counter()
    for rule in rule_set.rules:
        if rule.is_on and rule.id not in dead:
            sums[rule.dimension] += rule.score  # type: ignore[assignment]  # counts may be halves
    caps = {one.id: one.cap for one in rule_set.dimensions}
    total = sum(
        amount if (cap := caps.get(name)) is None else min(amount, cap)
        for name, amount in sums.items()
    )
    return plain(round(float(total), 6))


def _check_parameters(rule_set: RuleSet, findings: Findings) -> None:
    trees: list[Expr] = [item.expr for item in rule_set.derived]
    trees += [rule.when for rule in rule_set.rules]
    trees += [group.when for group in (*rule_set.populations, *rule_set.tags)]
    trees += [fact.applies for fact in rule_set.facts.values() if fact.applies]
    trees += [item.when for item in rule_set.calendar if item.when]
    read = frozenset[str]().union(*map(facts_of, trees))
    for index, (name, parameter) in enumerate(rule_set.parameters.items()):
        if name not in read:
            findings.warn(
                problems.PARAMETER_UNREAD, place_of("parameters", index, "name"), name=name
            )
        starts = Counter(start for start, _ in parameter.values)
        for day in sorted(day for day, count in starts.items() if count > 1):
            place = place_of("parameters", index, "values")
            findings.error(problems.SAME_START, place, name=name, day=day.isoformat())
