"""What the child's page says of the people around it: entries that may be the same child, an open transfer, the five
responsible persons, the household.
"""

from typing import Any

from forms.models import Entity, Transfer
from forms.pages.duplicates import row_of
from forms.services.duplicates import name_of, pairs_about
from forms.services.households import household_of
from forms.services.responsible import may_name, places_of
from rules.pages.scope import may
from server.people.access import scope_of
from server.people.models import User
from server.people.roles import Verb

SHOWN = 3  # pairs


def people_of(entity: Entity, user: User) -> dict[str, Any]:
    """For `forms/people/child_cards.html`. Six queries at most."""
    scope = scope_of(user, Verb.ENTITY_READ)
    transfers = entity.transfers.filter(state=Transfer.State.REQUESTED)
    networks = places_of(entity)
    household = household_of(entity, user)
    return {
        "pairs": [row_of(pair, scope) for pair in pairs_about(entity)[:SHOWN]],
        "transfer": transfers.select_related("to_area", "to_school").first(),
        "responsible": networks,
        "household": household,
        "siblings": [(one, name_of(one)) for one in household.siblings],
        "may_change": may(user, Verb.ENTITY_UPDATE, entity),
        "may_name": any(may_name(user, entity, one.network) for one in networks),
    }
