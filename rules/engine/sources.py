"""What the server knows of a child's surroundings, by the names that a fact's `source` may give.

Here are names, types and meaning; `rules.surroundings` computes them. A name that is not listed is an error of the
rule set: nobody would ever answer it.
"""

from dataclasses import dataclass

from rules import problems
from rules.engine.document import Document
from rules.engine.findings import Findings, place_of
from rules.language.ast import Kind
from rules.language.names import did_you_mean
from server.problems import Phrase
from server.problems import gettext_noop as _


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One thing that the server can tell: the type of its value, and what it means."""

    name: str
    kind: Kind
    meaning: str


SOURCES: dict[str, SourceKind] = {
    one.name: one
    for one in (
        SourceKind(
            "site_register",
            Kind.YES_NO,
            "whether hazard sites are registered here at all (dataset `site` or `hazard_site`); never unknown",
        ),
        SourceKind(
            "open_high_sites_500m",
            Kind.INTEGER,
            "hazard sites of grade high that are not closed, within 500 m of the home; unknown where there is no"
            " register, or no position of the home and such a site in its town",
        ),
        SourceKind(
            "household_children",
            Kind.INTEGER,
            "other living children of the registry with the same household (`household_id`) or, lacking that, the"
            " same caregiver's telephone, in the same village; unknown where neither is told",
        ),
        SourceKind(
            "household_in_danger",
            Kind.INTEGER,
            "how many of them are in a tier that acts at once (red); unknown where the household is",
        ),
        SourceKind(
            "household_highest_tier",
            Kind.SELECT_ONE,
            "the highest tier that one of them is in: its codes are the ids of the tiers; unknown without any",
        ),
        SourceKind(
            "school_boarding_free",
            Kind.INTEGER,
            "boarding places left at the child's school: `boarding_places` less `boarding_used` in its row of"
            " dataset `school` (found by `code`); unknown where these are not told",
        ),
    )
}


def check_sources(document: Document, findings: Findings) -> None:
    """Note facts whose `source` the server does not know, or whose type is not that of its value."""
    for index, item in enumerate(document["facts"]):
        name = item.get("source")
        if name is None:
            continue
        place, known = place_of("facts", index, "source"), SOURCES.get(name)
        if known is None:
            cure = did_you_mean(name, SOURCES)
            findings.error(
                problems.UNKNOWN_NAME, place, name=name, what=_("source of the server"), cure=cure
            )
        elif item["type"] != known.kind.value:
            reason = Phrase(_("a value of type %(type)s is needed"), type=known.kind.value)
            place = place_of("facts", index, "type")
            findings.error(
                problems.BAD_VALUE, place, name=item["name"], value=item["type"], reason=reason
            )
