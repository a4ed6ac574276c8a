"""What the calendar has asked for already: each item once for each child and date (domain report, section 4.3)."""

from django.db import models

from forms.models import Entity
from rules.models.task import Task
from server import clock


class Occasion(models.Model):
    """One item of the calendar for one child on one date; its row is what makes it happen only once."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="occasions")
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
            )
        ]
