"""Where: the tree of areas (county > town > village > group) and the schools in it. Nothing stands below this package.

Codes are GB/T 2260 and its extensions (6 digits county, 9 town, 12 village). `path` is the materialised path of codes,
each closed with a slash ("/610926/610926100/"), so that a prefix never takes in a neighbour.
"""

from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


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

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name
