"""Conditions among each other: rules that can never fire, always do, add nothing or are said twice,
classes that nobody can be in, tiers that keep themselves alive."""

from collections.abc import Iterable, Iterator, Mapping

from rules import problems
from rules.engine.findings import Findings, place_of
from rules.engine.parts import Group, Rule, RuleSet, TaskUse
from rules.engine.reach import Reach
from rules.engine.reach.parts import NOT_TRUE, TRUE, TooLarge
from rules.engine.reach.questions import Example
from rules.language.text import to_text
from server.problems import Phrase, Place
from server.problems import gettext_noop as _

MOST_PAIRS = 100_000  # pairs of rules that are looked at

Row = tuple[int, Rule]


def check_conditions(rule_set: RuleSet, reach: Reach, findings: Findings) -> frozenset[str]:
    """Note what is said above; answers the ids of the rules that can never fire."""
    rows = _rows(rule_set)
    examples, dead = _examples(rows, reach, findings)
    _check_pairs(rule_set, rows, examples, reach, findings)
    _check_groups(rule_set, reach, findings)
    _check_circles(rule_set, rows, reach, findings)
    return dead


def _rows(rule_set: RuleSet) -> list[Row]:
    """The rules that are on, with their place in the sheet."""
    place = {item["id"]: index for index, item in enumerate(rule_set.document["rules"])}
    return [(place[rule.id], rule) for rule in rule_set.rules if rule.is_on]


def _where(index: int) -> Place:
    return place_of("rules", index, "when")


def _examples(
    rows: list[Row], reach: Reach, findings: Findings
) -> tuple[dict[str, Example], frozenset[str]]:
    """For each rule an example in which it fires, and the rules for which there is none."""
    examples, dead = {}, set()
    for index, rule in rows:
        try:
            example = reach.example((rule.when, TRUE))
        except TooLarge:
            continue
        if example is None:
            dead.add(rule.id)
            findings.warn(problems.NEVER_FIRES, _where(index), name=rule.id)
            continue
        examples[rule.id] = example
        if reach.reads(rule.when) and reach.always(rule.when):
            findings.warn(problems.ALWAYS_FIRES, _where(index), name=rule.id)
    return examples, frozenset(dead)


def _check_pairs(
    rule_set: RuleSet,
    rows: list[Row],
    examples: Mapping[str, Example],
    reach: Reach,
    findings: Findings,
) -> None:
    texts: dict[str, str] = {}
    told: set[frozenset[str]] = set()
    for index, rule in rows:
        other = texts.setdefault(to_text(rule.when), rule.id)
        if other != rule.id:
            told.add(frozenset((rule.id, other)))
            findings.warn(problems.SAME_CONDITION, _where(index), name=rule.id, other=other)
    narrower: set[str] = set()  # one wider rule is enough to name
    for (index, rule), other_rule in _pairs(rows, examples, reach):
        pair = frozenset((rule.id, other_rule.id))
        if rule.id in narrower or pair in told or not _is_weaker(rule_set, rule, other_rule):
            continue
        if reach.holds(other_rule.when, examples[rule.id]) and reach.implies(
            rule.when, other_rule.when
        ):
            told.add(pair)
            narrower.add(rule.id)
            _tell_pair(rule_set, index, rule, other_rule, reach, findings)


def _pairs(
    rows: list[Row], examples: Mapping[str, Example], reach: Reach
) -> Iterator[tuple[Row, Rule]]:
    """Two rules that read a variable in common, the first with an example."""
    readers: dict[str, list[int]] = {}
    for place, (_index, rule) in enumerate(rows):
        for name in reach.reads(rule.when):
            readers.setdefault(name, []).append(place)
    count = 0
    for place, (index, rule) in enumerate(rows):
        if rule.id not in examples:
            continue
        near = {other for name in reach.reads(rule.when) for other in readers[name]} - {place}
        for other in sorted(near):
            count += 1
            if count > MOST_PAIRS:
                return
            yield (index, rule), rows[other][1]


def _is_weaker(rule_set: RuleSet, rule: Rule, other: Rule) -> bool:
    """Whether `rule`, its score aside, does no more than `other` on any day."""
    ranks = {tier.id: tier.rank for tier in rule_set.tiers}
    same = rule.dimension == other.dimension or rule.score == 0
    begins = other.starts_on is None or (rule.starts_on and rule.starts_on >= other.starts_on)
    ends = other.ends_on is None or (rule.ends_on and rule.ends_on <= other.ends_on)
    lower = ranks.get(rule.floor or "", 0) <= ranks.get(other.floor or "", 0)
    return bool(same and begins and ends and lower and _asks_less(rule_set, rule, other))


