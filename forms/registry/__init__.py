"""The registry: submissions in, entities with history out. The floor above writes its own rows
through here too.
"""

from forms.registry.placing import Home, Reach, home_of, reach_of
from forms.registry.registering import (
    announce_submission,
    force_overdue,
    register_approval,
    register_submission,
)
from forms.registry.writing import (
    annotate_entity,
    ensure_properties,
    remove_entity,
    restore_entity,
    write_entity,
)

__all__ = [
    "Home",
    "Reach",
    "annotate_entity",
    "announce_submission",
    "ensure_properties",
    "force_overdue",
    "home_of",
    "reach_of",
    "register_approval",
    "register_submission",
    "remove_entity",
    "restore_entity",
    "write_entity",
]
