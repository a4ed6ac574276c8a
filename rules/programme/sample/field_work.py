"""What workers send from their phones: each form with the answers of that day, through the door that phones use."""

from datetime import date, timedelta
from random import Random

from forms.services import receive_submission
from rules.models import Task, TierState
from rules.programme.sample.assessments import assessment
from rules.programme.sample.cards import Paper, frame
from rules.programme.sample.chance import chance, new_uuid
from rules.programme.sample.children import Child
from rules.programme.sample.enumeration import enumeration
from rules.programme.sample.feedback import feedback
from rules.programme.sample.incidents import incident_report
from rules.programme.sample.papers import Change
from rules.programme.sample.plan import FEEDBACK, Event, event
from rules.programme.sample.school_checks import school_check
from rules.programme.sample.stories import ASSESSMENT, ENUMERATION, INCIDENT, SCHOOL, VISIT
from rules.programme.sample.visits import visit
from rules.programme.sample.world import Row, World
from server import clock
from server.people.models import AppUser
from server.people.roles import Role

AGENT = "org.odk.collect.android/v2026.3.1 Dalvik/2.1.0 (Linux; U; Android 13)"
MOST_VISITS = {"": 2, "green": 2, "blue": 3, "yellow": 4, "red": 6}
# Days between visits by tier, and how much longer they were apart before the last four months: a history of a year
# with every visit would take long to make and tell no more.
VISIT_DAYS = {"": 45, "green": 90, "blue": 38, "yellow": 18, "red": 8}
STRETCH = {"": 3.0, "green": 1.8, "blue": 4.7, "yellow": 7.0, "red": 3.0}
RECENT = timedelta(days=110)
# How many days before the end the newest visit lies, by tier: most within its interval, some late.
LAST_SEEN = {"": (5, 100), "green": (5, 100), "blue": (2, 37), "yellow": (1, 17), "red": (1, 8)}


def send(world: World, happened: Event) -> None:
    """Let `happened` reach the server at its moment; what it leads to is added to what is to come."""
    child = world.children[happened.number]
    draw = chance(world.seed, happened.form, happened.number, happened.at.isoformat())
    row = None
    if happened.form != ENUMERATION:
        row = world.row(child)
        if row is None:
            return  # its enumeration is still on somebody's phone
    sender = _sender(world, child, happened)
    if sender is None:
        return
    paper = _paper(world, child, happened, row, draw, sender)
    _post(world, paper, happened, sender, row, draw)
    if happened.form == ENUMERATION:
        saved = world.blanks[ENUMERATION].saves
        data = {name: paper.answers.get(question, "") for name, question in saved.items()}
        world.local[child.number] = Row(str(child.uuid), 1, data, is_local=True)
    if row is not None and row.is_local:
        # the supervisor who came along has fetched the list since: there the child has been visited
        world.local[child.number] = Row(row.uuid, row.version + 1, row.data)
    if happened.form == VISIT:
        _plan_next_visit(world, child, happened, draw)


def send_feedback(world: World, task: Task, happened: Event, result: str) -> bool:
    """The feedback of the task's assignee from the phone; False where there is no phone or no such line on it."""
    sender = world.people.phones.get(task.assignee_id or 0)
    row = task.delivery
    if sender is None or row is None or row.deleted_at is not None:
        return False
    draw = chance(world.seed, FEEDBACK, row.uuid, happened.at.isoformat())
    paper = feedback(str(row.uuid), row.data, happened.at, draw, result)
    line = Row(str(row.uuid), row.version, row.data)
    _post(world, paper, happened, sender, line, draw)
    return True


def _sender(world: World, child: Child, happened: Event) -> AppUser | None:
    people, home = world.people, child.home
    teacher = None
    if child.schooling.school is not None:
        teacher = people.by_class.get((child.schooling.school.pk, child.schooling.grade_class))
    director = people.by_village[home.village.pk]
    match happened.form:
        case "school_monthly":
            return teacher
        case "safety_assess":
            return people.by_town[home.town.area.pk]
        case "incident_report":
            return teacher or director
    return director


def _paper(
    world: World, child: Child, happened: Event, row: Row | None, draw: Random, sender: AppUser
) -> Paper:
    data, at = (row.data if row else {}), happened.at
    worker = sender.worker
    assert worker is not None  # noqa: S101  every phone of the sample county has one
    match happened.form:
        case form if form == ENUMERATION:
            return enumeration(child, draw, worker.display_name)
        case form if form == VISIT:
            return visit(child, data, at, draw, kind=happened.detail or "routine")
        case form if form == ASSESSMENT:
            director = world.people.by_village[child.home.village.pk].worker
            both = f"{worker.display_name}、{director.display_name if director else ''}"
            return assessment(child, data, at, draw, both, happened.detail or "季度评估")
        case form if form == SCHOOL:
            return school_check(child, data, at, draw)
        case form if form == INCIDENT:
            is_teacher = any(grant.role == Role.CLASS_TEACHER for grant in worker.grants.all())
            role = "class_teacher" if is_teacher else "child_director"
            is_closed = happened.detail == "closed"
            reporter = (worker.display_name, role)
            return incident_report(child, data, at, draw, reporter, is_closed=is_closed)
    raise ValueError(happened.form)


def _post(
    world: World, paper: Paper, happened: Event, sender: AppUser, row: Row | None, draw: Random
) -> None:
    device = f"collect:{chance(world.seed, 'device', sender.display_name).getrandbits(64):016x}"
    change = paper.change
    if change is None and row is not None:
        branch = str(new_uuid(draw))
        change = Change(row.uuid, version=row.version, branch=branch, is_local=row.is_local)
    answers = {**frame(happened.at, device), "username": sender.display_name, **paper.answers}
    meta = {"instanceID": f"uuid:{new_uuid(draw)}", "instanceName": paper.name}
    xml = world.blanks[paper.form].fill(answers, meta, change)
    with clock.at(happened.received):
        receive_submission(
            world.project, xml, paper.files, actor=sender, device_id=device, user_agent=AGENT
        )
    world.sent += 1


def _plan_next_visit(world: World, child: Child, happened: Event, draw: Random) -> None:
    """The next visit, as often as the tier in force asks for."""
    made = world.visits[child.number] = world.visits.get(child.number, 0) + 1
    follows_plan = happened.detail in ("first", "routine")
    state = TierState.objects.filter(entity__uuid=child.uuid).values_list("tier", flat=True).first()
    tier = state or ""
    day = clock.local_day(happened.at)
    if not follows_plan or made >= MOST_VISITS[tier]:
        return
    is_recent = day > world.last - RECENT
    days = VISIT_DAYS[tier] * (1.0 if is_recent else STRETCH[tier]) * (0.85 + draw.random() * 0.3)
    following = day + timedelta(days=max(2, round(days)))
    is_last = made == MOST_VISITS[tier] - 1 or (tier in ("", "green", "blue") and not is_recent)
    if is_last and (day - world.last).days < -LAST_SEEN[tier][0]:
        following = max(following if is_recent else day, _newest_visit(world, tier, draw))
    if following <= world.last:
        world.expect(event(child.number, VISIT, following, draw, "routine"))


def _newest_visit(world: World, tier: str, draw: Random) -> date:
    return world.last - timedelta(days=draw.randint(*LAST_SEEN[tier]))
