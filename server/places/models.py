"""Where: the tree of areas (county > town > village > group) and the schools in it. Nothing stands below this package.

Codes are GB/T 2260 and its extensions (6 digits county, 9 town, 12 village). `path` is the materialised path of codes,
each closed with a slash ("/610926/610926100/"), so that a prefix never takes in a neighbour.
"""

from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from server import clock


class AreaQuerySet(models.QuerySet["Area"]):
    def within(self, paths: Iterable[str]) -> "AreaQuerySet":
        """The areas at or below any of `paths`."""
        wanted = Q(pk__in=[])
        for path in paths:
            wanted |= Q(path__startswith=path)
        return self.filter(wanted)


class Area(models.Model):
    """One administrative area."""

    class Kind(models.TextChoices):
        COUNTY = "county", _("County")
        TOWN = "town", _("Town")
        VILLAGE = "village", _("Village")
        GROUP = "group", _("Group")

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    path = models.CharField(max_length=120, unique=True)
    closed_on = models.DateField(null=True, blank=True)
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="predecessors"
    )

    objects = AreaQuerySet.as_manager()

    class Meta:
        ordering = ["path"]
        constraints = [models.CheckConstraint(condition=~Q(path=""), name="area_has_path")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def path_of(cls, code: str, parent: "Area | None") -> str:
        """The path of an area `code` under `parent`."""
        return f"{parent.path if parent else '/'}{code}/"

    @property
    def ancestor_codes(self) -> list[str]:
        """Codes from the county down to this area, this one last."""
        return [code for code in self.path.split("/") if code]


class School(models.Model):
    """One school or kindergarten, standing in an area (its town, or its village)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="schools")
    closed_on = models.DateField(null=True, blank=True)
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="predecessors"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class SchoolClass(models.Model):
    """A class of a school in one school year ("2026": the year that begins in autumn 2026)."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="classes")
    year = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["-year", "name"]
        constraints = [
            models.UniqueConstraint(fields=["school", "year", "name"], name="school_class_once")
        ]


class Unit(models.Model):
    """A member unit of the joint conference, or an office of a town: it is renamed and taken over by others."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="units")
    closed_on = models.DateField(null=True, blank=True)
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="predecessors"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Boundary(models.Model):
    """The outline of an area: a GeoJSON Polygon or MultiPolygon in WGS 84. Large, so apart from the area."""

    area = models.OneToOneField(
        Area, primary_key=True, on_delete=models.CASCADE, related_name="boundary"
    )
    geometry = models.JSONField()


class FormerCode(models.Model):
    """A code that a place had once: phones send it until they have the new lists."""

    noun = models.CharField(max_length=10)
    code = models.CharField(max_length=20)
    place_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["noun", "code"], name="former_code_once")]


class Change(models.Model):
    """One change of a place with what was before and after. A rename gives the former name its last day."""

    class Deed(models.TextChoices):
        CREATE = "create", _("Created")
        RENAME = "rename", _("Renamed")
        RECODE = "recode", _("Given another code")
        MOVE = "move", _("Moved")
        CLOSE = "close", _("Closed")
        MERGE = "merge", _("Merged into another")
        REOPEN = "reopen", pgettext_lazy("place", "Opened again")

    noun = models.CharField(max_length=10)  # "area", "school", "unit"
    place_id = models.BigIntegerField()
    deed = models.CharField(max_length=10, choices=Deed)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    moved = models.JSONField(default=dict)  # of a merge: model -> keys of the rows that went along
    on = models.DateField()  # since when it holds
    source = models.CharField(max_length=200, blank=True)  # the document that orders it
    at = models.DateTimeField(default=clock.now)
    actor_id = models.BigIntegerField(null=True, blank=True)
    batch = models.CharField(max_length=32, blank=True)  # of one import
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["noun", "place_id", "id"], name="change_of_place"),
            models.Index(fields=["batch"], name="change_of_batch", condition=~Q(batch="")),
        ]


class Draft(models.Model):
    """An uploaded workbook that was looked at and not applied yet."""

    rows = models.JSONField()
    basis = models.CharField(
        max_length=64
    )  # fingerprint of the master data that it was compared with
    actor_id = models.BigIntegerField()
    created_at = models.DateTimeField(default=clock.now)
    applied_at = models.DateTimeField(null=True, blank=True)
