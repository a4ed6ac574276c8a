"""Two entries of one person made one, and what must be known to make them two again."""

from django.db import models
from django.db.models import Q

from forms.models.dataset import Entity
from forms.models.submission import Submission
from server import clock
from server.people.models import Actor


class Merge(models.Model):
    """`loser` was taken off the lists and goes on in `survivor`. States are {"label", "data", "area", "school",
    "class"}.
    """

    survivor = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="merges")
    loser = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="merged_away")
    # the properties (and "label") that were taken from the loser
    taken = models.JSONField(default=list)
    before = models.JSONField(default=dict)  # the survivor's state
    after = models.JSONField(default=dict)
    survivor_version = models.PositiveIntegerField()  # after the merge
    note = models.CharField(max_length=500, blank=True)
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)
    undone_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["loser"], condition=Q(undone_at=None), name="merged_once"
            )
        ]


class MergedSubject(models.Model):
    """A submission about the loser that counts for the survivor: moved by the merge, or come since."""

    merge = models.ForeignKey(Merge, on_delete=models.CASCADE, related_name="subjects")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="+")
    came_later = models.BooleanField(default=False)
    was_both = models.BooleanField(default=False)  # it was about the survivor too

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merge", "submission"], name="merged_subject_once")
        ]
