"""A simulation in words: the sentence at its head, why children move, how long it still takes."""

from dataclasses import dataclass

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from rules.engine.rule_set import Rule, RuleSet
from rules.language.sentence import to_sentence
from rules.models import Simulation
from rules.services.simulations.groups import OLDER
from rules.services.simulations.summary import Summary, totals
from rules.services.words import in_language
from server import clock


@dataclass(frozen=True, slots=True)
class Why:
    """A rule that moves children: what became of it, and what was changed in it."""

    rule: str
    title: str
    effect: str
    children: int
    changes: str
    before: str  # its condition in words, where that was changed
    now: str


def headline(summary: Summary) -> str:
    """Who moves, in one sentence."""
    children = summary.children
    if summary.sides.old is None:
        counts = totals(summary.matrix, 1)
        parts = [
            _("%(count)s %(tier)s") % {"count": counts[tier.id], "tier": short(tier.title)}
            for tier in summary.new_tiers
            if counts.get(tier.id)
        ]
        said = ngettext(
            "%(children)s child: %(parts)s.", "%(children)s children: %(parts)s.", children
        )
        return said % {"children": children, "parts": _join(parts)}
    if not summary.moved:
        said = ngettext(
            "%(children)s child, and its tier stays.",
            "%(children)s children, and no tier changes.",
            children,
        )
        return said % {"children": children}
    said = ngettext(
        "%(moved)s of %(children)s children changes tier: %(parts)s.",
        "%(moved)s of %(children)s children change tier: %(parts)s.",
        summary.moved,
    )
    parts = [_change(way, short(tier.title), count) for way, tier, count in summary.changes()]
    return said % {"moved": summary.moved, "children": children, "parts": _join(parts)}


def aftermath(summary: Summary) -> list[str]:
    """What else changes: tasks, and children about whom too little is known."""
    sums = summary.result.comparison
    opened = sum(one.opened for one in summary.workloads())
    cancelled = sum(one.cancelled for one in summary.workloads())
    told = _("%(opened)s tasks would be opened and %(cancelled)s cancelled.")
    before, now = sums.insufficient
    lack = _(
        "Too little is known of %(now)s children to be certain of their tier (now: %(before)s)."
    )
    if summary.sides.old is None:
        told = _("%(opened)s tasks would be opened.")
        lack = _("Too little is known of %(now)s children to be certain of their tier.")
    return [
        told % {"opened": opened, "cancelled": cancelled},
        lack % {"now": now, "before": before},
    ]


def short(title: object) -> str:
    """A tier's short name: what stands before the dot or colon of its title."""
    text = in_language(title)  # type: ignore[arg-type]
    return text.replace("：", "·").replace(":", "·").split("·")[0].strip()


def reasons(summary: Summary) -> list[Why]:
    """The rules that move children with what became of them, those that move most first."""
    counts: dict[tuple[str, str], int] = {}
    for reason, count in summary.result.reasons.items():
        key = reason.rule, effect_of(reason.old, reason.new)
        counts[key] = counts.get(key, 0) + count
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [_why(summary, rule, effect, count) for (rule, effect), count in ranked]


def effect_of(old: str, new: str) -> str:
    """What became of a rule for a child, from its status on both sides."""
    if new == "true":
        return _("counts otherwise") if old == "true" else _("fires now")
    if old == "true":
        return _("is unknown now") if new == "unknown" else _("fires no more")
    return _("counts otherwise")


def age_words(group: str) -> str:
    """A group of ages."""
    if not group:
        return _("age not known")
    if group == OLDER:
        return _("18 years and over")
    return _("%(ages)s years") % {"ages": group.replace("-", "–")}


def candidate_words(simulation: Simulation) -> str:
    """What is tried."""
    if simulation.label == "draft":
        return _("Draft")
    return _("Release %(number)s") % {"number": simulation.label}


def elapsed_words(simulation: Simulation) -> str:
    """How long it has run: "" before it began."""
    if simulation.started_at is None:
        return ""
    end = simulation.finished_at or clock.now()
    return span_words((end - simulation.started_at).total_seconds())


def remaining_words(simulation: Simulation) -> str:
    """How long it may still take, from what it took so far; "" where nothing tells."""
    if not simulation.done or simulation.started_at is None:
        return ""
    spent = (clock.now() - simulation.started_at).total_seconds()
    return span_words(spent * max(0, simulation.total - simulation.done) / simulation.done)


def span_words(seconds: float) -> str:
    """Seconds, or minutes from two on."""
    if seconds < 120:
        whole = max(1, round(seconds))
        return ngettext("%(n)s second", "%(n)s seconds", whole) % {"n": whole}
    minutes = round(seconds / 60)
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}


def _change(way: int, tier: str, count: int) -> str:
    said = _("%(count)s up to %(tier)s") if way > 0 else _("%(count)s down to %(tier)s")
    return said % {"count": count, "tier": tier}


def _join(parts: list[str]) -> str:
    return (", " if (get_language() or "").startswith("en") else "，").join(parts)


def _why(summary: Summary, rule: str, effect: str, count: int) -> Why:
    old, new = _rule(summary.sides.old, rule), _rule(summary.sides.new, rule)
    before, now = _sentence(summary.sides.old, old), _sentence(summary.sides.new, new)
    if before == now:
        before = now = ""
    return Why(
        rule=rule,
        title=in_language(summary.title_of(rule)),
        effect=effect,
        children=count,
        changes=_join(_changes(summary, old, new, bool(before or now))),
        before=before,
        now=now,
    )


def _changes(summary: Summary, old: Rule | None, new: Rule | None, is_reworded: bool) -> list[str]:
    """What was changed in the rule itself."""
    if old is None or new is None:
        return [_("rule added") if old is None else _("rule removed")]
    found = [_("condition changed")] if is_reworded else []
    if old.score != new.score:
        found.append(_("points %(old)s → %(new)s") % {"old": _n(old.score), "new": _n(new.score)})
    if old.floor != new.floor:
        floors = {"old": _tier(summary, old.floor), "new": _tier(summary, new.floor)}
        found.append(_("at least %(old)s → %(new)s") % floors)
    day = summary.simulation.as_of
    if old.in_force(day) != new.in_force(day):
        found.append(_("switched on") if new.in_force(day) else _("switched off"))
    return found or [_("the rule is the same: a cut-off, a fact or a parameter was changed")]


def _rule(rule_set: RuleSet | None, rule_id: str) -> Rule | None:
    rules = rule_set.rules if rule_set else ()
    return next((rule for rule in rules if rule.id == rule_id), None)


def _sentence(rule_set: RuleSet | None, rule: Rule | None) -> str:
    if rule_set is None or rule is None:
        return ""
    language = "en" if (get_language() or "").startswith("en") else "zh"
    return to_sentence(rule.when, rule_set.names, language)  # type: ignore[arg-type]


def _tier(summary: Summary, name: str | None) -> str:
    tier = summary.tiers.get(name or "")
    return short(tier.title) if tier else _("none")


def _n(score: float) -> str:
    return f"{score:g}"
