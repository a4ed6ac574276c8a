"""A trial of a changed rule set over many children: time, memory, and how much faster than child by child.

    python -m tests.bench.simulation [--children 100000] [--chunk 25000]

The programme with synthetic facts and rules beside its own, up to 120 facts, against a draft with changed thresholds,
weights, floors and cut-offs. Measured: merged facts of a chunk -> columns, both rule sets evaluated, compared (with
three groups), and the deciding rules of all who move; the chunks are summed. Inventing the children is not counted.
Baseline of the same run: the three-valued evaluator, statuses of both rule sets, on a sample. Last, the merging that
comes before: submissions -> facts, six to a child.
"""

import argparse
import copy
import random
import resource
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from rules.engine.bulk import (
    Comparison,
    compare_results,
    deciding_rules,
    evaluate_frame,
    frame_of,
)
from rules.engine.kleene import evaluate
from rules.engine.merge import merge
from rules.engine.observed import Observation
from rules.engine.parts import RuleSet
from rules.engine.rule_set import load_document
from rules.engine.values import resolve
from rules.language.ast import Kind, Type
from rules.programme import programme_document
from tests.rules.durable_facts import RandomFacts
from tests.rules.test_programme_cases import STORIES, facts_of

AS_OF = date(2026, 3, 15)
FACTS = 120
Children = Sequence[Mapping[str, Any]]


def enlarged() -> dict[str, Any]:
    """The programme with 120 facts, the new ones read by rules of their own, one for every two."""
    document = copy.deepcopy(programme_document())
    codes = [{"code": code, "zh": code, "en": code} for code in ("low", "some", "much")]
    first = len(document["facts"])
    for number in range(first, FACTS):
        kind = ("integer", "select_one", "yes_no", "select_multiple")[number % 4]
        fact = {"name": f"extra_{number}", "type": kind, "title": {"zh": "附加", "en": "Extra"}}
        fact |= {"question": f"extra_{number}", "forms": ["home_visit"]}
        document["facts"].append({**fact, "codes": codes} if "select" in kind else fact)
    for number in range(first, FACTS - 3):
        if number % 4 == 0:
            document["rules"].extend(_rules(document, number))
    return document


