"""A public link: an address that anybody may open to fill one form (ODK Central's public access links).

It is an Actor, so that records and the journal name it. It reads nothing of a register unless somebody said so.
"""

from typing import ClassVar

from django.db import models

from forms.models.form import Form
from server import clock
from server.people.models import Actor, new_token
from server.places.models import Area


class PublicLinkQuerySet(models.QuerySet["PublicLink"]):
    def alive(self) -> "PublicLinkQuerySet":
        return self.filter(deleted_at=None, form__deleted_at=None, form__project__deleted_at=None)

    def usable(self) -> "PublicLinkQuerySet":
        return self.alive().filter(revoked_at=None)


PublicLinkManager = models.Manager.from_queryset(PublicLinkQuerySet)


class PublicLink(Actor):
    """Kept readable like the key of a phone, because its address is copied and printed again."""

    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="public_links")
    token = models.CharField(max_length=64, unique=True, default=new_token)
    # Central's `once`: each respondent sends one record; see `PublicLinkUse`
    once = models.BooleanField(default=False)
    # ours: where its records belong, and whose villages and schools its lists name; none for nowhere
    area = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # ours: the rows of entity lists there, which are names of children: never unless somebody wants it
    sees_entities = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[PublicLinkManager] = PublicLinkManager()


class PublicLinkUse(models.Model):
    """A respondent (the device ID of a browser, "" for one that names none) has sent a record by a once-link."""

    link = models.ForeignKey(PublicLink, on_delete=models.CASCADE, related_name="uses")
    device_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "device_id"], name="public_link_used_once")
        ]
