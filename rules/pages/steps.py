"""A task's history in words, and the steps that a person can take."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from rules.models import Task, TaskEvent
from rules.services.tasks import STEPS
from server.people.roles import Role


@dataclass(frozen=True, slots=True)
class Word:
    """A step that can be taken: its button, and what the note must say ("" where none is needed)."""

    action: str
    label: Promise
    ask: Promise | str = ""
    tone: str = ""

    @property
    def needs_note(self) -> bool:
        """Whether nothing happens without a note."""
        return STEPS[self.action].needs_note


STEP_WORDS: dict[str, Word] = {
    word.action: word
    for word in (
        Word("accept", gettext_lazy("Accept"), tone="primary"),
        Word(
            "done",
            pgettext_lazy("task", "Report as done…"),
            gettext_lazy("What was done, when, with whom?"),
            "primary",
        ),
        Word("verify", gettext_lazy("Verify"), tone="primary"),
        Word("return", gettext_lazy("Send back…"), gettext_lazy("What is still missing?")),
        Word(
            "refuse", gettext_lazy("Refused by the family…"), gettext_lazy("Who refused, and why?")
        ),
        Word(
            "fail",
            gettext_lazy("Could not be done…"),
            gettext_lazy("Why not? What should happen now?"),
        ),
        Word("reopen", gettext_lazy("Open again…"), gettext_lazy("Why must it still be done?")),
        Word(
            "cancel",
            pgettext_lazy("task", "Take back…"),
            gettext_lazy("Why is it not needed?"),
            "danger",
        ),
        Word("note", gettext_lazy("Add a note…"), pgettext_lazy("task", "Note")),
    )
}
EVENTS: dict[str, Promise] = {
    "opened": gettext_lazy("Opened"),
    "rules_changed": gettext_lazy("Reasons changed"),
    "assigned": gettext_lazy("Assigned"),
    "accepted": gettext_lazy("Accepted"),
    "reported": gettext_lazy("Progress reported"),
    "done": gettext_lazy("Reported as done"),
    "verified": gettext_lazy("Verified"),
    "returned": gettext_lazy("Sent back"),
    "refused": gettext_lazy("Refused by the family"),
    "failed": gettext_lazy("Could not be done"),
    "cancelled": gettext_lazy("Cancelled"),
    "cause_gone": gettext_lazy("Its cause has gone"),
    "reopened": gettext_lazy("Opened again"),
    "merged": gettext_lazy("Goes with the child's entry"),
    "escalated": gettext_lazy("Escalated"),
    "note": pgettext_lazy("task", "Note"),
}
TONES = {
    "escalated": "warn",
    "failed": "bad",
    "refused": "warn",
    "verified": "good",
    "returned": "warn",
    "done": "good",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history."""

    at: datetime
    label: str
    tone: str
    actor: str
    note: str
    detail: str


def steps_of(task: Task) -> list[Step]:
    """The history, newest first. One query."""
    events = TaskEvent.objects.filter(task=task).select_related("actor").order_by("-id")[:200]
    return [_step(event) for event in events]


def _step(event: TaskEvent) -> Step:
    return Step(
        at=event.at,
        label=str(EVENTS.get(event.action, event.action)),
        tone=TONES.get(event.action, ""),
        actor=event.actor.display_name if event.actor else "",
        note=event.note,
        detail=_detail(event.action, event.data),
    )


def _detail(action: str, data: Mapping[str, Any]) -> str:
    if action == "assigned":
        return _("to %(name)s") % {"name": data.get("name", "")}
    if action == "escalated" and data.get("to") in Role.values:
        return _("to %(name)s") % {"name": Role(data["to"]).label}
    if action == "cancelled" and data.get("cause") == "gone":
        return _("Its cause has gone")
    if action == "rules_changed" and data.get("added"):
        return _("More reasons: %(count)s") % {"count": len(data["added"])}
    return ""
