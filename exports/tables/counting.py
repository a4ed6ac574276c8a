"""How many submissions a reader could read in all, without counting a large table.

What was counted by the clock (`forms.registry.tallies`) is summed over the reader's places; what came
since is counted. A filter, or a reader whose scope is single classes, asks the database to count.
"""

from django.db.models import Count, OuterRef, Subquery, Sum

from exports.tables.reading import Source
from forms.models import RecordTally, RecordTallyPart, Submission
from forms.registry.tallies import counted_rows
from forms.services.visibility import own_submissions, verb_to_read
from server.people.access import Scope, scope_of
from server.people.roles import Verb
from server.prepared import Prepared

_PARTS = RecordTallyPart.objects.filter(tally=OuterRef("pk")).order_by().values("tally")
_SINCE = Submission.objects.filter(
    form=OuterRef("pk"), is_draft=False, deleted_at=None, pk__gt=OuterRef("upto")
)
_whole = Prepared(
    lambda marks: (
        RecordTally.objects.filter(form_id=marks.number("form"))
        .annotate(
            before=Subquery(_PARTS.annotate(sum=Sum("number")).values("sum")),
            since=Subquery(
                _SINCE.order_by().values("form").annotate(number=Count("pk")).values("number")
            ),
        )
        .values_list("before", "since")
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
    row = _whole.first(form=form_id)
    if row is None:  # too few yet for a tally
        return counted_rows(form_id).count()
    before, since = row
    return int(before or 0) + int(since or 0)


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
