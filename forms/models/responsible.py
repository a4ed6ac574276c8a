"""The five named responsible persons of a child (policy: kin, village, school, society, law), with their history."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from forms.models.dataset import Entity
from server import clock
from server.people.models import Actor


class Network(models.TextChoices):
    """The five networks of care."""

    KIN = "kin", _("Kin")
    VILLAGE = "village", pgettext_lazy("network of care", "Village")
    SCHOOL = "school", pgettext_lazy("network of care", "School")
    SOCIETY = "society", _("Society")
    LAW = "law", _("Law")


class ResponsiblePerson(models.Model):
    """One person for one network of one child, from `since` to before `until` (days of the site; None: still)."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="responsible")
    network = models.CharField(max_length=10, choices=Network)
    name = models.CharField(max_length=100)
    phone = models.CharField(max_length=30, blank=True)
    post = models.CharField(max_length=100, blank=True)  # grandmother, village secretary, ...
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    set_by = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=clock.now)
    ended_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "network"],
                condition=Q(until=None),
                name="responsible_one_now",
            )
        ]
