"""What the rules floor adds to the menu."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from rules.models import Notice, Task
from server import clock
from server.people.access import can
from server.people.models import User
from server.people.roles import Verb
from server.shell.menu import Item

MOST = 99  # what a count in the menu goes up to


def items(user: User) -> Iterator[Item]:
    """The queue of decisions, the children, the tasks and what people were told.

    Reviewers begin at the queue, field workers at their tasks, who designs forms elsewhere.
    """
    designs = can(user, Verb.FORM_UPDATE)
    if can(user, Verb.TIER_REVIEW):
        yield Item(_("Review"), reverse("review"), "queue", home=0 if designs else 2)
    if can(user, Verb.ENTITY_READ):
        yield Item(_("Children"), reverse("children"), "child")
    if can(user, Verb.TASK_READ):
        late = Task.objects.filter(assignee=user, due_at__lt=clock.now())
        late = late.filter(state__in=(Task.State.OPEN, Task.State.ACCEPTED))
        count = late[:MOST].count()
        yield Item(_("Tasks"), reverse("tasks"), "task", count, home=0 if designs else 1)
    if can(user, Verb.RULES_READ):
        yield Item(pgettext("page", "Rules"), reverse("rule_sets"), "rules")
    unread = Notice.objects.filter(user=user, read_at=None)[:MOST].count()
    yield Item(_("Notices"), reverse("notices"), "bell", unread)
