"""What `anhu load` brings in: the bundled programme and a made-up sample county. Both live on the floors above.

They are named here as text, because the ground imports nothing from above (design.md section 2).
"""

import logging
from collections.abc import Callable
from typing import Any

from django.utils.module_loading import import_string

from server.people.models import User

PROGRAMME = "rules.programme.load.load_programme"  # () -> None
COUNTY = "exports.sample.generate.generate_county"  # (seed, children, progress) -> None
GREETING = "exports.sample.greeting.greeting"  # () -> text: sample logins and a Collect QR code
SAMPLES = {"none": 0, "small": 200, "county": 6000}  # children

logger = logging.getLogger("server.programme")


def is_empty() -> bool:
    """Whether nobody can log in yet: the database is fresh."""
    return not User.objects.exists()


def load(*, sample: str, seed: int) -> None:
    """Load the programme, then a sample county of `SAMPLES[sample]` children made from `seed`."""
    _call(PROGRAMME)
    if children := SAMPLES[sample]:
        _call(COUNTY, seed=seed, children=children, progress=_progress)


def greeting() -> str:
    """What a newcomer needs at the terminal, empty where there is no sample county."""
    return str(_call(GREETING) or "")


def _call(dotted: str, **arguments: Any) -> Any:
    try:
        function: Callable[..., Any] = import_string(dotted)
    except ModuleNotFoundError:
        logger.warning("%s is not there yet", dotted)
        return None
    return function(**arguments)


def _progress(line: str) -> None:
    logger.info("%s", line)
