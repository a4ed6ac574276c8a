"""Early warning: like events that gather at one school or village within days (domain report 4.3, report RP28).

An event is a child that rose into one of the named tiers; alike are those where the same rule of such a tier is true.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from rules.engine.calendar.parts import CalendarItem
from rules.engine.rule_set import RuleSet as Compiled
from rules.models import Notice, Occasion, RuleSet, TierDecision
from rules.services.calendar.telling import KIND, overseers
from server import clock

Place = tuple[str, str, str]  # kind, code, name
_AREA_DEPTH = {"county": 0, "town": 1, "village": 2}


def tell_clusters(rule_set: RuleSet, rules: Compiled, today: date) -> int:
    """Tell each cluster that has come together since it was last told; answers how many."""
    told = 0
    for item in rules.calendar:
        if item.trigger.kind == "cluster" and item.in_force(today):
            told += sum(
                _tell(rule_set, rules, item, place, rule, found)
                for (place, rule), found in _gathered(rule_set, rules, item, today).items()
                if len({one.entity_id for one in found}) >= item.trigger.count
            )
    return told


def _gathered(
    rule_set: RuleSet, rules: Compiled, item: CalendarItem, today: date
) -> dict[tuple[Place, str], list[TierDecision]]:
    """The rises of the last days by place and rule."""
    ranks = {tier.id: tier.rank for tier in rules.tiers}
    floors = {rule.id: rule.floor for rule in rules.rules if rule.floor in item.trigger.tiers}
    found: dict[tuple[Place, str], list[TierDecision]] = defaultdict(list)
    for decision in _rises(rule_set, item, today):
        if ranks.get(decision.from_tier, -1) >= ranks.get(decision.to_tier, -1):
            continue
        body = decision.evaluation.decision if decision.evaluation else {}
        true = [one["id"] for one in body.get("rules", ()) if one["status"] == "true"]
        for rule in (name for name in true if name in floors):
            for place in _places(decision, item.trigger.within):
                found[place, rule].append(decision)
    return found


def _rises(rule_set: RuleSet, item: CalendarItem, today: date) -> Iterable[TierDecision]:
    since = datetime.combine(
        today - timedelta(days=item.trigger.days - 1), time.min, clock.site_zone()
    )
    return (
        TierDecision.objects.filter(
            entity__dataset__project_id=rule_set.project_id,
            entity__dataset__name=rule_set.dataset,
            entity__deleted_at=None,
            to_tier__in=item.trigger.tiers,
            at__gte=since,
        )
        .select_related("entity__area__parent__parent", "entity__school", "evaluation")
        .defer("evaluation__facts")
        .order_by("at", "id")
    )


def _places(decision: TierDecision, within: Iterable[str]) -> Iterable[Place]:
    child = decision.entity
    for kind in within:
        if kind == "school":
            if child.school is not None:
                yield "school", child.school.code, child.school.name
            continue
        area = child.area
        while area is not None and area.kind != kind:
            area = area.parent
        if area is not None:
            yield kind, area.code, area.name


def _tell(
    rule_set: RuleSet, rules: Compiled, item: CalendarItem, place: Place, rule: str,
    found: list[TierDecision],
) -> bool:  # fmt: skip
    """One notice to each holder of the roles, unless the same cluster was told within its days."""
    kind, code, name = place
    newest = found[-1]
    key = f"cluster:{rule_set.project_id}:{kind}:{code}:{rule}"[:105]
    recent = clock.now() - timedelta(days=item.trigger.days)
    same = Occasion.objects.filter(entity=None, rule_set=rules.name, item=item.id)
    if same.filter(key__startswith=f"{key}@", at__gte=recent).exists():
        return False
    day = clock.today().isoformat()
    _, is_new = Occasion.objects.get_or_create(
        entity=None, rule_set=rules.name, item=item.id, key=f"{key}@{day}"
    )
    roles = [role for action in item.actions for role in action.roles]
    people = overseers(rule_set, roles, newest.entity) if is_new else []
    title = next(one.title for one in rules.rules if one.id == rule)
    count = len({one.entity_id for one in found})
    text = {
        "zh": f"苗头预警：{name} {item.trigger.days}日内{count}名儿童：{title['zh']}",
        "en": f"Early warning: {name}, {count} children within {item.trigger.days} days: {title['en']}",
    }
    Notice.objects.bulk_create([Notice(user=user, kind=KIND, text=text) for user in people])
    return is_new
