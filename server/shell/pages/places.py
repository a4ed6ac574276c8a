"""Areas, schools and units: what there is, one of them with its history, and the forms that change it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from server import clock
from server.masterdata import changing, ending, reading
from server.masterdata.boundaries import MAX_BYTES, feature_collection, import_boundaries
from server.masterdata.changing import Order
from server.masterdata.checks import KINDS, Place, check_reach, path_of
from server.people.access import require, scope_of
from server.people.roles import Verb
from server.people.web import me
from server.places.finding import MODELS, key_of
from server.places.models import Area, Boundary, SchoolClass
from server.problems import NOT_FOUND, TOO_LARGE, UNEXPECTED, Problem
from server.shell.problems import gettext as told

LIMIT = 200
NOUNS: dict[str, Callable[[Any], Any]] = {
    "area": reading.areas_of, "school": reading.schools_of, "unit": reading.units_of,
}  # fmt: skip


@login_required
@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """The areas below one (`under`), its schools and units; or what a word finds."""
    scope, asked = (
        _sight(request),
        {key: request.GET.get(key, "").strip()[:100] for key in ("q", "under")},
    )
    areas, schools, units = (of(scope) for of in NOUNS.values())
    above = areas.filter(code=asked["under"]).first() if asked["under"] else None
    if asked["q"]:
        word = Q(name__icontains=asked["q"]) | Q(code__startswith=asked["q"])
        areas, schools, units = areas.filter(word), schools.filter(word), units.filter(word)
    elif above:
        areas = areas.filter(parent=above)
        schools, units = schools.filter(area=above), units.filter(area=above)
    else:
        tops = () if scope.everywhere else scope.paths
        areas = areas.filter(Q(path__in=tops) if tops else Q(parent=None))
        schools = (
            schools.exclude(area__in=reading.areas_of(scope))
            if not scope.everywhere
            else schools.none()
        )
        units = units.none()
    context = {
        "areas": reading.counted(areas).select_related("parent").order_by("closed_on", "path")[:LIMIT],
        "schools": schools.select_related("area").order_by("code")[:LIMIT],
        "units": units.select_related("area").order_by("code")[:LIMIT],
        "above": above, "crumbs": _crumbs(above), "asked": asked, "may": _may(request, above),
    }  # fmt: skip
    return render(request, "shell/places.html", context)


@login_required
@require_GET
def place(request: HttpRequest, noun: str, key: int) -> HttpResponse:
    """One place with what it was, and what can be done with it."""
    return _page(request, noun, _one(request, noun, key))


@login_required
@require_POST
def change(request: HttpRequest, noun: str, key: int) -> HttpResponse:
    """Do what the pressed button says; a refusal is told on the page."""
    found, deed = _one(request, noun, key), DEEDS.get(request.POST.get("deed", ""))
    if deed is None:
        raise Problem(NOT_FOUND)
    require(me(request), Verb.PLACE_UPDATE)
    check_reach(me(request), path_of(found))
    try:
        deed(found, request.POST, _order(request))
    except Problem as problem:
        return _page(request, noun, found, problem.message_in(told))
    messages.success(request, _("Done. The change is kept in the history."))
    return redirect("place", noun=noun, key=key)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, noun: str) -> HttpResponse:
    """A new area, school or unit in the area `in`."""
    user, said = me(request), request.POST or request.GET
    require(user, Verb.PLACE_UPDATE)
    above = reading.areas_of(_sight(request)).filter(code=said.get("in", "")).first()
    if noun not in NOUNS or (above is None and noun != "area"):
        raise Problem(NOT_FOUND)
    check_reach(user, above.path if above else "")
    context: dict[str, Any] = {"noun": noun, "above": above, "said": said}
    if request.method == "POST":
        try:
            made = _create(noun, above, said, _order(request))
            return redirect("place", noun=noun, key=made.pk)
        except Problem as problem:
            context["error"] = problem.message_in(told)
    return render(
        request, "shell/place_new.html", context, status=422 if "error" in context else 200
    )


@login_required
@require_POST
def boundaries(request: HttpRequest) -> HttpResponse:
    """Store the outlines of an uploaded GeoJSON."""
    user, file = me(request), request.FILES.get("file")
    require(user, Verb.PLACE_UPDATE)
    try:
        if file is None or (file.size or 0) > MAX_BYTES:
            raise Problem(TOO_LARGE, limit=f"{MAX_BYTES // 1024 // 1024} MB")
        done = import_boundaries(file.read(), user)
    except Problem as problem:
        messages.error(request, problem.message_in(told))
    else:
        text = _("%(stored)s boundaries are stored; %(unknown)s codes are no area's: %(some)s")
        some = ", ".join(done.unknown[:10]) or "—"
        messages.success(
            request, text % {"stored": done.stored, "unknown": len(done.unknown), "some": some}
        )
    return redirect("places")


@login_required
@require_GET
def outlines(request: HttpRequest) -> HttpResponseBase:
    """The outlines within the reader's areas as GeoJSON."""
    response = StreamingHttpResponse(
        feature_collection(_sight(request)), content_type="application/geo+json"
    )
    response["Content-Disposition"] = 'attachment; filename="boundaries.geojson"'
    return response


