"""The tier of a child: what is in force, what is proposed, and every decision about it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from forms.models import Entity
from rules.models.evaluation import Evaluation
from server import clock
from server.people.models import Actor


class TierState(models.Model):
    """Where one child stands now. `needs_review` puts it into the review queue, with the reason."""

    class Review(models.TextChoices):
        NONE = "", _("Nothing to review")
        NEW = "new", _("First tier")
        UP = "up", _("Tier went up")
        DOWN = "down", _("Tier may go down")
        INSUFFICIENT = "insufficient", _("Insufficient information")
        MISMATCH = "mismatch", _("Engines disagree")
        SECOND = "second", _("Waits for a second person")

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, related_name="tier_state")
    tier = models.CharField(max_length=20, blank=True)  # in force; "" before the first decision
    since = models.DateTimeField(null=True, blank=True)
    proposed = models.CharField(max_length=20, blank=True)
    previous = models.CharField(max_length=20, blank=True)
    rank = models.SmallIntegerField(
        default=0
    )  # of the proposed (else current) tier, for sorting: red highest
    review = models.CharField(max_length=12, choices=Review, default=Review.NONE, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    evaluation = models.ForeignKey(
        Evaluation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    overridden_until = models.DateField(null=True, blank=True)
    override_floor = models.CharField(max_length=20, blank=True)
    requested_tier = models.CharField(
        max_length=20, blank=True
    )  # a downgrade that waits for the second person
    requested_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [
            models.Index(
                fields=["-rank", "waiting_since"],
                name="review_queue",
                condition=~Q(review=""),
            )
        ]


class TierDecision(models.Model):
    """One change or confirmation of a tier: by the rules (red acts at once) or by a person with a reason."""

    class Action(models.TextChoices):
        AUTOMATIC = "automatic", _("By the rules")
        CONFIRM = "confirm", _("Confirmed")
        OVERRIDE = "override", _("Overridden")
        REQUEST = "request", _("Downgrade requested")
        APPROVE = "approve", _("Downgrade approved")
        REFUSE = "refuse", _("Downgrade refused")
        EXPIRE = "expire", _("Override expired")

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="tier_decisions")
    action = models.CharField(max_length=10, choices=Action)
    from_tier = models.CharField(max_length=20, blank=True)
    to_tier = models.CharField(max_length=20)
    evaluation = models.ForeignKey(
        Evaluation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason_code = models.CharField(max_length=20, blank=True)  # policy, discretionary, exception
    reason = models.TextField(blank=True)
    until = models.DateField(null=True, blank=True)
    rules = models.JSONField(default=list)  # ids that were true in the evaluation decided about
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]


class Appeal(models.Model):
    """Somebody objects to a child's tier: a person looks again within 15 days and answers in writing (domain 7.4)."""

    class State(models.TextChoices):
        OPEN = "open", _("To be decided")
        UPHELD = "upheld", _("Tier changed")
        DISMISSED = "dismissed", _("Tier stands")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class By(models.TextChoices):
        CHILD = "child", _("The child")
        GUARDIAN = "guardian", _("A guardian")
        VILLAGE = "village", _("The village committee, for them")
        WORKER = "worker", _("A worker")

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="appeals")
    by = models.CharField(max_length=10, choices=By)
    name = models.CharField(max_length=100, blank=True)  # of the person who objects
    contact = models.CharField(max_length=100, blank=True)
    grounds = models.TextField()
    received_on = models.DateField()  # the site's day
    due_on = models.DateField()  # received_on + 15 days
    tier = models.CharField(max_length=20)  # that is objected to
    evaluation = models.ForeignKey(
        Evaluation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    answer = models.TextField(blank=True)  # in writing, with the rules that hold
    decided_tier = models.CharField(max_length=20, blank=True)
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")  # who took it down
    decided_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity"], condition=Q(state="open"), name="appeal_one_open"
            )
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="appeal_due")]
