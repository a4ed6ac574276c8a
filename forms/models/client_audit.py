"""What a phone logged while a record was filled in (`audit.csv`), read once and kept as rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from forms.models.blob import Blob
from server import clock


class ClientAudit(models.Model):
    """The rows of one audit file, however many records hold it; the file itself stays as it came.

    A faulty file keeps the rows that could be read, with what is wrong and in which line.
    """

    class Fault(models.TextChoices):
        TEXT = "text", _("it is not UTF-8 text")
        HEADINGS = "headings", _("its headings are not those of an audit")
        ROW = "row", _("a row does not fit the headings")
        TIME = "time", _("a time is no number")
        SIZE = "size", _("it is too large to be read")
        MISSING = "missing", _("it is missing from storage")

    blob = models.OneToOneField(
        Blob, primary_key=True, on_delete=models.CASCADE, related_name="client_audit"
    )
    columns = models.JSONField(default=list)  # as the file names them
    rows = models.JSONField(default=list)  # texts in the order of `columns`
    has_extras = models.BooleanField(default=False)  # user or change-reason
    fault = models.CharField(max_length=10, choices=Fault, blank=True)
    fault_line = models.PositiveIntegerField(null=True)  # 1 = the headings
    read_at = models.DateTimeField(default=clock.now)
