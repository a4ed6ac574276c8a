"""The cheap view of a child says what the whole decision says."""

from datetime import date

from rules.engine.decision import decide
from rules.engine.standing import standing_of
from rules.engine.values import resolve
from tests.rules.durable_facts import RandomFacts
from tests.rules.programme_kit import programme

DAY = date(2026, 3, 15)


def test_the_standing_equals_the_decision_over_the_programme() -> None:
    rule_set = programme()
    children = RandomFacts(rule_set, 11, DAY)
    for _ in range(150):
        values = resolve(rule_set, children.draw(), DAY)
        found, decision = (
            standing_of(rule_set, values),
            decide(rule_set, values, with_nearest=False),
        )
        assert found.statuses == decision.statuses
        assert (found.tier, found.possible_tier) == (decision.tier, decision.possible_tier)
        assert (found.score, found.possible_score) == (decision.score, decision.possible_score)
        assert found.population == decision.population
        assert set(found.tasks) == {task.id for task in decision.tasks}
