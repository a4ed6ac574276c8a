"""How many records a form has, kept so that nobody has to count a large table (`forms.registry.tallies`)."""

from django.db import models

from forms.models.form import Form
from server.places.models import Area, School


class RecordTally(models.Model):
    """The records of a form with keys up to `upto` are counted in its parts; drafts and deleted ones are not."""

    form = models.OneToOneField(Form, primary_key=True, on_delete=models.CASCADE, related_name="+")
    upto = models.BigIntegerField(default=0)


class RecordTallyPart(models.Model):
    """How many of them stand in one area and school."""

    tally = models.ForeignKey(RecordTally, on_delete=models.CASCADE, related_name="parts")
    area = models.ForeignKey(Area, null=True, on_delete=models.CASCADE, related_name="+")
    school = models.ForeignKey(School, null=True, on_delete=models.CASCADE, related_name="+")
    number = models.IntegerField(default=0)