def _asks_less(rule_set: RuleSet, rule: Rule, other: Rule) -> bool:
    """Whether every task of `rule` is opened by `other` with as short a limit."""
    theirs = {use.id: _hours(rule_set, use) for use in other.tasks}
    return all(use.id in theirs and theirs[use.id] <= _hours(rule_set, use) for use in rule.tasks)


def _hours(rule_set: RuleSet, use: TaskUse) -> float:
    due = use.due or rule_set.tasks[use.id].due
    return due.hours if due else float("inf")


def _tell_pair(
    rule_set: RuleSet, index: int, rule: Rule, other: Rule, reach: Reach, findings: Findings
) -> None:
    cap = next(one.cap for one in rule_set.dimensions if one.id == other.dimension)
    place = _where(index)
    if rule.dimension == other.dimension and reach.implies(other.when, rule.when):
        findings.warn(problems.SAME_CONDITION, place, name=rule.id, other=other.id)
    elif rule.score == 0 or (cap is not None and other.score >= cap):
        findings.warn(problems.REDUNDANT, place, name=rule.id, other=other.id)
    else:
        findings.warn(
            problems.ONLY_SCORE, place, name=rule.id, other=other.id, score=f"{rule.score:g}"
        )


def _check_groups(rule_set: RuleSet, reach: Reach, findings: Findings) -> None:
    """A class counts only where none before it does; tags stand alone."""
    never = Phrase(_("its condition can never be true"))
    taken = Phrase(_("whoever is in it is in an earlier class, which counts first"))
    before: list[Group] = []
    for index, group in enumerate(rule_set.populations):
        place = place_of("populations", index, "when")
        if reach.never(group.when):
            findings.warn(problems.NOBODY_IN, place, name=group.id, reason=never)
        elif reach.is_impossible(
            (group.when, TRUE), *((earlier.when, NOT_TRUE) for earlier in before)
        ):
            findings.warn(problems.NOBODY_IN, place, name=group.id, reason=taken)
        before.append(group)
    for index, group in enumerate(rule_set.tags):
        if reach.never(group.when):
            place = place_of("tags", index, "when")
            findings.warn(problems.NOBODY_IN, place, name=group.id, reason=never)


def _check_circles(rule_set: RuleSet, rows: list[Row], reach: Reach, findings: Findings) -> None:
    """A rule that looks back at a tier and sets it again holds the child there for ever."""
    prior = {
        fact.name: fact.history.tier
        for fact in rule_set.facts.values()
        if fact.history and fact.history.kind == "prior_tier"
    }
    steps: dict[str, dict[str, Row]] = {}  # tier -> tier that follows from it -> the rule
    for index, rule in rows:
        for name in sorted(reach.reads(rule.when) & prior.keys()):
            if reach.hangs_on(rule.when, name):
                for tier in _sets(rule_set, rule):
                    steps.setdefault(prior[name], {}).setdefault(tier, (index, rule))
    told: set[frozenset[str]] = set()
    for start in steps:
        circle = _circle(start, steps)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            index, rule = steps[circle[0]][circle[1]]
            tiers = " -> ".join(circle)
            findings.warn(problems.KEEPS_ITSELF, _where(index), name=rule.id, tiers=tiers)


def _sets(rule_set: RuleSet, rule: Rule) -> Iterable[str]:
    """The tier that `rule` alone leads to, by floor or score; none for the lowest."""
    cap = next(one.cap for one in rule_set.dimensions if one.id == rule.dimension)
    score = rule.score if cap is None else min(rule.score, cap)
    reached = [
        tier
        for tier in rule_set.tiers
        if tier.id == rule.floor or (tier.min_score is not None and tier.min_score <= score)
    ]
    return [tier.id for tier in reached[-1:] if tier.rank]


def _circle(start: str, steps: Mapping[str, Mapping[str, Row]]) -> tuple[str, ...]:
    """The tiers from `start` back to it, or ()."""
    todo: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while todo:
        path = todo.pop(0)
        for tier in steps.get(path[-1], {}):
            if tier == start:
                return (*path, tier)
            if tier not in seen:
                seen.add(tier)
                todo.append((*path, tier))
    return ()
