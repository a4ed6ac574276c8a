"""Why a decision is what it is, in words of both languages, beside the Decision JSON (design.md
§1.3).

In: a stored or fresh Decision as JSON and the rule set that made it. Out: plain JSON for API
clients and the phone; the child
page lays the same out for the eye.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from rules.engine.rule_set import Rule, RuleSet, Tier
from rules.language.sentence import to_sentence

Language = Literal["zh", "en"]
Json = dict[str, Any]
MOST_NAMED = 3  # rules in the sentence

_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "because": "{tier}：因为{rules}。",
        "score": "{tier}：得分{score}，来自{rules}。",
        "nothing": "{tier}：没有规则要求更高等级，得分{score}。",
        "by_score": "仅凭得分{score}，应为{tier}。",
        "gap": "另有{count}项未答，可能升至{tier}：{facts}。",
        "join": "；",
        "list": "、",
        "yes": "是",
        "no": "否",
        "none": "无",
        "unknown": "未答",
    },
    "en": {
        "because": "{tier}, because: {rules}.",
        "score": "{tier}: score {score}, from {rules}.",
        "nothing": "{tier}: no rule asks for a higher tier, score {score}.",
        "by_score": "The score {score} alone would be {tier}.",
        "gap": "{count} unanswered, which could raise it to {tier}: {facts}.",
        "join": "; ",
        "list": ", ",
        "yes": "yes",
        "no": "no",
        "none": "none",
        "unknown": "not answered",
    },
}


def explain(rule_set: RuleSet, decision: Mapping[str, Any], language: Language) -> Json:
    """One sentence, the rules in three groups (decisive, contributing, unknown) with their answers
    in words, and what would
    change the tier."""
    return _Explainer(rule_set, decision, language).explanation()


def redacted(decision: Mapping[str, Any], hidden: Collection[str]) -> Json:
    """`decision` without the answers of `hidden` forms: that a rule fired stays, what was answered
    does not."""
    if not hidden:
        return dict(decision)
    rules = [
        {**rule, "because": [_redact(one, hidden) for one in rule["because"]]}
        for rule in decision["rules"]
    ]
    behind = {
        one["fact"]
        for rule in decision["rules"]
        for one in rule["because"]
        if one["form"] in hidden
    }
    nearest = {
        way: [one for one in found if not behind & {change["fact"] for change in one["changes"]}]
        for way, found in (decision.get("nearest") or {}).items()
    }
    return {**decision, "rules": rules, "nearest": nearest}


def _redact(reason: Mapping[str, Any], hidden: Collection[str]) -> Json:
    if reason["form"] not in hidden:
        return dict(reason)
    return {**reason, "value": None, "worker": None, "hidden": True}


class _Explainer:
    def __init__(self, rule_set: RuleSet, decision: Mapping[str, Any], language: Language) -> None:
        self.rule_set = rule_set
        self.decision = decision
        self.language: Language = language
        self.words = _WORDS[language]
        self.rules = {rule.id: rule for rule in rule_set.rules}
        self.ranks = {tier.id: tier.rank for tier in rule_set.tiers}
        self.tier = rule_set.tier(decision["tier"])

    def explanation(self) -> Json:
        decisive, contributing = self.fired()
        unknown = [one for one in self.decision["rules"] if one["status"] == "unknown"]
        nearest = self.decision.get("nearest") or {}
        return {
            "sentence": self.sentence(decisive),
            "tier": self.name(self.tier),
            "possibleTier": self.name(self.rule_set.tier(self.decision["possibleTier"])),
            "decisive": [self.line(one) for one in decisive],
            "contributing": [self.line(one) for one in contributing],
            "unknown": [self.line(one) for one in unknown],
            "questions": [self.gap(one) for one in self.decision["unknown"]],
            "wouldLower": [self.outlook(one) for one in nearest.get("lower", [])],
            "wouldRaise": [self.outlook(one) for one in nearest.get("higher", [])],
        }

    def fired(self) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """The true rules that set the tier (by their floor, else by their points), and the
        others."""
        true = [one for one in self.decision["rules"] if one["status"] == "true"]
        true.sort(key=lambda one: (-self.ranks.get(one["floor"] or "", -1), -one["score"]))
        if self.tier.rank == 0:
            return [], true
        decisive = [one for one in true if one["floor"] == self.tier.id]
        decisive = decisive or [one for one in true if one["score"] > 0]
        return decisive, [one for one in true if one not in decisive]

    def sentence(self, decisive: list[Mapping[str, Any]]) -> str:
        tier, score = self.name(self.tier), self.decision["score"]
        titles = [self.rules[one["id"]].title[self.language] for one in decisive[:MOST_NAMED]]
        rules = self.words["join"].join(titles)
        if not decisive:
            said = [self.words["nothing"].format(tier=tier, score=score)]
        elif decisive[0]["floor"] == self.tier.id:
            said = [self.words["because"].format(tier=tier, rules=rules)]
            by_score = self.by_score(score)
            if by_score.rank != self.tier.rank:
                said.append(self.words["by_score"].format(score=score, tier=self.name(by_score)))
        else:
            said = [self.words["score"].format(tier=tier, score=score, rules=rules)]
        return ("" if self.language == "zh" else " ").join([*said, *self.gaps()])

    def by_score(self, score: float) -> Tier:
        reached = [
            t for t in self.rule_set.tiers if t.min_score is not None and t.min_score <= score
        ]
        return reached[-1] if reached else self.rule_set.tiers[0]

    def gaps(self) -> Iterable[str]:
        possible = self.rule_set.tier(self.decision["possibleTier"])
        if possible.rank > self.tier.rank:
            facts = [self.title(one["fact"]) for one in self.decision["unknown"]]
            yield self.words["gap"].format(
                count=len(facts),
                tier=self.name(possible),
                facts=self.words["list"].join(facts[:MOST_NAMED]),
            )

    def line(self, outcome: Mapping[str, Any]) -> Json:
        rule: Rule = self.rules[outcome["id"]]
        floor = self.rule_set.tier(outcome["floor"]) if outcome["floor"] else None
        return {
            "id": rule.id,
            "title": rule.title[self.language],
            "sentence": to_sentence(rule.when, self.rule_set.names, self.language),
            "points": outcome["score"],
            "floor": self.name(floor) if floor else None,
            "source": rule.source,
            "because": [
                {
                    "fact": one["fact"],
                    "title": self.title(one["fact"]),
                    "text": self.text(one["fact"], one["value"]),
                    "form": one["form"],
                    "date": one["date"],
                    "instanceId": one["instanceId"],
                    "worker": one["worker"],
                    **({"hidden": True} if one.get("hidden") else {}),
                }
                for one in outcome["because"]
            ],
        }

    def gap(self, gap: Mapping[str, Any]) -> Json:
        reach = self.rule_set.tier(gap["couldReach"])
        return {
            "fact": gap["fact"],
            "title": self.title(gap["fact"]),
            "forms": gap["forms"],
            "couldReach": self.name(reach),
        }

    def outlook(self, outlook: Mapping[str, Any]) -> Json:
        return {
            "tier": self.name(self.rule_set.tier(outlook["tier"])),
            "changes": [
                {
                    "title": self.title(one["fact"]),
                    "from": self.text(one["fact"], one["from"]),
                    "to": self.text(one["fact"], one["to"]),
                }
                for one in outlook["changes"]
            ],
        }

    def name(self, tier: Tier) -> str:
        return tier.title[self.language]

    def title(self, fact: str) -> str:
        known = self.rule_set.names.get(fact)
        return known.title.get(self.language, fact) if known else fact

    def text(self, fact: str, value: Any) -> str:
        """A value in words: labels for codes."""
        if value is None:
            return self.words["unknown"]
        if isinstance(value, bool):
            return self.words["yes" if value else "no"]
        if isinstance(value, list):
            parts = [self.text(fact, one) for one in value]
            return self.words["list"].join(parts) or self.words["none"]
        known = self.rule_set.names.get(fact)
        label = known.labels.get(str(value)) if known else None
        return label.get(self.language, str(value)) if label else str(value)
