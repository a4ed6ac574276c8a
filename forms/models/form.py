"""A Form and its versions. A FormVersion never changes once published; a change is a new version."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from forms.models.blob import Blob
from forms.models.key import Key
from forms.models.project import Project
from server import clock
from server.people.models import Actor, new_token


class FormQuerySet(models.QuerySet["Form"]):
    def alive(self) -> "FormQuerySet":
        return self.filter(deleted_at=None)

    def published(self) -> "FormQuerySet":
        return self.alive().filter(current__isnull=False)


class Form(models.Model):
    """One instrument, named by its xmlFormId within a project."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("of a form", "Open")
        CLOSING = (
            "closing",
            pgettext_lazy("of a form", "Closing"),
        )  # takes submissions, offers no download
        CLOSED = "closed", pgettext_lazy("of a form", "Closed")

    class Sensitivity(models.TextChoices):
        NORMAL = "normal", _("Normal")
        RESTRICTED = (
            "restricted",
            _("Restricted"),
        )  # F06: reading needs Verb.SUBMISSION_RESTRICTED

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="forms")
    xml_form_id = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    sensitivity = models.CharField(max_length=12, choices=Sensitivity, default=Sensitivity.NORMAL)
    current = models.ForeignKey(
        "forms.FormVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="current_of",
    )
    draft = models.ForeignKey(
        "forms.FormVersion",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="draft_of",
    )
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = FormQuerySet.as_manager()

    class Meta:
        ordering = ["xml_form_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "xml_form_id"],
                condition=Q(deleted_at=None),
                name="form_id_once",
            )
        ]


class FormVersion(models.Model):
    """What was uploaded (`sheet`), what phones get (`xml`), and what it means (`fields`, `entities`), as one row."""

    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=500)
    xml = models.BinaryField()
    md5 = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    fields = models.JSONField(default=list)  # forms.xlsform.field.Field.to_json, in document order
    entities = models.JSONField(default=list)  # EntityDeclaration.to_json
    languages = models.JSONField(default=list)
    sheet = models.ForeignKey(
        Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sheet_name = models.CharField(max_length=255, blank=True)
    warnings = models.JSONField(default=list)
    # phones encrypt with it: the server cannot read what comes in
    key = models.ForeignKey(
        Key, null=True, blank=True, on_delete=models.PROTECT, related_name="form_versions"
    )
    draft_token = models.CharField(max_length=64, default=new_token)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    publish_notes = models.TextField(blank=True)  # X-Action-Notes of the publishing

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["form", "version"],
                condition=Q(published_at__isnull=False),
                name="version_published_once",
            )
        ]


class FormAttachment(models.Model):
    """A file that the form names: uploaded (`blob`), or a list made for each phone (`dataset` or `places`)."""

    class Source(models.TextChoices):
        FILE = "file", _("Uploaded file")
        DATASET = "dataset", _("Entity list")
        PLACES = "places", _("Areas and schools")

    version = models.ForeignKey(FormVersion, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=10)  # image, audio, video, file
    source = models.CharField(max_length=10, choices=Source, default=Source.FILE)
    blob = models.ForeignKey(
        Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    dataset = models.ForeignKey(
        "forms.Dataset",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="form_attachments",
    )
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["version", "name"], name="attachment_once")]
