"""What the calendar asks once for all: forms that are missing, reports that are due, events that gather in one place.

Each is told once: its row of Occasion without a child is made in the same transaction.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from forms.models import Entity, Form, SubmissionVersion
from rules.engine.calendar.openings import Opening, openings_by_date
from rules.engine.calendar.parts import Action
from rules.engine.rule_set import RuleSet as Compiled
from rules.models import Occasion, RuleSet
from rules.services.calendar.clusters import tell_clusters
from rules.services.calendar.telling import expected_since, tell_missing, tell_report
from server import clock


def tell_everybody(
    rule_set: RuleSet, rules: Compiled, by_date: Iterable[Opening], today: date
) -> None:
    """The last piece of a night: reports and missing forms of today's occasions, those that are late now, clusters."""
    for opening in by_date:
        for action in opening.item.actions:
            if action.kind == "report" and first_time(rule_set, rules, opening, "report"):
                tell_report(rule_set, rules, opening.item, action)
            if action.kind == "expect_form" and first_time(rule_set, rules, opening, "told"):
                _tell_missing(rule_set, rules, opening, action, action.role, is_late=False)
    _escalate_missing(rule_set, rules, today)
    tell_clusters(rule_set, rules, today)


def first_time(rule_set: RuleSet, rules: Compiled, opening: Opening, what: str) -> bool:
    """Whether `what` has not been done for the opening; from now on it has."""
    key = f"{what}:{rule_set.project_id}:{opening.key}"[:120]
    _, is_new = Occasion.objects.get_or_create(
        entity=None, rule_set=rules.name, item=opening.item.id, key=key
    )
    return is_new


def _escalate_missing(rule_set: RuleSet, rules: Compiled, today: date) -> None:
    """Forms that are still missing `after_days`: the next role hears of it, once."""
    after = {
        action.after_days
        for item in rules.calendar
        for action in item.actions
        if action.kind == "expect_form" and action.escalate_to
    }
    for days in sorted(after):
        for opening in openings_by_date(rules, today - timedelta(days=days)):
            for action in opening.item.actions:
                is_meant = action.kind == "expect_form" and action.after_days == days
                if is_meant and action.escalate_to and first_time(rule_set, rules, opening, "up"):
                    _tell_missing(
                        rule_set, rules, opening, action, action.escalate_to, is_late=True
                    )


def _tell_missing(
    rule_set: RuleSet, rules: Compiled, opening: Opening, action: Action, role: str, *, is_late: bool
) -> None:  # fmt: skip
    children = _lacking(rule_set, rules, opening, action)
    title = _title(rule_set, action.form)
    tell_missing(children, role, title, opening.opens_on, is_late=is_late)


def _lacking(
    rule_set: RuleSet, rules: Compiled, opening: Opening, action: Action
) -> Iterable[Entity]:
    """The children who lacked the form when the night looked at them, and still do."""
    sent = SubmissionVersion.objects.filter(
        is_current=True,
        is_draft=False,
        form__xml_form_id=action.form,
        form__project_id=rule_set.project_id,
        submission__deleted_at=None,
        occurred_on__gte=expected_since(opening),
    )
    return (
        Entity.objects.alive()
        .filter(
            dataset__project_id=rule_set.project_id,
            occasions__rule_set=rules.name,
            occasions__item=opening.item.id,
            occasions__key=opening.key[:120],
        )
        .exclude(pk__in=sent.values("submission__subjects__entity"))
        .select_related("area", "school")
        .order_by("pk")
    )


def _title(rule_set: RuleSet, form: str) -> dict[str, str]:
    """What the form is called here."""
    rows = Form.objects.alive().filter(project_id=rule_set.project_id, xml_form_id=form)
    title = rows.values_list("current__title", flat=True).first() or form
    return {"zh": title, "en": title}


def start_of(day: date) -> datetime:
    """The first moment of the site's day."""
    return datetime.combine(day, time.min, clock.site_zone())
