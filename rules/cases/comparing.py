"""A case against a rule set: what came out, and where that differs from what is expected."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rules.cases.reading import Case
from rules.engine.decision import decide
from rules.engine.kleene import statuses_of
from rules.engine.merge import merge
from rules.engine.observed import Context, Facts, TierSpan
from rules.engine.outcome import Decision
from rules.engine.program import program_of
from rules.engine.rule_set import RuleSet
from rules.engine.scoring import tally
from rules.engine.values import resolve

# Names of populations that case writers use for ours.
ALIASES: dict[str, frozenset[str]] = {
    name: frozenset(ours)
    for name, ours in {
        "lbc": ["left_behind"],
        "strict": ["left_behind", "lbc_strict"],
        "broad": ["left_behind", "lbc_broad"],
        "lbc_strict": ["left_behind", "lbc_strict"],
        "lbc_broad": ["left_behind", "lbc_broad"],
        "left_behind_strict": ["left_behind", "lbc_strict"],
        "left_behind_broad": ["left_behind", "lbc_broad"],
        "defacto": ["defacto_unsupported"],
        "de_facto": ["defacto_unsupported"],
        "attention": ["attention_only"],
        "2024": ["lbc_2024"],
        "monitor_2024": ["lbc_2024"],
    }.items()
}
SPOKEN = {True: "true", False: "false", None: "unknown"}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came out for one case. `verdict`: exact, acceptable, under, over; "" where no tier is
    expected."""

    case_id: str
    tier: str
    score: float
    verdict: str
    fired: tuple[str, ...]
    tasks: tuple[str, ...]
    population: tuple[str, ...]
    missed: tuple[str, ...]
    missed_should: tuple[str, ...]
    forbidden: tuple[str, ...]
    wrong_rules: tuple[str, ...]  # "R-S01 is unknown, expected true"
    is_population_right: bool
    expected: Mapping[str, Any]
    statuses: Mapping[str, str]  # of every rule in force: true, false, unknown

    @property
    def is_failure(self) -> bool:
        """Whether it must not be released like this."""
        return bool(self.verdict == "under" or self.missed or self.forbidden or self.wrong_rules)

    def to_json(self) -> dict[str, Any]:
        """One entry of `cases` in the JSON report."""
        return {
            "case_id": self.case_id,
            "tier": self.tier,
            "score": self.score,
            "verdict": self.verdict,
            "fired": list(self.fired),
            "tasks": list(self.tasks),
            "missed": list(self.missed),
            "forbidden": list(self.forbidden),
            "population": list(self.population),
            "wrong_rules": list(self.wrong_rules),
        }


@dataclass(frozen=True, slots=True)
class CaseReport:
    """All results of a file against one rule set."""

    rule_set: str
    cases: tuple[CaseResult, ...]

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        """The cases with under-triage, a missed must-task, a forbidden task or a wrong rule."""
        return tuple(case for case in self.cases if case.is_failure)

    def total(self) -> dict[str, int]:
        """The sums of design.md §6; `acceptable` includes the exact ones."""
        cases = self.cases
        verdicts = [case.verdict for case in cases]
        red = [case for case in cases if case.expected.get("tier") == "red"]
        must = [len(set(case.expected.get("tasks_must", ()))) for case in cases]
        should = [len(set(case.expected.get("tasks_should", ()))) for case in cases]
        return {
            "cases": len(cases),
            "exact": verdicts.count("exact"),
            "acceptable": verdicts.count("exact") + verdicts.count("acceptable"),
            "under_triage": verdicts.count("under"),
            "over_triage": verdicts.count("over"),
            "red": len(red),
            "red_hit": sum(case.tier == "red" for case in red),
            "must": sum(must),
            "must_hit": sum(must) - sum(len(case.missed) for case in cases),
            "should": sum(should),
            "should_hit": sum(should) - sum(len(case.missed_should) for case in cases),
            "forbidden": sum(len(case.forbidden) for case in cases),
            "population_ok": sum(case.is_population_right for case in cases),
        }

    def to_json(self) -> dict[str, Any]:
        """The report of `anhu cases --json`."""
        return {"total": self.total(), "cases": [case.to_json() for case in self.cases]}


def compare_cases(rule_set: RuleSet, cases: Iterable[Case], name: str = "") -> CaseReport:
    """The report of `cases` under `rule_set`."""
    return CaseReport(name or rule_set.name, tuple(compare_case(rule_set, case) for case in cases))


