"""What a person was told: escalations, changes to review, tasks. The bell counts the unread ones."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from rules.models import Notice
from rules.pages.people import name_of
from rules.services.words import in_language
from server import clock
from server.people.web import me
from server.problems import NOT_FOUND, Problem
from server.shell.paging import page_of
from server.shell.templatetags.shell import masked

KINDS: dict[str, tuple[Promise, str]] = {
    "tier": (_("Tier"), "warning"),
    "mismatch": (_("Engines"), "rules"),
    "task": (_("New task"), "task"),
    "escalation": (_("Escalated to you"), "up"),
    "unassigned": (_("To assign"), "people"),
    "returned": (_("Sent back"), "task"),
    "appeal": (_("Objection"), "people"),
    "appeal_due": (_("Objection due"), "clock"),
    "appeal_late": (_("Objection late"), "warning"),
    "transfer": (_("Transfer"), "place"),
    "cause_gone": (_("Cause gone"), "task"),
    "calendar": (pgettext_lazy("of the rules", "Calendar"), "clock"),
    "release": (_("New rules"), "rules"),
    "rules": (pgettext_lazy("page", "Rules"), "rules"),
}


# where a notice leads that speaks of no child and no task
_ABOUT_NOBODY = {"release": "review", "rules": "rule_sets"}


@login_required
@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    """One's own notices, newest first."""
    mine = Notice.objects.filter(user=me(request)).select_related("entity", "task")
    unread = mine.filter(read_at=None)[:1].count()
    page = page_of(mine, request.GET)
    rows = [(one, *KINDS.get(one.kind, (one.kind, "bell")), *texts_of(one)) for one in page.rows]
    return render(request, "rules/notices.html", {"page": page, "rows": rows, "unread": unread})


def texts_of(notice: Notice) -> tuple[str, str]:
    """What it says and of whom, the child's name masked in both."""
    said = in_language(notice.text) if notice.text else ""
    if notice.entity is None:
        return said, ""
    name = masked(name_of(notice.entity))
    if notice.entity.label in said:
        return said.replace(notice.entity.label, name), ""
    return said, name


@login_required
@require_GET
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """To what it speaks of; it counts as read from now on."""
    found = Notice.objects.select_related("entity").filter(user=me(request), pk=notice_id).first()
    if found is None:
        raise Problem(NOT_FOUND)
    Notice.objects.filter(pk=found.pk, read_at=None).update(read_at=clock.now())
    if found.task_id:
        return redirect("task", found.task_id)
    if found.entity is None:
        return redirect(_ABOUT_NOBODY.get(found.kind, "notices"))
    return redirect("child", found.entity.uuid)


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """All of one's own notices count as read."""
    Notice.objects.filter(user=me(request), read_at=None).update(read_at=clock.now())
    return redirect("notices")
