"""How many submissions a reader could read in all, without counting a large table.

What was counted by the clock (`forms.registry.tallies`) is summed over the reader's places; what came
since is counted. A filter, or a reader whose scope is single classes, asks the database to count.
"""

from django.db.models import Count, Sum

from exports.tables.reading import Source
from forms.models import RecordTally, RecordTallyPart, Submission
from forms.registry.tallies import counted_rows
from forms.services.visibility import own_submissions, verb_to_read
from server.people.access import Scope, scope_of
from server.people.roles import Verb
from server.prepared import Prepared

_counted = Prepared(
    lambda marks: (
        RecordTally.objects.filter(form_id=marks.number("form"))
        .annotate(total=Sum("parts__number"))
        .values_list("upto", "total")
    )
)
_since = Prepared(
    lambda marks: (
        Submission.objects.filter(
            form_id=marks.number("form"),
            is_draft=False,
            deleted_at=None,
            pk__gt=marks.number("upto"),
        )
        .order_by()
        .values_list("form_id")
        .annotate(number=Count("pk"))
    )
)


def count_submissions(source: Source) -> int:
    """The number of rows of the table "Submissions"."""
    if source.is_filtered:
        return source.rows.count()
    verb = verb_to_read(source.form)
    scope = scope_of(source.reader, verb)
    if scope.everywhere:
        return _count_all(source.form.pk)
    return source.rows.count() if scope.classes else _count_within(source, scope, verb)


def _count_all(form_id: int) -> int:
    upto, total = _counted.first(form=form_id) or (0, 0)
    _, since = _since.first(form=form_id, upto=upto) or (0, 0)
    return int(total or 0) + int(since)


def _count_within(source: Source, scope: Scope, verb: Verb) -> int:
    form_id = source.form.pk
    upto = RecordTally.objects.filter(form=form_id).values_list("upto", flat=True).first() or 0
    since = source.rows.filter(pk__gt=upto).count()
    if not upto:
        return since
    parts = RecordTallyPart.objects.filter(scope.query(), tally=form_id)
    total = parts.aggregate(total=Sum("number"))["total"] or 0
    if verb == Verb.SUBMISSION_READ:  # what somebody sent from elsewhere they may read too
        sent = counted_rows(form_id).filter(own_submissions(source.reader), pk__lte=upto)
        total += sent.exclude(scope.query()).count()
    return int(total) + since
