"""Where children live, as points: what changes around a point is told to the children near it."""

from django.db import models

from forms.models import Entity
from server import clock


class HomePosition(models.Model):
    """The home of one child on the map, from its newest submission that names it; kept up to date by evaluations."""

    entity = models.OneToOneField(Entity, on_delete=models.CASCADE, related_name="home_position")
    latitude = models.FloatField()
    longitude = models.FloatField()
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["latitude", "longitude"], name="home_position_box")]
