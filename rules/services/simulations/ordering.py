"""Which of two tiers is the higher one, where each belongs to another rule set."""

from rules.engine.rule_set import RuleSet, Tier


def joined_tiers(old: RuleSet | None, new: RuleSet) -> dict[str, Tier]:
    """The tiers of both by id, from the lowest: those of the new side, and each that only the old one
    has above what was below it there."""
    known = {tier.id: tier for tier in new.tiers}
    order = list(known)
    below = -1
    for tier in old.tiers if old else ():
        if tier.id in known:
            below = order.index(tier.id)
        else:
            below += 1
            order.insert(below, tier.id)
            known[tier.id] = tier
    return {name: known[name] for name in order}


def direction(tiers: dict[str, Tier], old: str, new: str) -> int:
    """1: `new` is higher among the joined `tiers`, -1: lower, 0: the same, or one is none of them."""
    order = list(tiers)
    if old == new or old not in order or new not in order:
        return 0
    return 1 if order.index(new) > order.index(old) else -1
