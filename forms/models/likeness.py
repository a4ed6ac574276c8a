"""Keys by which the same person is found again, and the pairs that look alike."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from forms.models.dataset import Entity
from server import clock
from server.people.models import Actor


class LikenessKey(models.Model):
    """One key of one entity (`forms.people.likeness`), hashed with the site's secret: neither numbers nor names can be
    read from it. Replaced as a whole when what is known of the entity changes.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="likeness_keys")
    kind = models.CharField(max_length=12)
    digest = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "kind", "digest"], name="likeness_key_once")
        ]
        indexes = [models.Index(fields=["digest", "kind"], name="likeness_search")]


class DuplicatePair(models.Model):
    """Two entities of a list that may be one person; `first` is the older entry."""

    class State(models.TextChoices):
        OPEN = "open", _("To be looked at")
        MERGED = "merged", _("Merged")
        DIFFERENT = "different", _("Two different children")

    first = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="pairs_as_first")
    second = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="pairs_as_second")
    score = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list)  # codes of `forms.people.likeness`
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    found_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_once"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="duplicate_pair_in_order"
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="duplicate_newest")]
