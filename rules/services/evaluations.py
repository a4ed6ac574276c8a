"""What is kept of an evaluation: facts with their sources, the decision, and a digest of both. Written once."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forms.models import Entity
from rules.engine.observed import Facts, Source
from rules.engine.outcome import Decision, json_value
from rules.models import Evaluation, Release
from server import clock

# the cause of evaluations by the calendar: stored only when something comes of them
SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class Judged:
    """Facts on a day with the decision about them, and what the engines differ about."""

    facts: Facts
    decision: Decision
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """What made us look: an event ("submission.created", "release", "sweep", ...) and what it was about
    ("submission:<instanceId>", "entity:<uuid>" or empty)."""

    event: str
    subject: str = ""

    @property
    def instance_id(self) -> str | None:
        """The submission behind it, if it was one."""
        is_submission = self.subject.startswith("submission:")
        return self.subject.removeprefix("submission:") if is_submission else None


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be kept, as JSON, with its digest; `change` is an Evaluation.Change."""

    facts: dict[str, Any]
    body: dict[str, Any]
    digest: str
    change: str


def record_of(release: Release, judged: Judged, change: str) -> Record:
    """What is to be kept of a judgement under `release`: made before anything is held."""
    body, facts = judged.decision.to_json(), facts_json(judged.facts)
    if judged.differing:
        body["engines"]["differing"] = list(judged.differing)
    return Record(facts, body, digest_of(release.sha256, facts, body), change)


def store_evaluation(
    entity: Entity,
    release: Release,
    decision: Decision,
    record: Record,
    last: Evaluation | None,
    cause: Cause,
) -> Evaluation:
    """The newest evaluation, stored unless `last` says the same."""
    if last is not None and last.release_id == release.pk:
        by_calendar = cause.event == SWEEP and outcome_json(last.decision) == outcome_json(
            record.body
        )
        if by_calendar or last.digest == record.digest:
            return last
    return Evaluation.objects.create(
        entity=entity,
        release=release,
        as_of=clock.now(),
        cause=cause.event[:60],
        cause_subject=cause.subject[:120],
        facts=record.facts,
        decision=record.body,
        digest=record.digest,
        tier=decision.tier,
        possible_tier=decision.possible_tier,
        score=round(decision.score),
        score_possible=round(decision.possible_score),
        is_insufficient=decision.insufficient,
        engine_state=decision.durable,
        change=record.change,
    )


def digest_of(release: str, facts: dict[str, Any], decision: dict[str, Any]) -> str:
    """SHA-256 of what was decided from what; the day it was asked for is left out."""
    said = [release, facts, {key: value for key, value in decision.items() if key != "asOf"}]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def outcome_json(decision: dict[str, Any]) -> list[Any]:
    """What comes of a decision, without the values behind it: days pass without a change of
    this."""
    rules = [(rule["id"], rule["status"]) for rule in decision["rules"]]
    kept = ("tier", "possibleTier", "scoreRange", "population", "engines")
    tasks = [task["id"] for task in decision["tasks"]]
    return [rules, tasks, *(decision.get(key) for key in kept)]


def facts_json(facts: Facts) -> dict[str, Any]:
    """Facts as stored: name -> value, form, date, instanceId, worker, and `more` where several
    answers make it."""
    return {
        name: _fact_json(value, facts.provenance.get(name, ()))
        for name, value in sorted(facts.values.items())
    }


def _fact_json(value: Any, sources: Sequence[Source]) -> dict[str, Any]:
    body: dict[str, Any] = {"value": json_value(value)}
    if sources:
        first = sources[0]
        body |= {
            "form": first.form,
            "date": first.date.isoformat(),
            "instanceId": first.instance_id,
            "worker": first.worker,
        }
    if len(sources) > 1:
        body["more"] = [source.instance_id for source in sources[1:]]
    return body
