"""The written answer: the rules that hold and the answers behind them, fit to be handed out.

It goes out of the office: colours of tiers do not stand in it (domain report, section 7.1: no such
labels outside), nor rules that rest on a restricted form (mandatory reports are confidential, and
who asks may be the one reported: section 7.3).
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.formats import date_format

from forms.models import Form
from rules.engine.rule_set import Rule, RuleSet, Tier
from rules.language.sentence import to_sentence
from rules.models import Appeal, Evaluation, TierState
from rules.services.releases import compiled

Language = Literal["zh", "en"]

_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "opening": "{day}收到的异议，已由没有参与原核定的人员重新核查。",
        "tier": "目前的关爱安排：{arranged}。",
        "visits": "至少每{days}天随访一次",
        "list": "，",
        "holding": "目前成立的规则：",
        "none": "目前没有成立的规则。",
        "rule": "{number}. {title}（{id}）：{sentence}。{source}",
        "source": "依据：{source}。",
        "withheld": "另有依法不予告知的事项。",
        "outcome": "核查结果：",
    },
    "en": {
        "opening": "Your objection received on {day} was looked at again by a person who had no "
        "part in the first decision.",
        "tier": "Care arranged at present: {arranged}.",
        "visits": "a visit every {days} days at least",
        "list": ", ",
        "holding": "Rules that hold at present:",
        "none": "No rule holds at present.",
        "rule": "{number}. {title} ({id}): {sentence}. {source}",
        "source": "Source: {source}.",
        "withheld": "There are matters that the law does not allow to be told.",
        "outcome": "Outcome: ",
    },
}


@dataclass(frozen=True, slots=True)
class Grounds:
    """The rules that hold, those with the highest floor first: what may be told, and what not."""

    rule_set: RuleSet
    evaluation: Evaluation
    told: tuple[Rule, ...]
    withheld: tuple[Rule, ...]


def grounds_of(appeal: Appeal) -> Grounds | None:
    """What holds by the newest evaluation of the child. Two queries."""
    state = (
        TierState.objects.select_related("evaluation__release")
        .defer("evaluation__release__document", "evaluation__facts")
        .filter(entity=appeal.entity, evaluation__isnull=False)
        .first()
    )
    if state is None or state.evaluation is None:
        return None
    evaluation = state.evaluation
    rule_set = compiled(evaluation.release)
    secret = _secret_rules(appeal, evaluation.decision)
    true = {one["id"] for one in evaluation.decision["rules"] if one["status"] == "true"}
    holding = sorted((rule for rule in rule_set.rules if rule.id in true), key=_weight(rule_set))
    told = tuple(rule for rule in holding if rule.id not in secret)
    withheld = tuple(rule for rule in holding if rule.id in secret)
    return Grounds(rule_set, evaluation, told, withheld)


def _weight(rule_set: RuleSet) -> Any:
    ranks = {tier.id: tier.rank for tier in rule_set.tiers}
    return lambda rule: (-ranks.get(rule.floor or "", -1), -rule.score)


def _secret_rules(appeal: Appeal, decision: dict[str, Any]) -> set[str]:
    """The rules with an answer of a restricted form behind them."""
    restricted = set(
        Form.objects.filter(
            project_id=appeal.entity.dataset.project_id, sensitivity=Form.Sensitivity.RESTRICTED
        ).values_list("xml_form_id", flat=True)
    )
    return {
        rule["id"]
        for rule in decision["rules"]
        if restricted.intersection(reason["form"] or "" for reason in rule["because"])
    }


def neutral_title(tier: Tier, language: Language) -> str:
    """The title without its colour: 黄色·重点帮扶 is 重点帮扶 outside the office; "" where a tier is
    called by its colour alone."""
    title = tier.title.get(language) or tier.title["zh"]
    for mark in ("·", "：", ":"):
        if mark in title:
            return title.split(mark, 1)[1].strip()
    return ""


def neutral_text(rule_set: RuleSet, text: str, language: Language) -> str:
    """`text` with the colours that tiers are called by replaced by what the tiers are for."""
    for tier in rule_set.tiers:
        title, neutral = tier.title.get(language) or tier.title["zh"], neutral_title(tier, language)
        color = title.removesuffix(neutral).rstrip(" ·：:")
        if neutral and color:
            edge = r"\b" if language == "en" else ""
            text = re.sub(f"{edge}{re.escape(color)}{edge}", neutral, text, flags=re.IGNORECASE)
    return text


def drafted_answer(appeal: Appeal, language: Language = "zh") -> str:
    """A text to begin the answer with: what was done, what holds, and room for the outcome."""
    words, grounds = _WORDS[language], grounds_of(appeal)
    day = date_format(appeal.received_on, "Y年n月j日" if language == "zh" else "j F Y")
    lines = [words["opening"].format(day=day)]
    if grounds is not None:
        lines += [_tier_line(appeal, grounds, language), *_rule_lines(grounds, language)]
    return "\n".join([*filter(None, lines), words["outcome"]])


def _tier_line(appeal: Appeal, grounds: Grounds, language: Language) -> str:
    words = _WORDS[language]
    tier = next((one for one in grounds.rule_set.tiers if one.id == appeal.tier), None)
    if tier is None:
        return ""
    visits = words["visits"].format(days=tier.visit_days) if tier.visit_days else ""
    said = words["list"].join(filter(None, (neutral_title(tier, language), visits)))
    return words["tier"].format(arranged=said) if said else ""


def _rule_lines(grounds: Grounds, language: Language) -> list[str]:
    words = _WORDS[language]
    lines = [words["holding"]] if grounds.told else []
    for number, rule in enumerate(grounds.told, start=1):
        source = words["source"].format(source=rule.source) if rule.source else ""
        sentence = to_sentence(rule.when, grounds.rule_set.names, language)
        title = rule.title[language]
        line = words["rule"].format(
            number=number, title=title, id=rule.id, sentence=sentence, source=source
        )
        lines.append(neutral_text(grounds.rule_set, line.strip(), language))
    if grounds.withheld:
        lines.append(words["withheld"])
    return lines or [words["none"]]


def own_words(appeal: Appeal, answer: str) -> str:
    """What `answer` says beyond the draft that it may have begun with."""
    draft = {line.strip() for line in drafted_answer(appeal).splitlines()}
    lines = [line.strip() for line in answer.splitlines()]
    own = [line for line in lines if line not in draft]
    return "\n".join(own).removeprefix(_WORDS["zh"]["outcome"]).strip()


def completed_answer(appeal: Appeal, answer: str) -> str:
    """`answer` with the rules that hold added to it, if it leaves out one of them."""
    grounds = grounds_of(appeal)
    if grounds is None:
        return answer
    language: Language = "zh"
    if all(rule.id in answer or rule.title["zh"] in answer for rule in grounds.told):
        return answer
    return "\n".join([answer, *_rule_lines(grounds, language)])
