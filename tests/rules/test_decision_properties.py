"""What holds for every rule set and every child: totality, determinism, and that learning stays in the range."""

import json
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine.decision import decide
from rules.engine.kleene import evaluate
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from server.problems import Problem
from tests.rules.language_kit import (
    CONDITION_DERIVED,
    CONDITION_FACTS,
    FULL_ANSWERS,
    MONOTONE_CONDITIONS,
    SOME_NAMES,
)
from tests.rules.rule_set_kit import TODAY, rule_set, small

_RULES = st.lists(
    st.tuples(
        MONOTONE_CONDITIONS,
        st.sampled_from([0, 3, 4.5, 12, 20]),
        st.sampled_from([None, "blue", "yellow", "red"]),
        st.sampled_from(["safety", "guard"]),
    ),
    min_size=1,
    max_size=6,
)


def loaded(rows):
    """A rule set with one rule for each of `rows`."""
    facts = [{**fact, "question": fact["name"], "forms": ["f"]} for fact in CONDITION_FACTS]
    rules = [
        {
            "id": f"R{index}", "title": {"zh": "规则", "en": "Rule"}, "dimension": dimension,
            "when": when, "score": score, "floor": floor, "tasks": ["T_VISIT"],
        }
        for index, (when, score, floor, dimension) in enumerate(rows)
    ]  # fmt: skip
    return load_document(
        small(facts=facts, derived=CONDITION_DERIVED, rules=rules, populations=[], tags=[])
    )


@settings(max_examples=150, deadline=None)
@given(_RULES, FULL_ANSWERS, SOME_NAMES)
def test_learning_stays_between_the_certain_and_the_possible(rows, answers, names):
    rules = loaded(rows)
    ranks = {tier.id: tier.rank for tier in rules.tiers}
    before = decide(rules, resolve(rules, {name: answers[name] for name in names}, TODAY))
    after = decide(rules, resolve(rules, answers, TODAY))
    assert ranks[before.tier] <= ranks[after.tier] <= ranks[before.possible_tier]
    assert before.score <= after.score <= before.possible_score
    assert ranks[before.tier] <= ranks[after.possible_tier] <= ranks[before.possible_tier]


@settings(max_examples=100, deadline=None)
@given(_RULES, FULL_ANSWERS, SOME_NAMES)
def test_every_unknown_rule_waits_for_a_fact_that_is_really_unanswered(rows, answers, names):
    rules = loaded(rows)
    decision = decide(rules, resolve(rules, {name: answers[name] for name in names}, TODAY))
    assert names.isdisjoint(gap.fact for gap in decision.unknown)
    waiting = {rule for gap in decision.unknown for rule in gap.rules}
    unknown = {
        rule.id
        for rule, (when, *_) in zip(decision.rules, rows, strict=True)
        if rule.status is None and "div" not in when
    }
    assert unknown <= waiting <= {rule.id for rule in decision.rules if rule.status is None}


@settings(max_examples=100, deadline=None)
@given(_RULES, FULL_ANSWERS, SOME_NAMES)
def test_reasons_alone_give_the_same_status(rows, answers, names):
    """A rule that fires still fires when only the facts in its `because` are known."""
    rules = loaded(rows)
    given_facts = {name: answers[name] for name in names}
    for rule in decide(rules, resolve(rules, given_facts, TODAY)).rules:
        if rule.status is True:
            kept = {
                one.fact: given_facts[one.fact] for one in rule.because if one.fact in given_facts
            }
            assert evaluate(rules, resolve(rules, kept, TODAY)).statuses[rule.id] is True


@settings(max_examples=60, deadline=None)
@given(_RULES, FULL_ANSWERS, SOME_NAMES)
def test_nearest_changes_lead_where_they_say(rows, answers, names):
    rules = loaded(rows)
    known = {name: answers[name] for name in names}
    now = decide(rules, resolve(rules, known, TODAY))
    for outlook in (*now.nearest.lower, *now.nearest.higher):
        changes = {change.fact: change.new for change in outlook.changes}
        if () in changes.values():
            continue  # an empty selection is an answer that only a default can give
        then = decide(rules, resolve(rules, known | changes, TODAY), with_nearest=False)
        assert then.tier == outlook.tier


@settings(max_examples=60, deadline=None)
@given(_RULES, FULL_ANSWERS, SOME_NAMES)
def test_decision_does_not_depend_on_the_order_of_facts_or_on_what_ran_before(rows, answers, names):
    known = {name: answers[name] for name in sorted(names)}
    first, second = loaded(rows), loaded(rows)
    decide(second, resolve(second, answers, TODAY))
    turned = dict(reversed(known.items()))
    assert json.dumps(decide(first, resolve(first, known, TODAY)).to_json()) == json.dumps(
        decide(second, resolve(second, turned, TODAY)).to_json()
    )


_RAW = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates()
    | st.datetimes()
    | st.sampled_from(["yes", "no", "2020-02-29", "none fearful"])
    | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
_SMALL = rule_set()


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(_SMALL.facts)) | st.text(max_size=4), _RAW, max_size=5),
    st.dates(),
)
def test_any_value_map_on_any_day_gives_a_decision_or_a_problem(facts, day):
    try:
        decision = decide(_SMALL, resolve(_SMALL, facts, day))
    except Problem:
        return
    json.dumps(decision.to_json(), allow_nan=False)


def test_first_and_last_day_of_the_calendar_are_days_like_others():
    for day in (date.min, date.max):
        assert decide(_SMALL, resolve(_SMALL, {"dob": "2018-05-01"}, day)).tier == "green"
