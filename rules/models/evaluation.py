"""One run of a release over a child's facts, with its whole trace. Written once, never changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from forms.models import Entity
from rules.models.rule_set import Release
from server import clock


class Evaluation(models.Model):
    class Change(models.TextChoices):
        NONE = "", _("No change")
        FIRST = "first", _("First evaluation")
        LIFE = "life", _("The answers changed")
        TIME = "time", _("Only time has passed")
        RULES = "rules", _("The rules changed")
        BOTH = "both", _("Answers and rules changed")

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="evaluations")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="evaluations")
    as_of = models.DateTimeField()  # the moment whose facts were used
    created_at = models.DateTimeField(default=clock.now)
    cause = models.CharField(max_length=60)  # "submission.created", "release", "sweep", ...
    cause_subject = models.CharField(max_length=120, blank=True)  # "submission:uuid"
    facts = models.JSONField()  # name -> {value, form, date, instanceId}
    decision = models.JSONField()  # design.md section 7, Decision JSON
    digest = models.CharField(
        max_length=64
    )  # of facts and decision: the same again is not stored twice
    tier = models.CharField(max_length=20)
    possible_tier = models.CharField(max_length=20)
    score = models.IntegerField()
    score_possible = models.IntegerField()
    is_insufficient = models.BooleanField(default=False)
    engine_state = models.CharField(max_length=12, default="ok")  # ok, mismatch, unavailable

    # why the outcome is another than before: told apart by the facts of now under the rules of then
    change = models.CharField(max_length=8, choices=Change, default=Change.NONE, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["entity", "-id"], name="evaluation_newest")]
