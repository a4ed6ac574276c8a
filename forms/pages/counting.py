"""Counts that cost the same however many rows there are: they stop at a limit."""

from django.db.models import IntegerField, OuterRef, Q, QuerySet, Subquery

from forms.models import Form, Submission
from forms.services.visibility import submissions_within
from server.people.models import Actor
from server.people.roles import Verb

LIMIT = 1000


class BoundedCount(Subquery):
    """How many rows a sliced queryset yields, as a column."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS bounded)"
    output_field = IntegerField()


def with_counts(forms: QuerySet[Form], reader: Actor) -> QuerySet[Form]:
    """`forms` with `received` (at most LIMIT) and `last_at` of the submissions that `reader` may see."""
    kind = Form.Sensitivity
    normal = Q(form__sensitivity=kind.NORMAL) & submissions_within(reader, Verb.SUBMISSION_READ)
    restricted = Q(form__sensitivity=kind.RESTRICTED) & submissions_within(
        reader, Verb.SUBMISSION_RESTRICTED
    )
    seen = Submission.objects.alive().filter(
        normal | restricted, form=OuterRef("pk"), is_draft=False
    )
    return forms.annotate(
        received=BoundedCount(seen.values("pk")[:LIMIT]),
        last_at=Subquery(seen.order_by("-id").values("created_at")[:1]),
    )
