"""What the page of a release shows: the difference, the history, the buttons, the pass over all children, the trial."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rules.models import Reevaluation, Release
from rules.services.releases import reason_against
from rules.services.releases.asking import is_withdrawable
from rules.services.words import in_language
from rules.workbook import Change, changes_between
from server import clock
from server.journal.models import Entry
from server.people.access import can
from server.people.models import User
from server.people.roles import Verb

MOST_CHANGES = 200
MOST_STEPS = 50
Status = Release.Status


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet that differs, with its cells."""

    section: str
    id: str
    title: str
    kind: str
    cells: tuple["Cell", ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: text and, for a condition, the sentence, before and after."""

    field: str
    old: str
    new: str
    old_sentence: str
    new_sentence: str


@dataclass(frozen=True, slots=True)
class Buttons:
    """What the reader may do with a release; `against` says why he may not decide about a request."""

    decide: bool
    withdraw: bool
    activate: bool
    against: str


def other_side(release: Release) -> Release | None:
    """What a release is compared with: the one in force when it was asked for; a past one with the one in force
    now, which it would replace."""
    return release.rule_set.active if release.status == Status.RETIRED else release.base


def rows_between(old: Release | None, new: Release) -> tuple[list[Row], int]:
    """The rows that differ, and how many are left out."""
    found: dict[tuple[str, str], list[Change]] = {}
    for change in changes_between(old.document if old else None, new.document):
        found.setdefault((change.section, change.id), []).append(change)
    rows = [_row(key, changes) for key, changes in list(found.items())[:MOST_CHANGES]]
    return rows, max(0, len(found) - MOST_CHANGES)


def _row(key: tuple[str, str], changes: Sequence[Change]) -> Row:
    first = changes[0]
    title = in_language(first.title) if first.title else ""
    return Row(*key, title, first.kind, tuple(map(_cell, changes)))


def _cell(change: Change) -> Cell:
    old, new = change.old, change.new
    return Cell(
        field=change.field,
        old=old.text if old else "",
        new=new.text if new else "",
        old_sentence=in_language(old.sentence) if old and old.sentence else "",
        new_sentence=in_language(new.sentence) if new and new.sentence else "",
    )


def buttons_for(reader: User, release: Release) -> Buttons:
    """What `reader` may do, and why not."""
    may_release = can(reader, Verb.RULES_RELEASE)
    is_requested = release.status == Status.REQUESTED
    against = reason_against(release, reader) if is_requested and may_release else None
    is_other = release.rule_set.active_id != release.pk
    is_past = release.status == Status.RETIRED or (
        release.status == Status.APPROVED and not is_withdrawable(release)
    )
    return Buttons(
        decide=may_release and is_requested and against is None,
        withdraw=can(reader, Verb.RULES_UPDATE) and is_withdrawable(release),
        activate=may_release and is_other and is_past,
        against=_(against.message) if against else "",
    )


def steps_of(release: Release) -> list[tuple[Entry, str]]:
    """The history of a release from the journal, oldest first, in words."""
    rule_set = release.rule_set
    rows = Entry.objects.filter(
        subject=f"rule_set:{rule_set.name}",
        project_id=rule_set.project_id,
        details__release=release.number,
    ).exclude(action="rule_set.shadow.read")
    found = list(rows.select_related("actor").order_by("-id")[:MOST_STEPS])[::-1]
    return [(entry, step_word(entry.action)) for entry in found]


def step_word(action: str) -> str:
    """A step of a release in the reader's language."""
    words = {
        "rule_set.release.request": _("Asked for"),
        "rule_set.release.approve": _("Approved"),
        "rule_set.release.refuse": _("Refused"),
        "rule_set.release.withdraw": _("Withdrawn"),
        "rule_set.release.activate": _("Put into force"),
        "rule_set.release.fail": _("Did not come into force"),
        "rule_set.reevaluation.pause": _("Re-evaluation paused"),
        "rule_set.reevaluation.resume": _("Re-evaluation resumed"),
        "rule_set.reevaluation.done": _("Re-evaluation finished"),
        "rule_set.shadow.begin": _("Trial beside the rules in force begun"),
        "rule_set.shadow.end": _("Trial ended"),
    }
    return words.get(action, action)


def progress_of(run: Reevaluation | None) -> dict[str, Any]:
    """How far the pass is, how long it took and may take."""
    if run is None:
        return {"run": None}
    is_live = run.state == Reevaluation.State.RUNNING
    spent = (run.finished_at or clock.now()) - run.started_at
    left = max(0, run.total - run.done)
    remaining = spent / run.done * left if is_live and run.done else None
    words = {
        "rules": _("because of the rules"),
        "both": _("because of rules and answers"),
        "life": _("because of answers"),
        "time": _("because time has passed"),
        "first": _("evaluated for the first time"),
    }
    return {
        "run": run,
        "is_live": is_live,
        "elapsed": _span(spent) if run.finished_at else "",
        "remaining": _span(remaining) if remaining is not None else "",
        "by_cause": [
            (word, run.summary[f"by_{name}"])
            for name, word in words.items()
            if run.summary.get(f"by_{name}")
        ],
    }


def _span(length: timedelta) -> str:
    seconds = max(1, round(length.total_seconds()))
    if seconds < 120:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    minutes = round(seconds / 60)
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}


def moment_from(text: str) -> datetime | None:
    """A moment as an input of type datetime-local gives it, in the site's zone; None where there is none."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=clock.site_zone())


def suggested_moment() -> str:
    """Tomorrow at six, before the offices open."""
    day = clock.today() + timedelta(days=1)
    return f"{day.isoformat()}T06:00"
