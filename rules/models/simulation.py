"""A trial of a rule set over the children as they are known, acting on nothing (design.md §1.5)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from forms.models import Entity
from rules.models.rule_set import Release, RuleSet
from server import clock
from server.people.models import Actor


class Simulation(models.Model):
    """Two documents over the same children as of one day; background work with progress."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="simulations")
    base = models.ForeignKey(
        Release, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )  # the old side
    document = models.JSONField()  # the new side, frozen: the draft or a release at that moment
    sha256 = models.CharField(max_length=64)  # of that document
    label = models.CharField(max_length=60)  # "draft" or the number of a release
    as_of = models.DateField()  # the site's day
    scope = models.JSONField(default=dict)  # {"area": id, "sample": n, "seed": n}; {}: all
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)  # children to look at; 0: not yet counted
    done = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)  # the sums: matrix, tasks, unknown facts, groups
    error = models.TextField(blank=True)
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_asked = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]


class Move(models.Model):
    """A child whom a simulation puts into another tier, with the rules that decide it."""

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="moves")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="+")
    old_tier = models.CharField(max_length=20)
    new_tier = models.CharField(max_length=20)
    old_rank = models.SmallIntegerField()
    new_rank = models.SmallIntegerField()
    rules = models.JSONField(default=list)  # [{"id", "old", "new"}], true|false|unknown|absent

    class Meta:
        indexes = [models.Index(fields=["simulation", "-new_rank", "id"], name="move_order")]
