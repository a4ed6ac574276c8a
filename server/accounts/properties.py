"""Actor properties: names that a project registers, and texts that its phones and public links keep under them.

Entity lists may be filtered by them (the contract's access filters).
"""

import re
from typing import Any

from django.db import IntegrityError, transaction

from server import clock
from server.journal.services import record
from server.people.models import Actor, ActorProperty
from server.problems import CONFLICT, UNEXPECTED, Problem

_NAME = re.compile(r"[^\W\d][\w-]{0,127}")
RESERVED = {"displayname"}
LONGEST = 500  # characters of a value
MOST = 100  # properties of a project


def names_of(project_id: int) -> list[str]:
    """The registered names, in order."""
    rows = ActorProperty.objects.filter(project_id=project_id).order_by("name")
    return list(rows.values_list("name", flat=True))


@transaction.atomic
def register_property(project_id: int, name: str, *, actor: Actor) -> ActorProperty:
    """One more name. Problems: UNEXPECTED, CONFLICT."""
    if not _NAME.fullmatch(name) or name.startswith("__") or name.lower() in RESERVED:
        reason = "a letter, then letters, digits, hyphens and underscores; displayName is taken"
        raise Problem(UNEXPECTED, field="name", value=name[:80], reason=reason)
    if ActorProperty.objects.filter(project_id=project_id).count() >= MOST:
        raise Problem(UNEXPECTED, field="name", value=name[:80], reason=f"at most {MOST} names")
    try:
        with transaction.atomic():
            made = ActorProperty.objects.create(project_id=project_id, name=name)
    except IntegrityError as error:
        raise Problem(CONFLICT, what="property", field="name", value=name) from error
    subject = f"project:{project_id}"
    record(
        "actor_property.create", actor=actor, subject=subject, project_id=project_id, details={"name": name}
    )  # fmt: skip
    return made


def checked_properties(project_id: int, said: Any) -> dict[str, str | None]:
    """`said` as names and texts (None: no longer set). Problem UNEXPECTED for unknown names and other values."""
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise _unfit("properties", said, "an object is expected")
    known = set(names_of(project_id))
    for name, value in said.items():
        if name not in known:
            raise _unfit("properties", name, "the project has not registered this property")
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST):
            raise _unfit(name, value, f"a text of at most {LONGEST} characters is expected")
    return said


@transaction.atomic
def set_properties(holder: Actor, project_id: int, said: Any, *, actor: Actor) -> None:
    """Set or unset properties of a phone or public link. Problem UNEXPECTED."""
    changes = checked_properties(project_id, said)
    if not changes:
        return
    kept = {**holder.properties, **changes}
    holder.properties = {name: value for name, value in kept.items() if value is not None}
    holder.updated_at = clock.now()
    holder.save(update_fields=["properties", "updated_at"])
    kind = "public_link" if holder.type == Actor.Type.PUBLIC_LINK else "field_key"
    record(
        f"{kind}.property.set", actor=actor, subject=f"app_user:{holder.pk}" if kind == "field_key"
        else f"public_link:{holder.pk}", project_id=project_id, details={"properties": changes},
    )  # fmt: skip


def _unfit(field: str, value: Any, reason: str) -> Problem:
    return Problem(UNEXPECTED, field=field, value=str(value)[:80], reason=reason)
