"""Seeded chance: the same key draws the same numbers, whatever was drawn elsewhere before."""

import random
import uuid
from collections.abc import Sequence
from typing import TypeVar

Choice = TypeVar("Choice")


def chance(*key: object) -> random.Random:
    """The stream of numbers that belongs to `key` (the seed first)."""
    return random.Random("/".join(map(str, key)))  # noqa: S311  a made-up county, not a secret


def new_uuid(draw: random.Random) -> uuid.UUID:
    """A UUID of version 4 drawn from `draw`."""
    return uuid.UUID(int=draw.getrandbits(128), version=4)


def weighted(draw: random.Random, shares: Sequence[tuple[Choice, float]]) -> Choice:
    """One of the first members, as often as its share says."""
    return draw.choices([item for item, _ in shares], [share for _, share in shares])[0]
