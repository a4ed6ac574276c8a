"""Documents beside a draft: one that was uploaded and waits for a decision, one that the draft took the place of."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rules.models.rule_set import RuleSet
from server import clock
from server.people.models import Actor


class DraftCopy(models.Model):
    """A document kept for a while: of each person the newest upload, of each rule set the newest replaced draft."""

    class Kind(models.TextChoices):
        PENDING = "pending", _("Waits for a decision")
        REPLACED = "replaced", _("Replaced")

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="draft_copies")
    kind = models.CharField(max_length=10, choices=Kind)
    document = models.JSONField(null=True)  # null: there was no draft
    filename = models.CharField(max_length=200, blank=True)
    actor = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    draft_version = models.PositiveIntegerField()  # of the draft at that moment
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule_set", "actor"], condition=Q(kind="pending"), name="draft_upload_once"
            ),
            models.UniqueConstraint(
                fields=["rule_set"], condition=Q(kind="replaced"), name="replaced_draft_once"
            ),
        ]
