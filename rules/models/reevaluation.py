"""All children under a release that came into force, in the background; and a release tried in the shadow."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from forms.models import Entity
from rules.models.evaluation import Evaluation
from rules.models.rule_set import Release, RuleSet
from server import clock
from server.people.models import Actor


class Reevaluation(models.Model):
    """One pass over all children after an activation: how far it is, and what came of it."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("Finished")
        SUPERSEDED = "superseded", _("Another release came into force")

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="reevaluations")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    last_entity = models.PositiveBigIntegerField(default=0)  # children up to this id are done
    summary = models.JSONField(default=dict)  # {"up", "down", "same", "opened", "cancelled", ...}
    actor = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]


class DayPass(models.Model):
    """One look at all children on one day, for what time alone has changed (birthdays, ends of windows)."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="day_passes")
    day = models.DateField()  # the site's
    looked_at = models.PositiveIntegerField(default=0)
    evaluated = models.PositiveIntegerField(default=0)  # those whose outcome is another today
    failed = models.PositiveIntegerField(default=0)
    last_entity = models.PositiveBigIntegerField(default=0)  # children up to this id are done
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule_set", "day"], name="day_pass_once")]


class ShadowResult(models.Model):
    """What a candidate says about a child beside the release in force; one row for each child, the newest."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="shadow_results")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="+")
    tier = models.CharField(max_length=20)  # of the candidate
    active_tier = models.CharField(max_length=20)
    differs = models.BooleanField(default=False)  # in tier, possible tier or tasks
    details = models.JSONField(default=dict)  # rules and tasks that differ
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "entity"], name="shadow_result_once")
        ]
        indexes = [models.Index(fields=["release", "differs", "-id"], name="shadow_differences")]