def _create(noun: str, above: Area | None, said: Any, order: Order) -> Place:
    code, name = said.get("code", "").strip(), said.get("name", "")
    if noun != "area" and above is not None:
        return changing.create_placed(noun, code, name, above, order, said.get("name_en", ""))
    kind = KINDS[(KINDS.index(above.kind) + 1) if above else 0 :][:1]
    if not kind:
        raise Problem(NOT_FOUND)
    return changing.create_area(code, name, kind[0], above, order, said.get("name_en", ""))


def _rename(found: Place, said: Any, order: Order) -> None:
    changing.rename(found, said.get("name", ""), order, said.get("name_en", ""))


def _recode(found: Place, said: Any, order: Order) -> None:
    changing.recode(found, said.get("code", "").strip(), order)


def _move(found: Place, said: Any, order: Order) -> None:
    changing.move(found, _named("area", said), order)  # type: ignore[arg-type]


def _merge(found: Place, said: Any, order: Order) -> None:
    ending.merge(
        found, _named("area" if isinstance(found, Area) else found._meta.model_name, said), order
    )


def _close(found: Place, said: Any, order: Order) -> None:
    ending.close(found, order)


def _reopen(found: Place, said: Any, order: Order) -> None:
    changing.reopen(found, order)


def _undo(found: Place, said: Any, order: Order) -> None:
    noun = found._meta.model_name or ""
    last = reading.history_of(noun, found.pk).last
    if str(last) != said.get("change"):
        raise Problem(NOT_FOUND)
    ending.undo(last or 0, order)


DEEDS: dict[str, Callable[[Place, Any, Order], None]] = {
    "rename": _rename, "recode": _recode, "move": _move, "merge": _merge, "close": _close,
    "reopen": _reopen, "undo": _undo,
}  # fmt: skip


def _named(noun: str | None, said: Any) -> Place:
    code = said.get("into", "").strip()
    key = key_of(noun or "", code)
    if key is None:
        raise Problem(
            UNEXPECTED, field="code", value=code[:40], reason=_("there is no such place.")
        )
    return MODELS[noun or ""]._default_manager.get(pk=key)


def _order(request: HttpRequest) -> Order:
    said = request.POST
    try:
        day = parse_date(said.get("on", "")) if said.get("on") else clock.today()
    except ValueError:
        day = None
    if day is None:
        raise Problem(
            UNEXPECTED, field="on", value=said.get("on", "")[:20], reason=_("this is no date.")
        )
    return Order(me(request), day, said.get("source", ""))


def _sight(request: HttpRequest) -> Any:
    scope = reading.sight_of(me(request))
    if not scope:
        require(me(request), Verb.PROJECT_READ)
    return scope


def _one(request: HttpRequest, noun: str, key: int) -> Place:
    if noun not in NOUNS:
        raise Problem(NOT_FOUND)
    home = "parent" if noun == "area" else "area"
    rows = NOUNS[noun](_sight(request)).select_related(home, "successor")
    found: Place | None = rows.filter(pk=min(key, 2**62)).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _may(request: HttpRequest, above: Area | None) -> bool:
    scope = scope_of(me(request), Verb.PLACE_UPDATE)
    return scope.covers(above.path) if above else bool(scope)


def _crumbs(area: Area | None) -> list[Area]:
    if area is None:
        return []
    return list(Area.objects.filter(code__in=area.ancestor_codes[:-1]).order_by("path"))


def _page(request: HttpRequest, noun: str, found: Place, error: str = "") -> HttpResponse:
    area = found if isinstance(found, Area) else found.area
    scope = scope_of(me(request), Verb.PLACE_UPDATE)
    context: dict[str, Any] = {
        "noun": noun, "place": found, "area": area, "crumbs": [*_crumbs(area), *([area] if noun != "area" else [])],
        "history": reading.history_of(noun, found.pk), "may": scope.covers(area.path), "error": error,
        "today": clock.today(),
    }  # fmt: skip
    if noun == "area":
        context["is_outlined"] = Boundary.objects.filter(area=found.pk).exists()
        context["schools"] = area.schools.order_by("code")[:LIMIT]
    if noun == "school":
        context["classes"] = SchoolClass.objects.filter(school=found.pk)[:LIMIT]
    return render(request, "shell/place_page.html", context, status=422 if error else 200)
