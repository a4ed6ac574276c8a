"""The bundled programme for tests, loaded once, and what the domain report says of it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from rules.engine.rule_set import RuleSet, load_document
from rules.programme import programme_document

FIXTURE = Path(__file__).parent / "data" / "programme.json"


@cache
def report() -> dict[str, Any]:
    """Rules and tasks as the domain report has them."""
    found: dict[str, Any] = json.loads(FIXTURE.read_text("utf-8"))
    return found


@cache
def programme() -> RuleSet:
    """The compiled programme."""
    return load_document(programme_document())
