"""Datasets of entities, by ODK Entities: a child is an Entity of dataset `child`, with every version kept."""

from django.db import models
from django.db.models import Q

from forms.models.project import Project
from forms.models.submission import Submission, SubmissionVersion
from server import clock
from server.people.models import Actor
from server.places.models import Area, School


class Dataset(models.Model):
    """A list of entities; the three `*_property` names say which properties place an entity in an area, school,
    class.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="datasets")
    name = models.CharField(max_length=120)
    approval_required = models.BooleanField(default=False)
    area_property = models.CharField(max_length=120, blank=True)
    school_property = models.CharField(max_length=120, blank=True)
    class_property = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(
        default=clock.now
    )  # of any entity in it: part of the list's cache key
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="dataset_once")]


class DatasetProperty(models.Model):
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="properties")
    name = models.CharField(max_length=120)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["dataset", "name"], name="property_once")]


class EntityQuerySet(models.QuerySet["Entity"]):
    def alive(self) -> "EntityQuerySet":
        return self.filter(deleted_at=None)


class Entity(models.Model):
    """The present state of one entity: label and properties after its newest version."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="entities")
    uuid = models.UUIDField()
    label = models.CharField(max_length=500)
    data = models.JSONField(default=dict)  # property -> text
    version = models.PositiveIntegerField(default=1)
    conflict = models.CharField(max_length=4, blank=True)  # "", "soft", "hard"
    area = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    school = models.ForeignKey(
        School, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    class_name = models.CharField(max_length=50, blank=True)
    # tasks are for one worker: the list on that worker's phone holds them
    worker = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = EntityQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "uuid"], name="entity_once")]
        indexes = [models.Index(fields=["dataset", "area"], name="entity_area")]


class EntityVersion(models.Model):
    """One state of an entity and where it came from. Never changes."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    label = models.CharField(max_length=500)
    data = models.JSONField(default=dict)
    data_received = models.JSONField(default=dict)
    base_version = models.PositiveIntegerField(null=True, blank=True)
    trunk_version = models.PositiveIntegerField(null=True, blank=True)
    branch_id = models.CharField(max_length=64, blank=True)
    branch_base_version = models.PositiveIntegerField(null=True, blank=True)
    conflict = models.CharField(max_length=4, blank=True)
    conflicting_properties = models.JSONField(default=list)
    # written by the server into its own columns (tier, tasks): phones must see a new version,
    # but it conflicts with nothing
    is_annotation = models.BooleanField(default=False)
    source = models.ForeignKey(
        SubmissionVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="entity_versions",
    )
    created_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "version"], name="entity_version_once"),
            models.UniqueConstraint(
                fields=["entity", "source"],
                condition=Q(source__isnull=False),
                name="entity_source_once",
            ),
        ]


class HeldUpdate(models.Model):
    """An entity operation that cannot be applied yet (its create or an earlier update is missing), or may not be
    (outside the worker's scope): kept with the reason, shown to the coordinator, never lost."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="held")
    uuid = models.CharField(max_length=64)
    source = models.ForeignKey(
        SubmissionVersion, on_delete=models.PROTECT, related_name="held_updates"
    )
    operation = models.JSONField()
    reason = models.CharField(
        max_length=30
    )  # "waiting", "out_of_scope", "unknown_entity", "invalid"
    created_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["dataset", "uuid"],
                name="held_entity",
                condition=Q(settled_at=None),
            )
        ]


class Subject(models.Model):
    """A submission is about an entity: it created or updated it, or selected it from its list. The timeline and
    facts.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="subjects")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="subjects")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "entity"], name="subject_once")
        ]
