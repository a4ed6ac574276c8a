"""Can a condition ever be true, and does one imply another? Exact over abstract domains (codes,
intervals of numbers and days, yes/no, unknown), within a bound; says nothing where it cannot decide
(design.md §6, checks).

`terms` turns conditions into trees over variables, `domains` finds the few values of a variable
that make a difference, `search` looks for an assignment, `questions` asks what the checker wants
to know. A claim rests on the absence of any assignment among more values than there can be, so it
is never false; the engine's own closures (`rules.engine.closures`) judge every atom.
"""

from rules.engine.reach.questions import Reach

__all__ = ["Reach"]
