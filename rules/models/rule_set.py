"""A rule set, its draft, and its releases. A Release never changes; rolling back activates an earlier one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from forms.models import Project
from server import clock
from server.people.models import Actor


class RuleSet(models.Model):
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="rule_sets")
    name = models.CharField(max_length=100)
    dataset = models.CharField(max_length=120, default="child")  # whose entities it classifies
    draft = models.JSONField(null=True, blank=True)
    draft_updated_at = models.DateTimeField(null=True, blank=True)
    draft_updated_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    draft_version = models.PositiveIntegerField(
        default=0
    )  # rises with each change: the draft's ETag
    active = models.ForeignKey(
        "rules.Release",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="active_of",
    )
    # evaluated beside the release in force, acting on nothing
    candidate = models.ForeignKey(
        "rules.Release",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="candidate_of",
    )
    shadow_since = models.DateTimeField(null=True, blank=True)
    shadow_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="rule_set_once")]


class Release(models.Model):
    """A published version of a rule set, byte for byte reproducible (`sha256` of the canonical document)."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        RETIRED = "retired", _("Retired")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        TRIAL = "trial", _("On trial")  # a draft frozen to be compared only, never in force

    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    note = models.TextField(blank=True)
    answer = models.TextField(blank=True)  # why it was refused, withdrawn or not activated
    author = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # who changed the document last before it was asked for: no approver either
    editor = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approver = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)
    approved_at = models.DateTimeField(null=True, blank=True)
    activate_at = models.DateTimeField(null=True, blank=True)  # approved for this moment
    activated_at = models.DateTimeField(null=True, blank=True)
    # what was in force when this was asked for: the other side of the comparison
    base = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    simulation = models.ForeignKey(
        "rules.Simulation", null=True, blank=True, on_delete=models.PROTECT, related_name="releases"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "number"], name="release_number_once")
        ]
