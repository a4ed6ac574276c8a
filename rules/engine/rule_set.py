"""A rule-set document -> a checked, compiled RuleSet (design.md §6). Pure: no database, no clock.

The document is YAML or JSON under `schema.json`; sections `settings roles tiers parameters choices
facts derived populations tags rules tasks calendar cases`. Beyond the schema:

- `facts`: exactly one origin: answers (`question` + `forms`, or `sources`, where `map` translates
  codes, "*" any other), `history` (past submissions or tiers) or `source` (the server gives it).
  `choices` names a list, `codes` writes it out. `applies` + `otherwise`: while the fact is
  unanswered and `applies` is false, it counts as `otherwise`; `otherwise` alone counts whenever it
  is unanswered ([] is a known empty selection); `applies` alone only keeps the fact from being
  asked for. An answer is never overridden. `cleared_by` is one or several {form, when}.
- `derived`: any type, any order, no circles. `parameters` are referred to like facts; one name
  space for all three.
- `rules.tasks`: a task id, or {id, due} with its own limit. `rules.on`, `rules.valid` switch a
  rule.
- `tasks.close`: {form, when} over that submission's own answers, {any: [...]} or {manual: true}.
  `tasks.escalation` counts from the opening, or with `from: due` from the due time.
- `calendar`: a row is a period of the year ({yearly: {from, to}} or {dates: [...]}) or an item with a `trigger`, an
  optional condition `when` over the child's facts, `tasks` as in rules and `actions` (`calendar.parts` has the kinds
  and what each needs). `settings.workdays` are days of weekends that are worked (调休).
- `extra` of any row, and `extra_sheets`: what a county keeps in columns and sheets of its own.
- `roles`: when the section is there, every role named elsewhere must be in it (`discoverer` is).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rules.engine.building import Parts, build_dimensions, build_tiers
from rules.engine.calendar.building import build_calendar, build_periods, build_workdays
from rules.engine.calendar.checking import check_calendar
from rules.engine.check import check_rule_set
from rules.engine.document import (
    Document,
    canonical,
    canonical_bytes,
    check_shape,
    digest,
    read_document,
)
from rules.engine.expressions import Expressions
from rules.engine.findings import Finding, Findings
from rules.engine.naming import Naming
from rules.engine.parts import (
    Clearing,
    Closing,
    Derived,
    Dimension,
    Due,
    Escalation,
    Fact,
    Group,
    History,
    Parameter,
    Rule,
    RuleSet,
    Source,
    Task,
    TaskUse,
    Tier,
)
from rules.engine.sources import check_sources

__all__ = [
    "Clearing",
    "Closing",
    "Derived",
    "Dimension",
    "Due",
    "Escalation",
    "Fact",
    "Finding",
    "Group",
    "History",
    "Parameter",
    "Rule",
    "RuleSet",
    "Source",
    "Task",
    "TaskUse",
    "Tier",
    "canonical_bytes",
    "check_document",
    "digest",
    "load_document",
    "read_document",
]


def load_document(document: Mapping[str, Any]) -> RuleSet:
    """The compiled rule set, `warnings` included. Raises DOCUMENT_SHAPE, or RULE_SET_INVALID with
    all errors: `places` and `details['errors']` run parallel (sheet, row = index + 2, column,
    offset)."""
    rule_set, findings = _compile(canonical(document))
    findings.raise_errors()
    if rule_set is None:
        raise AssertionError("a document without errors compiles")
    return rule_set


def check_document(document: Mapping[str, Any]) -> list[Finding]:
    """All errors and warnings of `document`, for the page that edits it; raises only
    DOCUMENT_SHAPE."""
    return _compile(canonical(document))[1].items


def _compile(document: Document) -> tuple[RuleSet | None, Findings]:
    findings = Findings()
    check_shape(document, findings)
    if findings.errors:  # what has not the right shape cannot be read further
        return None, findings
    naming = Naming(document, findings)
    naming.read()
    expressions = Expressions(naming, findings)
    expressions.compute_steps()
    rule_set = _assemble(document, naming, Parts(naming, expressions, findings), expressions.steps)
    check_rule_set(rule_set, naming, findings)
    check_calendar(rule_set, document, findings)
    check_sources(document, findings)
    return _with_warnings(rule_set, findings), findings


def _assemble(document: Document, naming: Naming, parts: Parts, steps: tuple[str, ...]) -> RuleSet:
    settings = document["settings"]
    return RuleSet(
        name=settings["name"],
        title=settings["title"],
        subject=settings["subject"],
        sha256=digest(document),
        document=document,
        dimensions=build_dimensions(settings),
        tiers=build_tiers(document["tiers"]),
        parameters=naming.parameters(),
        facts=parts.facts(),
        derived=parts.derived(),
        steps=steps,
        populations=parts.groups("populations"),
        tags=parts.groups("tags"),
        rules=parts.rules(),
        tasks=parts.tasks(),
        names=naming.names,
        roles={item["id"]: item["title"] for item in document.get("roles") or []},
        neutral_codes=frozenset(settings.get("neutral_codes", ())),
        policy=settings.get("policy", ""),
        ask_for_facts=(settings.get("ask_for_facts") or {}).get("task"),
        conference_score=settings.get("conference_score"),
        holidays=frozenset(parts.holidays()),
        workdays=frozenset(build_workdays(parts)),
        calendar=build_calendar(parts),
        periods=build_periods(parts),
    )


def _with_warnings(rule_set: RuleSet, findings: Findings) -> RuleSet:
    warnings = tuple(item for item in findings.items if item.is_warning)
    return replace(rule_set, warnings=warnings)
