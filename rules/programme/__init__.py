"""The bundled rule set of the left-behind-children programme, as data (design.md section 6).

In: the YAML files beside this module, one or more sections each. Out: one document for `load_document` of
`rules.engine.rule_set`.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from rules.engine.document import Document, read_document

STORY_FILES = ("cases/stories.yaml", "cases/edges.yaml")
RULE_CASE_FILES = tuple(
    f"cases/{name}.yaml"
    for name in ("safety", "guardianship", "living", "health", "education", "activity")
)
# The order of the files is the order of the document's sections and of the rules in it.
SECTION_FILES = (
    "settings.yaml",
    "tiers.yaml",
    "parameters.yaml",
    "choices.yaml",
    "facts.yaml",
    "derived.yaml",
    "populations.yaml",
    "rules/safety.yaml",
    "rules/guardianship.yaml",
    "rules/living.yaml",
    "rules/health.yaml",
    "rules/education.yaml",
    "rules/activity.yaml",
    "tasks.yaml",
    "calendar.yaml",
    *STORY_FILES,
    *RULE_CASE_FILES,
)


def programme_document() -> Document:
    """The whole document, the same on each call and a fresh copy each time."""
    document: Document = {}
    for name in SECTION_FILES:
        for section, content in _read(name).items():
            if section in document:
                document[section] = document[section] + content
            else:
                document[section] = content
    return document


def programme_cases() -> list[dict[str, Any]]:
    """All cases: the stories, then for each rule one where it fires, one where not, one where it cannot tell."""
    cases: list[dict[str, Any]] = []
    for name in (*STORY_FILES, *RULE_CASE_FILES):
        cases += _read(name)["cases"]
    return cases


def _read(name: str) -> Document:
    document: Document = json.loads(_parsed(name))
    return document


@cache
def _parsed(name: str) -> str:
    """A file as JSON: reading YAML takes a hundred times as long."""
    return json.dumps(read_document(files(__package__).joinpath(name).read_bytes()))
