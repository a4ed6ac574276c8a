"""Work for a person. A task's identity is (rule set, child, task code, episode): re-evaluation never duplicates it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from forms.models import Entity, Submission
from server import clock
from server.people.models import Actor, User
from server.people.roles import Role
from server.places.models import Area, School


class Task(models.Model):
    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        VERIFYING = "verifying", _("Done, to be verified")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused by the family")
        FAILED = "failed", _("Not done")
        CANCELLED = "cancelled", _("Cancelled")

    LIVE = (State.OPEN, State.ACCEPTED, State.VERIFYING)

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="tasks")  # the child
    delivery = models.OneToOneField(
        Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="task"
    )  # its entity in dataset `task`, on the assignee's phone
    rule_set = models.CharField(max_length=100)
    code = models.CharField(max_length=60)
    episode = models.PositiveIntegerField(default=1)
    rules = models.JSONField(default=list)  # ids of the rules that ask for it now
    dimension = models.CharField(max_length=20, blank=True)
    title = models.JSONField(default=dict)  # {"zh":…, "en":…} as of opening
    why = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    tier = models.CharField(max_length=20, blank=True)  # highest tier of its rules: priority
    rank = models.SmallIntegerField(default=0)
    role = models.CharField(max_length=20, choices=Role)  # who must do it
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="tasks"
    )
    area = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    school = models.ForeignKey(
        School, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField()
    escalation = models.JSONField(default=list)  # [{"at": iso, "to": role}], what is still to come
    escalated_to = models.CharField(max_length=20, blank=True)
    escalate_at = models.DateTimeField(null=True, blank=True)
    needs_verification = models.BooleanField(default=False)
    done_by = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by_submission = models.ForeignKey(
        Submission, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cause_gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule_set", "entity", "code", "episode"], name="task_once"
            ),
            models.UniqueConstraint(
                fields=["rule_set", "entity", "code"],
                condition=Q(state__in=["open", "accepted", "verifying"]),
                name="task_one_live",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="task_due"),
            models.Index(
                fields=["escalate_at"],
                name="task_escalation",
                condition=Q(escalate_at__isnull=False),
            ),
        ]


class TaskEvent(models.Model):
    """One line of a task's history."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(
        Actor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(
        max_length=20
    )  # opened, rules_changed, assigned, accepted, done, verified, escalated, ...
    note = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]


class Notice(models.Model):
    """A message to a person inside the product: an escalation, an engine mismatch, a change to review."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=30)
    entity = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    task = models.ForeignKey(
        Task, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.JSONField(default=dict)  # {"zh":…, "en":…}
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-id"], name="notice_newest")]