def _rules(document: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
    like = document["rules"][number % len(document["rules"])]
    conditions = (
        f"${{extra_{number}}} >= 18 and ${{extra_{number + 1}}} = 'much'",
        f"${{extra_{number + 2}}} and selected(${{extra_{number + 3}}}, 'much') and ${{age_years}} < 12",
    )
    for part, when in enumerate(conditions):
        yield {
            **like,
            "id": f"X-{number}{part}",
            "when": when,
            "score": 2,
            "floor": None,
            "tasks": [],
        }


def changed(document: dict[str, Any]) -> dict[str, Any]:
    """A draft as a county might try: some conditions, weights, floors and a cut-off are others."""
    draft = copy.deepcopy(document)
    for number, rule in enumerate(draft["rules"]):
        if number % 5 == 0:
            rule["when"] = f"({rule['when']}) and ${{age_years}} < 14"
        if number % 11 == 0:
            rule["score"] = rule.get("score", 0) + 2
        if number % 3 == 0 and rule.get("floor") == "blue":
            rule["floor"] = None
        if number % 7 == 0 and rule.get("floor") == "yellow":
            rule["floor"] = "blue"
    for tier in draft["tiers"]:
        if tier["min_score"]:
            tier["min_score"] += 2
    return draft


class Invented:
    """Children like those of the programme's cases, some with a few facts drawn at random."""

    def __init__(self, rule_set: RuleSet, stock: int = 1_500) -> None:
        self.random = random.Random(7)
        facts = RandomFacts(rule_set, 7, AS_OF)
        drawn = [facts.draw() for _ in range(stock)]
        self.values = [
            (name, [child[name] for child in drawn if name in child]) for name in rule_set.facts
        ]
        extra = [(name, values) for name, values in self.values if name.startswith("extra")]
        self.cases = [
            {name: self.random.choice(values) for name, values in extra} | facts_of(case).values
            for case in STORIES
        ]

    def draw(self, count: int) -> Children:
        """So many different children."""
        pick = self.random
        rows = []
        for case in pick.choices(self.cases, k=count):
            row = dict(case)
            for name, values in pick.choices(self.values, k=4):
                if pick.random() < 0.3:
                    row[name] = values[int(pick.random() * len(values))]
            rows.append(row)
        return rows

    def groups(self, count: int) -> pl.DataFrame:
        """Where they live, sex and age group."""
        pick = self.random.choices
        return pl.DataFrame({
            "area": pick([f"town {number}" for number in range(20)], k=count),
            "sex": pick(["f", "m", None], k=count),
            "age": pick(["0-2", "3-5", "6-11", "12-15", "16-17"], k=count),
        })  # fmt: skip


def simulate(old: RuleSet, new: RuleSet, children: Children, groups: pl.DataFrame) -> Any:
    """One chunk, as a simulation does it: the sums, and the rules behind each move."""
    frame = frame_of(new, children)
    before, after = evaluate_frame(old, frame, AS_OF), evaluate_frame(new, frame, AS_OF)
    comparison = compare_results(before, after, old, new, groups)
    rows = comparison.moved["row"].to_list()
    return comparison, deciding_rules(before, after, old, new, rows)


def one_by_one(old: RuleSet, new: RuleSet, children: Children) -> float:
    """Seconds for a child: both rule sets, statuses only."""
    begun = time.perf_counter()
    for child in children:
        evaluate(old, resolve(old, child, AS_OF))
        evaluate(new, resolve(new, child, AS_OF))
    return (time.perf_counter() - begun) / len(children)


def run(old: RuleSet, new: RuleSet, children: int, chunk: int) -> tuple[Comparison, float]:
    """The sums over all chunks, and the seconds spent."""
    invented, spent, moved, reasons = Invented(new), 0.0, 0, 0
    total = Comparison.empty()
    for start in range(0, children, chunk):
        count = min(chunk, children - start)
        rows, groups = invented.draw(count), invented.groups(count)
        begun = time.perf_counter()
        comparison, deciding = simulate(old, new, rows, groups)
        total = total + comparison
        spent += time.perf_counter() - begun
        moved, reasons = moved + len(deciding), reasons + sum(map(len, deciding))
    print(f"{moved} move, with {reasons / max(moved, 1):.1f} deciding rules each")
    return total, spent


# --- before the columns: submissions -> facts -------------------------------------------------------


def histories(rule_set: RuleSet, count: int) -> list[list[Observation]]:
    """Six submissions for each child, four of five questions answered."""
    asked: defaultdict[str, dict[str, tuple[Type, Any]]] = defaultdict(dict)
    for fact in rule_set.facts.values():
        for source in fact.sources:
            for form in source.forms:
                asked[form][source.question] = (fact.type, source.codes)
    pick = random.Random(3)
    forms = ["child_enum", "home_visit", "home_visit", "home_visit", "safety_assess"]
    return [
        [
            submission(pick, form, asked[form], number)
            for number, form in enumerate([*forms, pick.choice(sorted(asked))])
        ]
        for _ in range(count)
    ]


def submission(
    pick: random.Random, form: str, asked: Mapping[str, Any], number: int
) -> Observation:
    """One of a child."""
    answers = {name: answer(pick, *how) for name, how in asked.items() if pick.random() < 0.8}
    day = AS_OF - timedelta(days=300 - 45 * number)
    received = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Observation(form, day, answers, f"uuid:{number}", received, "worker")


def answer(pick: random.Random, wanted: Type, codes: Any) -> Any:
    """What somebody answered."""
    if codes:
        return pick.choice(sorted(codes))
    match wanted.kind:
        case Kind.SELECT_ONE:
            return pick.choice(wanted.codes)
        case Kind.SELECT_MULTIPLE:
            return [code for code in wanted.codes if pick.random() < 0.15]
        case Kind.INTEGER | Kind.NUMBER:
            return pick.randint(0, 60)
        case Kind.DATE:
            return "2018-05-04"
    return pick.choice(("yes", "no"))


def measure_merging(rule_set: RuleSet, count: int) -> None:
    """Print how fast submissions become facts."""
    children = histories(rule_set, count)
    for name, with_sources in (("with sources", True), ("values only", False)):
        begun = time.perf_counter()
        for seen in children:
            merge(rule_set, seen, AS_OF, with_sources=with_sources)
        spent = time.perf_counter() - begun
        print(f"merging, {name}: {count / spent:.0f} children/s, {spent / count * 1e6:.0f} us each")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--children", type=int, default=100_000)
    parser.add_argument("--chunk", type=int, default=25_000)
    parser.add_argument("--sample", type=int, default=1_000, help="children evaluated one by one")
    options = parser.parse_args()
    document = enlarged()
    old, new = load_document(document), load_document(changed(document))
    print(f"{len(new.facts)} facts, {len(new.rules)} rules, {options.children} children")
    each = one_by_one(old, new, Invented(new).draw(options.sample))
    total, spent = run(old, new, options.children, options.chunk)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    ratio = each * options.children / spent
    print(
        f"simulation {spent:.1f} s, {options.children / spent:.0f} children/s, peak {peak:.2f} GB"
    )
    print(f"one by one {each * options.children:.1f} s (from {options.sample}): x {ratio:.1f}")
    print(", ".join(f"{old} -> {new}: {n}" for (old, new), n in sorted(total.matrix.items())))
    measure_merging(new, options.sample)


if __name__ == "__main__":
    main()
