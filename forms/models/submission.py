"""A Submission is the received record with its history; each SubmissionVersion keeps the raw XML and the typed data.

Neither XML nor data ever changes after it is written. `data` has the shape that OData reads out.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from forms.models.blob import Blob
from forms.models.form import Form, FormVersion
from server import clock
from server.people.models import Actor
from server.places.models import Area, School


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def alive(self) -> "SubmissionQuerySet":
        return self.filter(deleted_at=None)


class Submission(models.Model):
    """One received record, named by the instanceID of its first version."""

    class ReviewState(models.TextChoices):
        RECEIVED = "received", _("Received")
        EDITED = "edited", _("Edited")
        HAS_ISSUES = "hasIssues", _("Has issues")
        REJECTED = "rejected", _("Rejected")
        APPROVED = "approved", _("Approved")

    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="submissions")
    instance_id = models.CharField(max_length=255)
    is_draft = models.BooleanField(
        default=False
    )  # sent to test a draft; never registered nor evaluated
    submitter = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    device_id = models.CharField(max_length=255, blank=True)
    review_state = models.CharField(max_length=10, choices=ReviewState, null=True, blank=True)  # noqa: DJ001  the contract says null
    # where it belongs: the child's area and school once registered, the worker's before
    area = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    school = models.ForeignKey(
        School, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["form", "instance_id", "is_draft"], name="submission_once"
            )
        ]
        indexes = [
            models.Index(fields=["form", "-id"], name="submission_newest"),
            models.Index(
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False),
                name="submission_trash",
            ),
        ]


class SubmissionVersion(models.Model):
    """One edit of a submission, the first included."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="versions")
    form_version = models.ForeignKey(
        FormVersion, on_delete=models.PROTECT, related_name="submissions"
    )
    form = models.ForeignKey(
        Form, on_delete=models.PROTECT, related_name="+"
    )  # for uniqueness of instance ids
    is_draft = models.BooleanField(default=False)
    instance_id = models.CharField(max_length=255)
    deprecated_id = models.CharField(max_length=255, blank=True)
    instance_name = models.CharField(max_length=500, blank=True)
    is_current = models.BooleanField(default=True)
    xml = models.BinaryField()
    xml_sha256 = models.CharField(max_length=64)
    data = models.JSONField(default=dict)
    entities = models.JSONField(default=list)  # EntityOperation.to_json, as declared in the XML
    oddities = models.JSONField(
        default=list
    )  # answers that did not fit their question's type, kept as they came
    occurred_on = models.DateField(null=True, blank=True)  # the day the form speaks of, site's zone
    submitter = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    device_id = models.CharField(max_length=255, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)
    is_complete = models.BooleanField(default=True)  # False while a split upload still misses parts
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["form", "instance_id", "is_draft"], name="instance_once"
            ),
            models.UniqueConstraint(
                fields=["submission"],
                condition=Q(is_current=True),
                name="submission_one_current",
            ),
        ]


class SubmissionAttachment(models.Model):
    """A file of one version: named in the XML, or sent along."""

    version = models.ForeignKey(
        SubmissionVersion, on_delete=models.PROTECT, related_name="attachments"
    )
    name = models.CharField(max_length=255)
    blob = models.ForeignKey(
        Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_expected = models.BooleanField(default=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["version", "name"], name="submission_file_once")
        ]


class SubmissionReadout(models.Model):
    """The current version of a submission in the shapes that are read out (`forms.instance.readout`). Made with the
    version, replaced by an edit; where one is missing it is made when it is asked for.
    """

    submission = models.OneToOneField(
        Submission, primary_key=True, on_delete=models.CASCADE, related_name="readout"
    )
    # plain numbers to the database: each key would cost every post a look into another table
    version = models.ForeignKey(
        SubmissionVersion,
        on_delete=models.DO_NOTHING,  # goes with its submission
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    form_version = models.ForeignKey(
        FormVersion,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    edition = models.PositiveSmallIntegerField()
    is_encrypted = models.BooleanField(default=False)
    has_files = models.BooleanField(default=False)  # whether it is worth while to count them
    cells = models.TextField()
    odata = models.TextField()
    repeats = models.TextField(blank=True)