def decide_case(rule_set: RuleSet, case: Case) -> Decision:
    """The decision about a case on its day."""
    spans = case.tiers if case.tiers is not None else earlier_tiers(rule_set, case)
    return _decision(rule_set, case, case.as_of, spans)


def _facts(rule_set: RuleSet, case: Case, day: date, spans: tuple[TierSpan, ...]) -> Facts:
    given = {name: value for name, value in case.given.items() if name in rule_set.facts}
    return merge(rule_set, case.observations, day, Context(spans, given))


def _decision(rule_set: RuleSet, case: Case, day: date, spans: tuple[TierSpan, ...]) -> Decision:
    facts = _facts(rule_set, case, day, spans)
    return decide(
        rule_set, resolve(rule_set, facts.values, day), facts.provenance, with_nearest=False
    )


def _tier(rule_set: RuleSet, case: Case, day: date, spans: tuple[TierSpan, ...]) -> str:
    """The tier alone, without reasons: five times as fast."""
    program = program_of(rule_set)
    values = resolve(rule_set, _facts(rule_set, case, day, spans).values, day)
    statuses = statuses_of(program, values)
    fired = (item for item in program.rules if statuses.get(item.rule.id))
    return rule_set.tiers[tally(program, fired).rank].id


def earlier_tiers(rule_set: RuleSet, case: Case) -> tuple[TierSpan, ...]:
    """The tiers of the days before, where a fact asks for them: as if each had been in force until
    the next submission."""
    if not any(
        fact.history and fact.history.kind == "prior_tier" for fact in rule_set.facts.values()
    ):
        return ()
    spans: list[TierSpan] = []
    for day in sorted(
        {seen.occurred_on for seen in case.observations if seen.occurred_on < case.as_of}
    ):
        tier = _tier(rule_set, case, day, tuple(spans))
        if spans and spans[-1].tier == tier:
            continue
        if spans:
            spans[-1] = TierSpan(spans[-1].tier, spans[-1].since, day)
        spans.append(TierSpan(tier, day))
    return tuple(spans)


def compare_case(rule_set: RuleSet, case: Case) -> CaseResult:
    """What comes out for one case. Problem FACT_VALUE for a given fact of another type."""
    decision = decide_case(rule_set, case)
    expected = case.expected
    tasks = tuple(call.id for call in decision.tasks)
    statuses = {item.id: SPOKEN[item.status] for item in decision.rules}
    return CaseResult(
        case_id=case.case_id,
        tier=decision.tier,
        score=decision.score,
        verdict=_verdict(rule_set, decision.tier, expected),
        fired=tuple(item.id for item in decision.rules if item.status),
        tasks=tasks,
        population=decision.population,
        missed=_lacking(expected.get("tasks_must"), tasks),
        missed_should=_lacking(expected.get("tasks_should"), tasks),
        forbidden=tuple(
            task for task in tasks if task in set(expected.get("tasks_must_not") or ())
        ),
        wrong_rules=tuple(_wrong_rules(expected.get("rules") or {}, statuses)),
        is_population_right=is_population(decision.population, expected),
        expected=expected,
        statuses=statuses,
    )


def _verdict(rule_set: RuleSet, tier: str, expected: Mapping[str, Any]) -> str:
    wanted = expected.get("tier")
    if not wanted:
        return ""
    if tier == wanted:
        return "exact"
    if tier in (expected.get("acceptable_tiers") or ()):
        return "acceptable"
    ranks = {one.id: one.rank for one in rule_set.tiers}
    return "under" if ranks[tier] < ranks.get(wanted, -1) else "over"


def _lacking(wanted: Iterable[str] | None, tasks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(task for task in wanted or () if task not in tasks))


def _wrong_rules(wanted: Mapping[str, Any], statuses: Mapping[str, str]) -> Iterable[str]:
    for rule, status in wanted.items():
        spoken = str(status).lower()
        if statuses.get(rule) != spoken:
            yield f"{rule} is {statuses.get(rule, 'absent')}, expected {spoken}"


def is_population(ours: tuple[str, ...], expected: Mapping[str, Any]) -> bool:
    """Whether an expected set names our class (the first) and nothing that we do not say; no
    expectation is met by all."""
    wanted = [expected["population"]] if expected.get("population") else []
    wanted += expected.get("acceptable_population") or []
    return not wanted or any(_is_same(ours, names) for names in wanted)


def _is_same(ours: tuple[str, ...], names: Any) -> bool:
    listed = [names] if isinstance(names, str) else names
    said = {name for one in listed for name in ALIASES.get(one, {one})}
    return bool(ours) and ours[0] in said and said <= set(ours) if said else not ours
