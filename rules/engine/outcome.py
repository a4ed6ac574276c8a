"""What a decision consists of, and its JSON (design.md §7). Values only; `decision.decide` makes
them."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from rules.engine.nearest import Nearest
from rules.engine.parts import Due
from rules.engine.scoring import plain


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact that a rule read, and where it was answered ('' and None: computed, defaulted, given
    or unknown)."""

    fact: str
    value: Any
    form: str = ""
    answered_on: date | None = None
    instance_id: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """The status of one rule, with its reasons when it is true or unknown."""

    id: str
    status: bool | None
    score: float
    floor: str | None
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """An unanswered fact, the rules waiting for it, and the tier they could raise to."""

    fact: str
    question: str
    forms: tuple[str, ...]
    could_reach: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskCall:
    """A task to open: who, by when (from its opening), for which rules; `facts` to ask for."""

    id: str
    assignee: str
    due: Due | None
    rules: tuple[str, ...]
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """The certain score of a dimension, the highest it may be, and its cap."""

    score: float
    possible: float
    cap: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say about one child on one day. `durable` is set by whoever compared the
    second engine."""

    tier: str
    possible_tier: str
    score: float
    possible_score: float
    dimensions: dict[str, DimensionScore]
    rules: tuple[RuleOutcome, ...]
    unknown: tuple[Gap, ...]
    tasks: tuple[TaskCall, ...]
    population: tuple[str, ...]
    possible_population: tuple[str, ...]
    nearest: Nearest
    needs_conference: bool
    as_of: date
    sha256: str
    release: int | str | None = None
    durable: str = "unavailable"

    @property
    def insufficient(self) -> bool:
        """Whether what is unknown could raise the tier."""
        return self.tier != self.possible_tier

    @property
    def statuses(self) -> dict[str, bool | None]:
        """The status of each rule in force by its id."""
        return {item.id: item.status for item in self.rules}

    def with_durable(self, verdict: str) -> "Decision":
        """The same decision with the second engine's verdict: ok, mismatch or unavailable."""
        return replace(self, durable=verdict)

    def to_json(self) -> dict[str, Any]:
        """The Decision of design.md §7, plain JSON values in a stable order."""
        return {
            "tier": self.tier,
            "possibleTier": self.possible_tier,
            "insufficient": self.insufficient,
            "score": plain(self.score),
            "scoreRange": [plain(self.score), plain(self.possible_score)],
            "dimensions": {
                name: {
                    "score": plain(item.score),
                    "max": plain(item.possible),
                    "cap": None if item.cap is None else plain(item.cap),
                }
                for name, item in self.dimensions.items()
            },
            "rules": [_rule_json(item) for item in self.rules],
            "unknown": [_gap_json(item) for item in self.unknown],
            "tasks": [_task_json(item) for item in self.tasks],
            "population": list(self.population),
            "possiblePopulation": list(self.possible_population),
            "nearest": self.nearest.to_json(json_value),
            "conference": self.needs_conference,
            "release": self.release,
            "ruleSet": self.sha256,
            "asOf": self.as_of.isoformat(),
            "engines": {"kleene": "ok", "durable": self.durable},
        }


def json_value(value: Any) -> Any:
    """A value as JSON: days and times as ISO text, selections as lists."""
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _rule_json(item: RuleOutcome) -> dict[str, Any]:
    status = {True: "true", False: "false", None: "unknown"}[item.status]
    because = [
        {
            "fact": reason.fact,
            "value": json_value(reason.value),
            "form": reason.form or None,
            "date": json_value(reason.answered_on),
            "instanceId": reason.instance_id or None,
            "worker": reason.worker or None,
        }
        for reason in item.because
    ]
    score = plain(item.score)
    return {
        "id": item.id,
        "status": status,
        "score": score,
        "floor": item.floor,
        "because": because,
    }


def _gap_json(item: Gap) -> dict[str, Any]:
    return {
        "fact": item.fact,
        "question": item.question or None,
        "forms": list(item.forms),
        "couldReach": item.could_reach,
        "rules": list(item.rules),
    }


def _task_json(item: TaskCall) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": item.id,
        "assignee": item.assignee,
        "due": item.due.as_json() if item.due else None,
        "rules": list(item.rules),
    }
    if item.facts:
        answer["facts"] = list(item.facts)
    return answer
