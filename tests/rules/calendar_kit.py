"""The small rule set with a calendar, for tests of what the calendar opens."""

from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

from forms.models import Entity
from rules.models import Release, RuleSet, Task
from rules.services.calendar import open_chunk, start_day
from server import clock
from server.journal.services import run_pending
from tests.rules.county_kit import DOCUMENT, release_small, tasks_of

BORN = {
    "name": "dob",
    "title": {"zh": "出生日期", "en": "Born"},
    "type": "date",
    "question": "dob",
    "forms": ["child_enum"],
}
VISIT = {
    "id": "T_VISIT",
    "title": {"zh": "随访", "en": "Visit"},
    "assignee": "child_director",
    "due": {"days": 30},
    "escalation": [{"after": {"days": 3}, "from": "due", "to": "town_supervisor"}],
    "close": {
        "any": [
            {"form": "home_visit", "when": "${child_seen} = 'yes'"},
            {"form": "task_feedback", "when": "${task_result} = 'done'"},
        ]
    },
}
LETTER = {
    "id": "T_LETTER",
    "title": {"zh": "责任书", "en": "Letter"},
    "assignee": "child_director",
    "due": {"days": 15},
    "close": {"form": "task_feedback", "when": "${task_result} = 'done'"},
}
VISITS = {
    "id": "C-VISITS",
    "title": {"zh": "按等级走访", "en": "Visits by tier"},
    "trigger": {"kind": "visits", "form": "home_visit", "answers": {"child_seen": "yes"}},
    "tasks": ["T_VISIT"],
}
SEEN = {"danger": "no", "poor": "no", "alone": "no", "child_seen": "yes"}


def line(item_id: str, trigger: dict[str, Any], tasks: list[Any], **more: Any) -> dict[str, Any]:
    """One item of the calendar."""
    title = {"zh": f"项目{item_id}", "en": f"Item {item_id}"}
    return {"id": item_id, "title": title, "trigger": trigger, "tasks": tasks, **more}


def document(*lines: dict[str, Any]) -> dict[str, Any]:
    """The small rule set with those lines of the calendar, tasks T_VISIT and T_LETTER, and a fact `dob`."""
    found = deepcopy(DOCUMENT)
    found["facts"].append(deepcopy(BORN))
    found["tasks"] += [deepcopy(VISIT), deepcopy(LETTER)]
    found["tiers"][3]["first_contact_hours"] = 24
    found["calendar"] = [deepcopy(one) for one in lines]
    return found


def release(child: Entity, *lines: dict[str, Any]) -> Release:
    """Put such a rule set into force in the project of `child`."""
    return release_small(child.dataset.project, document(*lines))


def night(moment: datetime) -> int:
    """The calendar's pass at that moment, all pieces; answers how many Reactions ran."""
    with clock.at(moment):
        start_day()
        total = 0
        while taken := run_pending(100):
            total += taken
        return total


def days(start: datetime, first: int, last: int) -> list[datetime]:
    """The same hour of each day from `first` to `last` after `start`."""
    return [start + timedelta(days=number) for number in range(first, last + 1)]


def episodes(child: Entity, code: str) -> list[tuple[int, str]]:
    """Episode and state of each task of a kind."""
    rows = Task.objects.filter(entity=child, code=code).order_by("episode")
    return list(rows.values_list("episode", "state"))


def due_day(child: Entity, code: str) -> date:
    """The site's day on which the newest episode is due."""
    return clock.local_day(tasks_of(child)[code].due_at)


def chunk_of(child: Entity) -> tuple[int, str]:
    """What `open_chunk` of today is asked with."""
    rule_set = RuleSet.objects.get(project=child.dataset.project)
    return rule_set.pk, clock.today().isoformat()


__all__ = ["open_chunk"]
