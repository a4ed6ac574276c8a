"""A rule set tried over the children as they are known, acting on nothing (design.md §1.5).

`start_simulation` freezes the document and asks for `run_simulation`, which works in the background,
chunk by chunk; what comes of it is read by the pages, the API and the request for a release.
"""

from rules.services.simulations.cancelling import cancel_simulation
from rules.services.simulations.running import run_simulation
from rules.services.simulations.starting import DRAFT, Wish, simulation_for, start_simulation

__all__ = [
    "DRAFT",
    "Wish",
    "cancel_simulation",
    "run_simulation",
    "simulation_for",
    "start_simulation",
]
