"""A child that moves to another area or school: asked for on one side, accepted on the other."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from forms.models.dataset import Entity
from server import clock
from server.people.models import Actor
from server.places.models import Area, School


class Transfer(models.Model):
    """Until it is accepted the child stays where it is; 15 days are given (domain report, T_TRANSFER)."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waits for acceptance")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Reason(models.TextChoices):
        MOVED = "moved", _("The family moved")
        SCHOOL = "school", _("The child changed school")
        CARE = "care", _("Another caregiver")
        PARENTS = "parents", _("Went with the parents")
        MISTAKE = "mistake", _("Was registered in the wrong place")
        OTHER = "other", _("Another reason")

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="transfers")
    from_area = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    from_school = models.ForeignKey(
        School, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    from_class = models.CharField(max_length=50, blank=True)
    to_area = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    to_school = models.ForeignKey(
        School, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    to_class = models.CharField(max_length=50, blank=True)
    leaves_school = models.BooleanField(default=False)
    reason = models.CharField(max_length=10, choices=Reason)
    note = models.CharField(max_length=500, blank=True)
    moves_on = models.DateField()
    due_on = models.DateField()  # the site's day until which the other side should answer
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    requested_by = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity"], condition=Q(state="requested"), name="transfer_one_open"
            ),
            models.CheckConstraint(
                condition=Q(to_area__isnull=False)
                | Q(to_school__isnull=False)
                | Q(leaves_school=True),
                name="transfer_goes_somewhere",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="transfer_newest")]
