"""What is done at desks: tiers confirmed, tasks accepted, finished and verified, as well as people do such things."""

from datetime import date, timedelta

from forms.models import Entity
from rules.models import Task, TierState
from rules.programme.sample.chance import chance
from rules.programme.sample.feedback import DONE, NOT_DONE
from rules.programme.sample.field_work import send_feedback
from rules.programme.sample.plan import ACCEPT, FEEDBACK, Event, evening_of, event
from rules.programme.sample.world import World
from rules.services.tasks import accept_task, finish_task, verify_task
from rules.services.tiers import approve_downgrade, confirm_tier, override_tier
from server import clock
from server.people.models import User
from server.problems import Problem

REASON = "经两人评估和回访，起因已消除，照护已落实，同意按程序调整等级"
RECENT = timedelta(days=30)  # before that nobody sees any more that a task was accepted
OVERRIDE = "照护人近期住院检查，虽无规则触发，先按蓝色多走访一个季度"
UNFINISHED_WEEKS = timedelta(days=16)  # at the end of the history the desks are not yet empty
VISIT_TASK = "T_VISIT"  # done by the visit itself
Review = TierState.Review


def review_tiers(world: World, day: date) -> None:
    """Confirm what waits for a person, each after a few days; in the last two weeks only some of it."""
    waiting = (
        TierState.objects.exclude(review="")
        .select_related("entity__dataset", "entity__area")
        .order_by("entity_id")
    )
    for state in waiting:
        since = clock.local_day(state.waiting_since or evening_of(day))
        draw = chance(world.seed, "review", state.entity.uuid, since, state.review)
        patience = draw.randint(1, 6)
        if since > world.last - UNFINISHED_WEEKS and draw.random() < 0.5:
            patience = 60
        if day >= since + timedelta(days=patience):
            _decide(world, state)


def _decide(world: World, state: TierState) -> None:
    """Confirm by whoever may; what the conditions forbid today waits on."""
    entity, supervisor = state.entity, _supervisor(world, state.entity)
    county, second = world.people.county[0], world.people.county[-1]
    try:
        if state.review == Review.SECOND:
            approve_downgrade(entity, second, reason=REASON)
        elif state.review == Review.MISMATCH or (state.tier == "red" and not state.proposed):
            confirm_tier(entity, county)
        else:
            confirm_tier(entity, supervisor, reason=REASON)
    except Problem:
        return


def _supervisor(world: World, entity: Entity) -> User:
    town = entity.area.parent_id if entity.area else None
    return world.people.supervisors.get(town or 0) or world.people.county[0]


def override_some(world: World, day: date) -> None:
    """Now and then a supervisor knows more than the rules: a green child is visited as a blue one for a while."""
    wanted = TierState.objects.filter(tier="green", review="", overridden_until=None)
    state = (
        wanted.select_related("entity__dataset", "entity__area").order_by("entity__uuid").first()
    )
    if state is not None:
        override_tier(
            state.entity,
            _supervisor(world, state.entity),
            tier="blue",
            reason_code="discretionary",
            reason=OVERRIDE,
            until=day + timedelta(days=90),
        )


def plan_new_tasks(world: World) -> None:
    """Decide for each task that was opened since the last look when it will be worked on, if at all."""
    fresh = Task.objects.filter(pk__gt=world.newest_task).exclude(code=VISIT_TASK).order_by("pk")
    for pk, code, episode, child, opened, due in fresh.values_list(
        "pk", "code", "episode", "entity__uuid", "opened_at", "due_at"
    ):
        world.newest_task = pk
        draw = chance(world.seed, "task", child, code, episode)
        first = clock.local_day(opened) + timedelta(days=1)
        limit = max(1, (due - opened).days)
        fate = draw.random()
        days = draw.uniform(0.1, 0.9) * limit if fate < 0.72 else limit + draw.randint(1, 20)
        work = first + timedelta(days=round(min(days, 75)))
        if fate < 0.96 and work <= world.last:
            world.expect(event(-pk, FEEDBACK, work, draw, _result(fate)))
        if draw.random() < 0.3 and world.last - RECENT < first <= world.last:
            world.expect(event(-pk, ACCEPT, first, draw))


def _result(fate: float) -> str:
    if fate < 0.02:
        return "partial"
    return "refused" if fate > 0.945 else "failed" if fate > 0.93 else "done"


def work_on_task(world: World, happened: Event) -> None:
    """The planned step of a task, if it is still to be done."""
    found = Task.objects.select_related(
        "entity__dataset", "entity__area", "assignee", "delivery"
    ).filter(pk=-happened.number, state__in=(Task.State.OPEN, Task.State.ACCEPTED))
    task = next(iter(found), None)
    if task is None or task.assignee is None:
        return
    draw = chance(world.seed, "desk", task.entity.uuid, task.code, task.episode)
    with clock.at(happened.received):
        if happened.form == ACCEPT:
            if task.state == Task.State.OPEN:
                accept_task(task, task.assignee)
        elif draw.random() < 0.25 or happened.detail in NOT_DONE:
            send_feedback(world, task, happened, happened.detail)
        else:
            finish_task(task, task.assignee, draw.choice(DONE))


def verify_tasks(world: World) -> None:
    """Somebody else looks at what was reported as done: the town's supervisor, or the county."""
    done = Task.objects.filter(state=Task.State.VERIFYING)
    for task in done.select_related("entity__dataset", "entity__area").order_by("pk"):
        supervisor = _supervisor(world, task.entity)
        is_own = supervisor.pk in (task.assignee_id, task.done_by_id)
        try:
            verify_task(task, world.people.county[0] if is_own else supervisor, "已核实")
        except Problem:
            continue
