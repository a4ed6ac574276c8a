"""The number of a form's records without counting them all: what is old is counted once (by the clock),
what came since is counted when it is asked for. Receiving a record costs nothing.

What is already counted and then deleted, restored or moved is put right in the same transaction. A record
that a slow transaction commits behind the count would be missed: the nightly recount finds it.
"""

from datetime import timedelta

from django.db.models import Count, F, QuerySet

from forms.models import Form, RecordTally, RecordTallyPart, Submission
from server import clock
from server.turns import write_turn

SETTLED = timedelta(minutes=5)  # by then a record is committed and stands where it belongs
WORTH_WHILE = 500  # records: fewer are counted on the way
Place = tuple[int | None, int | None]  # keys of area and school


def counted_rows(form_id: int) -> QuerySet[Submission]:
    """The records that count: neither drafts nor deleted."""
    return Submission.objects.filter(form=form_id, is_draft=False, deleted_at=None)


def fold_tallies() -> None:
    """Count what has come to each form since the last time. By the clock; safe to run twice."""
    for form_id in Form.objects.values_list("pk", flat=True):
        fold_tally(form_id)


def fold_tally(form_id: int, least: int = WORTH_WHILE) -> None:
    """The same for one form, if at least so many have come."""
    upto = RecordTally.objects.filter(form=form_id).values_list("upto", flat=True).first() or 0
    old = clock.now() - SETTLED
    settled = Submission.objects.filter(form=form_id, pk__gt=upto, created_at__lte=old)
    newest_first = list(settled.order_by("-pk").values_list("pk", flat=True)[: max(least, 1)])
    if len(newest_first) < max(least, 1):
        return
    newest = newest_first[0]
    with write_turn():
        tally = _locked(form_id) or RecordTally.objects.create(form_id=form_id)
        rows = counted_rows(form_id).filter(pk__gt=tally.upto, pk__lte=newest).order_by()
        found = rows.values_list("area_id", "school_id").annotate(number=Count("pk"))
        for area_id, school_id, number in sorted(found, key=str):
            _add(tally, (area_id, school_id), number)
        tally.upto = max(newest, tally.upto)
        tally.save(update_fields=["upto"])


def recount_tallies() -> None:
    """Count everything anew, form by form. Nightly."""
    for form_id in RecordTally.objects.values_list("pk", flat=True):
        with write_turn():
            tally = _locked(form_id)
            if tally is not None:
                tally.parts.all().delete()
                tally.upto = 0
                tally.save(update_fields=["upto"])
        fold_tally(form_id)


def note_gone(submission: Submission, sign: int = -1) -> None:
    """A record was deleted (or, with +1, restored); call in the transaction of the change."""
    tally = _that_counts(submission)
    if tally is not None:
        _add(tally, (submission.area_id, submission.school_id), sign)


def note_moved(submission: Submission, before: Place) -> None:
    """A record stands elsewhere now; call in the transaction of the change."""
    tally = _that_counts(submission) if submission.deleted_at is None else None
    if tally is not None:
        _add(tally, before, -1)
        _add(tally, (submission.area_id, submission.school_id), 1)


def _that_counts(submission: Submission) -> RecordTally | None:
    """The form's tally, locked, if it has counted this record already."""
    if submission.is_draft:
        return None
    tally = _locked(submission.form_id)
    return tally if tally is not None and submission.pk <= tally.upto else None


def _locked(form_id: int) -> RecordTally | None:
    return RecordTally.objects.select_for_update().filter(form=form_id).first()


def _add(tally: RecordTally, place: Place, number: int) -> None:
    area_id, school_id = place
    parts = RecordTallyPart.objects.filter(tally=tally, area=area_id, school=school_id)
    if not parts.update(number=F("number") + number):
        RecordTallyPart.objects.create(
            tally=tally, area_id=area_id, school_id=school_id, number=number
        )
