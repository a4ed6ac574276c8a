"""A project: forms, datasets and app users that belong together (ODK Central's notion)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from forms.models.key import Key
from server import clock
from server.people.models import AppUser


class ProjectQuerySet(models.QuerySet["Project"]):
    def alive(self) -> "ProjectQuerySet":
        return self.filter(deleted_at=None)


class Project(models.Model):
    name = models.CharField(_("Name"), max_length=200)
    description = models.TextField(blank=True)
    archived = models.BooleanField(default=False)
    # of managed encryption: every form of the project is encrypted with it
    key = models.ForeignKey(
        Key, null=True, blank=True, on_delete=models.PROTECT, related_name="projects"
    )
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = ProjectQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class ProjectAppUser(models.Model):
    """An app user belongs to one project and sees every open form of it, or only those in `forms`."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="app_user_links")
    app_user = models.OneToOneField(AppUser, on_delete=models.CASCADE, related_name="project_link")
    all_forms = models.BooleanField(default=True)
    # made by an administrator through the plain Central API: sees every row of the entity lists, as in Central.
    # Never inferred from a missing worker, or losing the worker would open the whole list to that phone.
    sees_all_entities = models.BooleanField(default=False)
    forms = models.ManyToManyField("forms.Form", blank=True, related_name="app_user_links")
