"""What the calendar tells people: of one child, that forms are missing, that a report is due, that events gather."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from forms.models import Entity
from rules.engine.calendar.openings import Opening
from rules.engine.calendar.parts import Action, CalendarItem
from rules.engine.observed import Observation
from rules.engine.rule_set import RuleSet as Compiled
from rules.models import Notice, RuleSet
from rules.services.notices import notify
from rules.services.tasks.assigning import people_for
from server.people.access import scope_of
from server.people.models import RoleGrant, User
from server.people.roles import Verb

KIND = "calendar"  # of the notices
_EXPECTED_DAYS = 30  # how far back a form counts, for items that are not monthly


def lacks_form(action: Action, opening: Opening, events: Sequence[Observation]) -> bool:
    """Whether the form that is expected by the opening's day has not come: of that month, else of the last 30 days."""
    since = expected_since(opening)
    return not any(seen.form == action.form and seen.occurred_on >= since for seen in events)


def expected_since(opening: Opening) -> date:
    """The first day whose form counts."""
    if opening.item.trigger.kind == "monthly":
        return opening.opens_on.replace(day=1)
    return opening.opens_on - timedelta(days=_EXPECTED_DAYS)


def tell_notice(entity: Entity, item: CalendarItem, action: Action) -> None:
    """One notice about one child to everybody who holds the roles closest to it."""
    said = action.text or item.title
    text = {"zh": f"{entity.label}：{said['zh']}", "en": f"{entity.label}: {said['en']}"}
    for role in action.roles:
        notify(people_for(entity, role), KIND, text, entity=entity)


def tell_missing(
    children: Iterable[Entity], role: str, form: Mapping[str, str], day: date, *, is_late: bool
) -> int:
    """One notice to each holder of `role`, with how many of their children lack the form; answers how many people."""
    count: dict[int, int] = {}
    people: dict[int, User] = {}
    known: dict[tuple[int | None, int | None, str], list[User]] = {}
    for child in children:
        place = (child.area_id, child.school_id, child.class_name)
        if place not in known:
            known[place] = people_for(child, role)
        for user in known[place]:
            people[user.pk] = user
            count[user.pk] = count.get(user.pk, 0) + 1
    for pk, user in people.items():
        late = ("逾期未交", "overdue") if is_late else ("尚未提交", "not yet sent")
        text = {
            "zh": f"{day.month}月 {form['zh']}：{count[pk]}名儿童{late[0]}",
            "en": f"{day:%Y-%m} {form['en']}: {count[pk]} children, {late[1]}",
        }
        Notice.objects.create(user=user, kind=KIND, text=text)
    return len(people)


def tell_report(rule_set: RuleSet, rules: Compiled, item: CalendarItem, action: Action) -> int:
    """A report is due: to the holders of its roles who see children of this rule set. Answers how many people."""
    text = {
        "zh": f"{action.report} 应当上报：{item.title['zh']}",
        "en": f"{action.report} is due: {item.title['en']}",
    }
    people = overseers(rule_set, action.roles)
    Notice.objects.bulk_create([Notice(user=user, kind=KIND, text=text) for user in people])
    return len(people)


def overseers(rule_set: RuleSet, roles: Sequence[str], child: Entity | None = None) -> list[User]:
    """Who holds one of `roles` over some child of the rule set (or over `child`), each once."""
    if child is not None:
        found = {user.pk: user for role in roles for user in people_for(child, role)}
        return list(found.values())
    grants = RoleGrant.objects.filter(
        role__in=roles, user__is_active=True, user__deleted_at=None
    ).select_related("user")
    users = {grant.user_id: grant.user for grant in grants.order_by("user_id")}
    children = Entity.objects.alive().filter(
        dataset__project_id=rule_set.project_id, dataset__name=rule_set.dataset
    )
    return [
        user
        for user in users.values()
        if children.filter(scope_of(user, Verb.ENTITY_READ).query()).exists()
    ]
