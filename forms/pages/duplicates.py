"""Children who may have been registered twice: the pairs, both entries side by side, merging and undoing."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from forms.models import DuplicatePair, Entity, Merge
from forms.pages.column_words import ColumnWords
from forms.services.duplicates import Side, may_decide, open_pairs, pair_of, side_of, tell_apart
from forms.services.merging import LABEL, OWN_COLUMNS, choices_between, merge_entities, undo_merge
from forms.services.visibility import entities_for
from server.journal.services import record
from server.people.access import require, scope_of
from server.people.models import User
from server.people.roles import Verb
from server.people.web import me
from server.problems import FORBIDDEN, NOT_FOUND, Problem
from server.shell.paging import page_of

REASONS: dict[str, Promise] = {
    "id_number": gettext_lazy("the same identity number"),
    "name": gettext_lazy("the same name"),
    "name_sounds": gettext_lazy("names that sound alike"),
    "born": gettext_lazy("the same birthday"),
    "mother": gettext_lazy("the same mother"),
    "sex": gettext_lazy("the same sex"),
    "other_born": gettext_lazy("another birthday"),
    "other_mother": gettext_lazy("another mother"),
    "other_sex": gettext_lazy("another sex"),
}
SURE, LIKELY = 90, 70


@dataclass(frozen=True, slots=True)
class Row:
    """A pair as the reader sees it."""

    pair: DuplicatePair
    sides: tuple[Side, Side]
    reasons: list[tuple[str, bool]]  # in words, and whether it speaks for one child
    tone: str


@dataclass(frozen=True, slots=True)
class Line:
    """A property of both entries; `differs`: it is to be chosen."""

    name: str
    word: str
    one: str
    other: str
    differs: bool


@login_required
@require_GET
def duplicates(request: HttpRequest) -> HttpResponse:
    """The open pairs of the reader's areas, newest first."""
    user = me(request)
    require(user, Verb.ENTITY_UPDATE)
    page = page_of(open_pairs(user), request.GET)
    scope = scope_of(user, Verb.ENTITY_READ)
    rows = [row_of(pair, scope) for pair in page.rows]
    return render(request, "forms/people/duplicates.html", {"page": page, "rows": rows})


def row_of(pair: DuplicatePair, scope: Any) -> Row:
    """A pair in words."""
    told = [(str(REASONS.get(code, code)), not code.startswith("other_")) for code in pair.reasons]
    tone = "bad" if pair.score >= SURE else "warn" if pair.score >= LIKELY else ""
    sides = (side_of(pair.first, scope), side_of(pair.second, scope))
    return Row(pair, sides, told, tone)


@login_required
@require_GET
def duplicate(request: HttpRequest, pair_id: int) -> HttpResponse:
    """Both entries side by side with all that is known; that they were looked at is journalled."""
    user = me(request)
    require(user, Verb.ENTITY_UPDATE)
    pair = pair_of(user, pair_id)
    scope = scope_of(user, Verb.ENTITY_READ)
    decides = may_decide(user, pair)
    if decides:
        for one in (pair.first, pair.second):
            project_id = one.dataset.project_id
            subject = f"entity:{one.uuid}"
            record("entity.reveal", actor=user, subject=subject, project_id=project_id)
    context = {
        "row": row_of(pair, scope),
        "may_decide": decides and pair.state == DuplicatePair.State.OPEN,
        "may_read": decides,
        "lines": lines_of(pair.first, pair.second) if decides else [],
        "merge": _merge_of(pair) if decides else None,
        "records": [one.subjects.count() for one in (pair.first, pair.second)],
    }
    return render(request, "forms/people/duplicate.html", context)


def lines_of(one: Entity, other: Entity) -> list[Line]:
    """Every property of either, those that differ first."""
    words = ColumnWords.of(one.dataset)
    # the database need not keep the order in which properties came
    differ = sorted(choices_between(one, other), key=lambda choice: words.place(choice.name))
    found = [
        Line(
            choice.name,
            str(_("Label")) if choice.name == LABEL else words.title(choice.name),
            words.answer(choice.name, choice.one),
            words.answer(choice.name, choice.other),
            True,
        )
        for choice in differ
    ]
    same = [
        name
        for name, text in one.data.items()
        if text and other.data.get(name) == text and name not in OWN_COLUMNS
    ]
    for name in sorted(same, key=words.place):
        text = words.answer(name, str(one.data[name]))
        found.append(Line(name, words.title(name), text, text, False))
    return found


def _merge_of(pair: DuplicatePair) -> Merge | None:
    ends = (pair.first_id, pair.second_id)
    rows = Merge.objects.filter(survivor__in=ends, loser__in=ends, undone_at=None)
    return rows.select_related("survivor", "loser", "actor").first()


@login_required
@require_POST
def merge(request: HttpRequest, pair_id: int) -> HttpResponse:
    """Make one of them; "keep" is "first" or "second", a property's own field says whose value stays."""
    user = me(request)
    pair = _to_decide(user, pair_id)
    keeps_first = request.POST.get("keep", "first") != "second"
    survivor, loser = (pair.first, pair.second) if keeps_first else (pair.second, pair.first)
    whose = "second" if keeps_first else "first"
    taken = [
        one.name
        for one in choices_between(survivor, loser)
        if request.POST.get(f"of-{one.name}") == whose
    ]
    merge_entities(survivor, loser, taken, actor=user, note=request.POST.get("note", "")[:500])
    messages.success(request, _("The two entries are one now. It can be undone here."))
    return redirect("duplicate", pair_id=pair.pk)


@login_required
@require_POST
def different(request: HttpRequest, pair_id: int) -> HttpResponse:
    """They are two children."""
    user = me(request)
    pair = _to_decide(user, pair_id)
    tell_apart(pair, note=request.POST.get("note", "")[:500], actor=user)
    messages.success(request, _("Noted: two different children."))
    return redirect("duplicates")


@login_required
@require_POST
def undo(request: HttpRequest, merge_id: int) -> HttpResponse:
    """Make two entries of it again."""
    user = me(request)
    require(user, Verb.ENTITY_UPDATE)
    found = Merge.objects.select_related("survivor__dataset", "loser").filter(pk=merge_id).first()
    if found is None:
        raise Problem(NOT_FOUND)
    seen = entities_for(user, found.survivor.dataset, Verb.ENTITY_UPDATE)
    if seen.filter(pk__in=(found.survivor_id, found.loser_id)).count() != 2:
        raise Problem(NOT_FOUND)
    undo_merge(found, actor=user, note=request.POST.get("note", "")[:500])
    messages.success(request, _("There are two entries again."))
    ends = sorted((found.survivor_id, found.loser_id))
    pair = DuplicatePair.objects.filter(first=ends[0], second=ends[1]).first()
    return redirect("duplicate", pair_id=pair.pk) if pair else redirect("duplicates")


def _to_decide(user: User, pair_id: int) -> DuplicatePair:
    require(user, Verb.ENTITY_UPDATE)
    pair = pair_of(user, pair_id)
    if not may_decide(user, pair):
        raise Problem(FORBIDDEN)
    return pair
