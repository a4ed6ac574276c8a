"""Public links: made, changed, ended, and what one opens (the contract's Public Access Links).

A link fills its own form and reads nothing else. Of entity lists it sees the rows that its maker wanted it to see, none
otherwise; its records belong to its area.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from forms import problems
from forms.models import Form, PublicLink, PublicLinkUse
from server import clock
from server.accounts.properties import checked_properties, set_properties
from server.journal.services import record
from server.people.access import Scope, scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.places.models import Area
from server.problems import FORBIDDEN, NOT_FOUND, UNEXPECTED, Problem


def link_of(token: str) -> PublicLink:
    """The link with this token, with its form, project and area. Problem 403.1 where there is none, or it was ended."""
    rows = PublicLink.objects.usable().select_related("form__project", "form__current", "area")
    found = rows.defer("form__current__xml", "form__current__fields").filter(token=token).first()
    if found is None:
        raise Problem(FORBIDDEN)
    return found


def is_open(link: PublicLink) -> bool:
    """Whether somebody may begin to fill the form now: it is published and neither closing nor closed."""
    return link.form.current_id is not None and link.form.state == Form.State.OPEN


def is_used(link: PublicLink, device_id: str) -> bool:
    """Whether this respondent has sent the one record that a once-link takes of each."""
    return link.once and link.uses.filter(device_id=device_id).exists()


def take_turn(link: PublicLink, device_id: str) -> None:
    """Note a new record of this respondent, in the transaction that stores it. Problem LINK_USED.

    Of two at the same moment the second meets the constraint (IntegrityError), tries again and is refused.
    """
    if not link.once:
        return
    if is_used(link, device_id):
        raise Problem(problems.LINK_USED)
    PublicLinkUse.objects.create(link=link, device_id=device_id)


@transaction.atomic
def create_link(
    form: Form,
    display_name: str,
    *,
    actor: Actor,
    once: bool = False,
    area: Area | None = None,
    sees_entities: bool = False,
    properties: Any = None,
) -> PublicLink:
    """A link to `form`, for records of `area`. Problems: 403.1 where the maker has no right there, UNEXPECTED."""
    _check_maker(actor, area, sees_entities)
    checked_properties(form.project_id, properties)
    link = PublicLink.objects.create(
        type=Actor.Type.PUBLIC_LINK, display_name=display_name.strip()[:100], form=form, once=once,
        area=area, sees_entities=sees_entities, created_by=actor,
    )  # fmt: skip
    details = {"form": form.xml_form_id, "once": once, "area": area.code if area else None}
    _note("public_link.create", link, actor, details | {"seesEntities": sees_entities})
    set_properties(link, form.project_id, properties, actor=actor)
    return link


@transaction.atomic
def revoke_link(link: PublicLink, *, actor: Actor | None) -> None:
    """End the link at once; what came by it stays."""
    if link.revoked_at is not None:
        return
    link.revoked_at = clock.now()
    link.save(update_fields=["revoked_at"])
    _note("public_link.session.end", link, actor, {"form": link.form.xml_form_id})


@transaction.atomic
def delete_link(link: PublicLink, *, actor: Actor | None) -> None:
    """End the link and take it off the list; what came by it keeps its name."""
    now = clock.now()
    link.revoked_at, link.deleted_at = link.revoked_at or now, now
    link.save(update_fields=["revoked_at", "deleted_at"])
    _note("public_link.delete", link, actor, {"form": link.form.xml_form_id})


def links_for(user: Actor, verb: Verb = Verb.FIELD_KEY_CREATE) -> QuerySet[PublicLink]:
    """The links that `user` may manage: whoever has an area, those of that area."""
    links = PublicLink.objects.alive().select_related("form__project", "area", "created_by")
    scope = scope_of(user, verb)
    return links if scope.everywhere else links.filter(_in_areas(scope))


def link_for(user: Actor, form: Form, link_id: int) -> PublicLink:
    """The link of that number to `form`. Problem 404.1."""
    found = links_for(user).filter(form=form, pk=link_id).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def area_named(code: object) -> Area | None:
    """The area of this code, None for none said. Problem UNEXPECTED."""
    if code in (None, ""):
        return None
    found = Area.objects.filter(code=code).first() if isinstance(code, str) else None
    if found is None:
        reason = "there is no area of this code"
        raise Problem(UNEXPECTED, field="areaCode", value=str(code)[:40], reason=reason)
    return found


def _check_maker(actor: Actor, area: Area | None, sees_entities: bool) -> None:
    """Nobody opens by a link what is not theirs. Problem 403.1."""
    path = area.path if area else None
    needed = {Verb.FIELD_KEY_CREATE, *({Verb.ENTITY_READ} if sees_entities else ())}
    if not all(scope_of(actor, verb).covers(path) for verb in needed):
        raise Problem(FORBIDDEN)


def _in_areas(scope: Scope) -> Q:
    wanted = Q(pk__in=[])
    for path in scope.paths:
        wanted |= Q(area__path__startswith=path)
    return wanted


def _note(action: str, link: PublicLink, actor: Actor | None, details: dict[str, Any]) -> None:
    subject = f"public_link:{link.pk}"
    record(action, actor=actor, subject=subject, project_id=link.form.project_id, details=details)
