"""What the calendar has asked for already: each item once for each child and date (domain report, section 4.3)."""

from django.db import models
from django.db.models import Q

from forms.models import Entity
from rules.models.task import Task
from server import clock


class Occasion(models.Model):
    """One item of the calendar for one child on one date; its row is what makes it happen only once.

    Without a child: something done for the rule set as a whole (a report told, a day's pass begun), its project named
    in the key.
    """

    entity = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.CASCADE, related_name="occasions"
    )
    rule_set = models.CharField(max_length=100)
    item = models.CharField(max_length=64)  # id of the item in section `calendar`
    key = models.CharField(max_length=120)  # "2027-03-01", "submission:uuid", "summer:2027", ...
    at = models.DateTimeField(default=clock.now)
    task = models.ForeignKey(
        Task, null=True, blank=True, on_delete=models.SET_NULL, related_name="occasions"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "rule_set", "item", "key"], name="occasion_once"
            ),
            models.UniqueConstraint(
                fields=["rule_set", "item", "key"],
                condition=Q(entity=None),
                name="occasion_of_all_once",
            ),
        ]
