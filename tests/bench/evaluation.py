"""One evaluation of a child, from the database to the explanation; and the nightly look at a child that time has not
changed.

    python -m tests.bench.evaluation [--children 300]

On SQLite with the programme and children of six submissions. Median and p95 of single children, in this process; the
second engine runs in its own child process. Baseline of the same run: the three-valued pass over facts at hand.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

import django


def prepared(folder: str) -> None:
    """A database in `folder` with the programme loaded, and Django set up on it."""
    os.environ |= {
        "DATA_DIR": folder,
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "server.settings",
    }
    os.environ.pop("DATABASE_URL", None)
    for words in (("migrate",), ("load", "--sample", "none")):
        command = [sys.executable, "-m", "server.cli", *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    django.setup()


def measure(name: str, work: Callable[[Any], object], items: Iterable[Any]) -> list[float]:
    """Print median and p95 of `work` over `items`, in milliseconds."""
    times = []
    for item in items:
        start = time.perf_counter()
        work(item)
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    p95 = times[int(len(times) * 0.95)]
    print(f"{name:58} median {statistics.median(times):7.2f} ms   p95 {p95:7.2f} ms")
    return times


def run(children: int) -> None:
    """Everything, one after the other."""
    from forms.models import Entity  # noqa: PLC0415  after django.setup
    from rules.engine.decision import decide  # noqa: PLC0415
    from rules.engine.kleene import evaluate as statuses  # noqa: PLC0415
    from rules.engine.values import resolve  # noqa: PLC0415
    from rules.facts import facts_of  # noqa: PLC0415
    from rules.models import RuleSet  # noqa: PLC0415
    from rules.services.evaluate import evaluate_entity, judge  # noqa: PLC0415
    from rules.services.in_force import compiled  # noqa: PLC0415
    from rules.services.reevaluation import days  # noqa: PLC0415
    from rules.services.second_opinion import process_of  # noqa: PLC0415
    from server import clock  # noqa: PLC0415
    from tests.bench.county import fill  # noqa: PLC0415

    keys, today = fill(children), clock.today()
    rule_set = RuleSet.objects.select_related("active").get()
    assert rule_set.active is not None
    rules = compiled(rule_set.active)
    entities = list(Entity.objects.select_related("dataset", "area").filter(pk__in=keys))
    process_of(rules).start()

    def one(entity: Entity) -> object:
        facts = facts_of(entity, rules, today)
        return decide(rules, resolve(rules, facts.values, today), facts.provenance)

    one(entities[0])
    values = [resolve(rules, facts_of(each, rules, today).values, today) for each in entities]
    measure("baseline: statuses of facts at hand", lambda v: statuses(rules, v), values)
    measure("facts from the database", lambda e: facts_of(e, rules, today), entities)
    measure("facts, decision, explanation", one, entities)
    measure("the same with the second engine", lambda e: judge(e, rules, today, 1), entities)
    measure(
        "first evaluation with all that follows, stored",
        lambda k: evaluate_entity(k, "bench"),
        keys,
    )
    measure("again, nothing new", lambda k: evaluate_entity(k, "bench"), keys)
    size = days.CHUNK
    chunks = [keys[at : at + size] for at in range(0, len(keys), size)]
    times = measure(
        f"nightly look at {size} children", lambda c: list(days._changed(rule_set, c)), chunks
    )
    each = sum(times) / len(keys)
    print(f"nightly look: {each:.2f} ms a child, {each * 100:.0f} s for 100,000 children")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--children", type=int, default=300)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="anhu-bench-")
    try:
        prepared(folder)
        run(options.children)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
