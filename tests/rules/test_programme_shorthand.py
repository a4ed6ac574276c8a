"""The conditions say what the report's shorthand says, for children whose answers are partly missing.

The shorthand is read by an evaluator of the test's own (tests/rules/shorthand.py), over the same resolved facts.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from rules.engine.kleene import evaluate
from rules.engine.parts import Fact
from rules.engine.values import Values, resolve
from rules.language.ast import Kind
from tests.rules.programme_kit import programme, report
from tests.rules.shorthand import shorthand_is_true

AS_OF = date(2026, 11, 20)
SHORTHAND = {rule["id"]: rule["when"] for rule in report()["rules"]}
# An answer that belongs to an earlier visit or term does not outlive a later no to its leading question.
NARROWER = {"R-G03", "R-E07", "R-E08"}
AWAY = {
    "hukou_type": "rural",
    "father_vital": "alive",
    "father_location": "out_county",
    "mother_vital": "alive",
    "mother_location": "out_county",
}


def some_value(fact: Fact, random: Random) -> Any:
    match fact.type.kind:
        case Kind.SELECT_ONE:
            return random.choice(fact.type.codes)
        case Kind.SELECT_MULTIPLE:
            return tuple(random.sample(fact.type.codes, random.randint(1, 2)))
        case Kind.YES_NO:
            return random.random() < 0.5
        case Kind.DATE:
            return AS_OF - timedelta(days=random.randint(0, random.randint(0, 19 * 365)))
        case _:
            return random.choice((0, 1, 2, 3, 4, 6, 7, 8, 15, 16, 17, 61, 70, 72, 75, 80))


def child(random: Random, answered: float) -> dict[str, Any]:
    """Each fact answered with that likelihood; every other child has parents away, or the rules on them would rest."""
    facts = {
        fact.name: some_value(fact, random)
        for fact in programme().facts.values()
        if random.random() < answered
    }
    return facts | (AWAY if random.random() < 0.5 else {})


def for_shorthand(values: Values) -> dict[str, Any]:
    """Known values; the report compares alone_now with 'yes'."""
    names = [*programme().facts, *(derived.name for derived in programme().derived)]
    known = {name: values.get(name) for name in names if values.get(name) is not None}
    if "alone_now" in known:
        known["alone_now"] = "yes" if known["alone_now"] else "no"
    return known


@pytest.mark.parametrize("answered", [0.15, 0.5, 0.85, 1.0])
def test_rule_fires_exactly_when_the_shorthand_holds(answered: float) -> None:
    random = Random(int(answered * 100))
    fired = set()
    for _ in range(1500):
        values = resolve(programme(), child(random, answered), AS_OF)
        known = for_shorthand(values)
        for rule, status in evaluate(programme(), values).statuses.items():
            expected = shorthand_is_true(SHORTHAND[rule], known)
            if rule not in NARROWER:
                assert (status is True) == expected, (rule, known)
            elif status is True:
                assert expected, (rule, known)
            fired |= {rule} if status else set()
    if answered == 1.0:
        assert len(fired) == 70  # the sample means something: each rule fired at least once
