"""Who stands behind an actor that a row names."""

from server.people.access import person_of
from server.people.models import Actor, AppUser, User


def person_behind(actor: Actor | None) -> User | None:
    """The person who acted: a foreign key to Actor does not say by itself whether that is a user or somebody's
    phone."""
    if actor is None or isinstance(actor, User | AppUser):
        return person_of(actor)
    found: Actor | None = getattr(actor, "user", None) or getattr(actor, "appuser", None)
    return person_of(found)
