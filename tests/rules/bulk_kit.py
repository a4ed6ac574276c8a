"""Rule sets from every corner of the language, children to go with them, and what the one-child engine
says of each: for tests of the engine over columns."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from rules.engine.bulk import BulkResult, evaluate_frame, frame_of
from rules.engine.decision import decide
from rules.engine.kleene import evaluate
from rules.engine.parts import RuleSet
from rules.engine.values import resolve
from rules.language.ast import Kind

AS_OF = date(2026, 3, 15)
TITLE = {"zh": "题", "en": "title"}
CODES = ("a", "b", "c", "d", "none")
FACTS: dict[str, str] = {
    "age": "integer",
    "kids": "integer",
    "weight": "number",
    "ratio": "number",
    "born": "date",
    "left": "date",
    "seen_at": "time",
    "sent_at": "time",
    "carer": "select_one",
    "school": "select_one",
    "signs": "select_multiple",
    "hazards": "select_multiple",
    "fed": "yes_no",
    "safe": "yes_no",
    "note": "text",
    "place": "text",
}
DEFAULTS: dict[str, tuple[str, Any]] = {  # facts that nobody need be asked: type, default
    "visits": ("integer", 0),
    "grade": ("select_one", "b"),
    "losses": ("select_multiple", []),
    "helped": ("yes_no", None),
    "stage": ("select_one", None),
    "income": ("number", 2.5),
}
PARAMETERS: dict[str, tuple[str, Any]] = {
    "age_limit": ("integer", 8),
    "line": ("number", 3.25),
    "policy_day": ("date", "2020-02-29"),
    "later": ("integer", None),  # in force long after AS_OF
}
PATTERNS = ("[0-9]+", "a.*", "(某|x)村?", "\\w{2,4}", "")
KINDS = ("yes_no", "yes_no", "integer", "number", "date", "time", "text", "select_one", "select_multiple")  # fmt: skip


def ref(name: str) -> str:
    """`${name}`"""
    return f"${{{name}}}"


def choices() -> list[dict[str, str]]:
    """The codes of every choice."""
    return [{"code": code, "zh": code, "en": code} for code in CODES]


class RandomRuleSets:
    """Draws documents; the same seed gives the same one."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names: dict[str, list[str]] = {}
        for name, kind in FACTS.items():
            self.names.setdefault(kind, []).append(name)
        for section in (DEFAULTS, PARAMETERS):
            for name, (kind, _) in section.items():
                self.names.setdefault(kind, []).append(name)

    # --- documents --------------------------------------------------------------------------------

    def document(self, derived: int = 8, rules: int = 12, depth: int = 3) -> dict[str, Any]:
        """A rule set whose derived facts read each other."""
        defaults = [self.defaulted(name) for name in DEFAULTS]
        computed = [self.derived(number, depth) for number in range(derived)]
        facts = [self.fact(name, kind) for name, kind in FACTS.items()]
        return {
            "settings": {
                "name": "random", "title": TITLE, "subject": "child",
                "neutral_codes": ["d", "none"], "ask_for_facts": {"task": "T_ASK"},
                "dimensions": [
                    {"id": "one", "title": TITLE, "cap": 9.5},
                    {"id": "two", "title": TITLE},
                ],
            },
            "tiers": [
                {"id": name, "title": TITLE, "color": "#00aa00", "min_score": lowest}
                for name, lowest in (("green", 0), ("blue", 4.2), ("yellow", 11), ("red", None))
            ],
            "parameters": {name: self.parameter(name) for name in PARAMETERS},
            "facts": [*facts, *defaults],
            "derived": computed,
            "rules": [self.rule(number, depth) for number in range(rules)],
            "tasks": [self.task(name) for name in ("T_ASK", "T_ONE", "T_TWO", "T_NEVER")],
        }  # fmt: skip

    def parameter(self, name: str) -> dict[str, Any]:
        kind, value = PARAMETERS[name]
        values = [{"from": "2020-01-01", "value": value}]
        if value is None:
            values = [{"from": "2090-01-01", "value": 4}]
        return {"title": TITLE, "type": kind, "values": values}

    def fact(self, name: str, kind: str) -> dict[str, Any]:
        fact: dict[str, Any] = {
            "name": name,
            "title": TITLE,
            "type": kind,
            "question": name,
            "forms": ["visit"],
        }
        return {**fact, "codes": choices()} if kind.startswith("select") else fact

    def defaulted(self, name: str) -> dict[str, Any]:
        kind, default = DEFAULTS[name]
        fact = self.fact(name, kind)
        if default is not None:
            fact["otherwise"] = default
        if default is None or self.random.random() < 0.7:
            fact["applies"] = self.applies()
        return fact

    def applies(self) -> str:
        """A condition over facts without a default, so that no circle comes about."""
        return self.random.choice(
            (
                "${fed}",
                "${age} >= 3",
                "${age} > 3 and ${carer} = 'a'",
                "not(${safe})",
                "known(${note})",
            )
        )

    def derived(self, number: int, depth: int) -> dict[str, Any]:
        kind = self.random.choice(KINDS)
        name = f"known_{number}"
        row: dict[str, Any] = {"name": name, "title": TITLE, "type": kind}
        row["expr"] = self.draw(kind, depth)
        if kind.startswith("select"):
            row["codes"] = choices()
        self.names[kind].append(name)
        return row

    def rule(self, number: int, depth: int) -> dict[str, Any]:
        pick = self.random
        row: dict[str, Any] = {
            "id": f"R{number}", "title": TITLE, "dimension": pick.choice(("one", "two")),
            "when": self.condition(depth), "score": pick.choice((0, 1, 3, 4.1, 0.1, 0.7, 12)),
            "floor": pick.choice((None, None, "blue", "yellow", "red")),
            "tasks": pick.sample(("T_ONE", "T_TWO", "T_ASK"), pick.choice((0, 0, 1, 2))),
        }  # fmt: skip
        if pick.random() < 0.1:
            row["on"] = False
        if pick.random() < 0.2:
            row["valid"] = pick.choice(({"from": "2026-03-15"}, {"to": "2026-03-14"}))
        return row

    def task(self, name: str) -> dict[str, Any]:
        return {
            "id": name, "title": TITLE, "assignee": "child_director", "due": {"days": 3},
            "close": {"manual": True},
        }  # fmt: skip

    # --- expressions ------------------------------------------------------------------------------

    def draw(self, kind: str, depth: int) -> str:
        """An expression of that type."""
        makers = {
            "yes_no": self.condition, "integer": self.integer, "number": self.number,
            "date": self.day, "time": self.moment, "text": self.text, "select_one": self.code,
            "select_multiple": self.codes,
        }  # fmt: skip
        return makers[kind](depth)

    def name(self, *kinds: str) -> str:
        return ref(self.random.choice([name for kind in kinds for name in self.names[kind]]))

    def op(self) -> str:
        return self.random.choice(("=", "!=", "<", "<=", ">", ">="))

    def mixed(self, kind: str, depth: int) -> str:
        """if() and coalesce(), which any type may be made with."""
        one, other = self.draw(kind, depth), self.draw(kind, depth)
        return self.random.choice((
            f"if({self.condition(depth)}, {one}, {other})",
            f"coalesce({one}, {other})",
        ))  # fmt: skip

    def condition(self, depth: int) -> str:
        pick = self.random
        if depth <= 0:
            return pick.choice((
                self.name("yes_no"), "true()", "false()",
                f"known({self.name(*self.names)})", f"unknown({self.name(*self.names)})",
            ))  # fmt: skip
        below = depth - 1
        return pick.choice((
            lambda: f"({self.condition(below)} and {self.condition(below)})",
            lambda: f"({self.condition(below)} or {self.condition(below)} or {self.condition(0)})",
            lambda: f"not({self.condition(below)})",
            lambda: self.mixed("yes_no", below),
            lambda: f"(({self.condition(below)}) {pick.choice(('=', '!='))} ({self.condition(0)}))",
            lambda: f"{self.number(below)} {self.op()} {self.integer(below)}",
            lambda: f"{self.number(below)} {self.op()} {self.number(below)}",
            lambda: f"{self.day(below)} {self.op()} {self.day(below)}",
            lambda: f"{self.moment(below)} {self.op()} {self.moment(0)}",
            lambda: f"{self.text(below)} {pick.choice(('=', '!='))} {self.text(below)}",
            lambda: f"{self.code(below)} {pick.choice(('=', '!='))} '{pick.choice(CODES)}'",
            lambda: f"'{pick.choice(CODES)}' = {self.code(below)}",
            lambda: self.selected(below),
            lambda: self.selected(below),
            lambda: f"{self.name('text')} = {self.code(below)}",
            lambda: f"contains({self.word(below)}, {self.word(0)})",
            lambda: f"starts-with({self.word(below)}, {self.word(0)})",
            lambda: f"regex({self.word(below)}, '{pick.choice(PATTERNS)}')",
        ))()  # fmt: skip

    def selected(self, depth: int) -> str:
        pick = self.random
        several = " ".join(pick.sample(CODES, pick.choice((1, 2, 4))))
        one = pick.choice((self.code, self.codes))(depth)
        call = pick.choice((f"'{pick.choice(CODES)}'", ""))
        return f"selected({one}, {call})" if call else f"selected-any({one}, '{several}')"

    def integer(self, depth: int) -> str:
        pick = self.random
        if depth <= 0:
            return pick.choice((
                self.name("integer"), self.name("integer"), pick.choice(["0", "1", "2", "3", "16"]), "-4",
                pick.choice(("1000000000000000", "99999999999", "999999999999999999")),
            ))  # fmt: skip
        below = depth - 1
        return pick.choice((
            lambda: f"({self.integer(below)} {pick.choice('+-*')} {self.integer(below)})",
            lambda: f"({self.integer(below)} mod {self.integer(below)})",
            lambda: f"-({self.integer(below)})",
            lambda: self.mixed("integer", below),
            lambda: f"count-selected({self.codes(below)})",
            lambda: f"int({self.number(below)})",
            lambda: f"abs({self.integer(below)})",
            lambda: f"{pick.choice(('min', 'max'))}({self.integer(below)}, {self.integer(0)})",
            lambda: f"string-length({self.word(below)})",
            lambda: self.distance(below),
            lambda: self.distance(below),
            lambda: f"({self.day(below)} - {self.day(below)})",
        ))()  # fmt: skip

    def distance(self, depth: int) -> str:
        pick = self.random
        unit = pick.choice(("days", "months", "years"))
        sides = [pick.choice((self.day, self.day, self.moment))(depth) for _ in range(2)]
        return f"{unit}-between({', '.join(sides)})"

    def number(self, depth: int) -> str:
        pick = self.random
        if depth <= 0:
            return pick.choice((
                self.name("number"), self.name("number"), self.name("integer"),
                pick.choice(["0.0", "0.5", "2.5", "3.25", "0.1", "1000000000000000.0"]), "-1.5",
            ))  # fmt: skip
        below = depth - 1
        return pick.choice((
            lambda: f"({self.number(below)} {pick.choice('+-*')} {self.number(below)})",
            lambda: f"({self.number(below)} div {self.number(below)})",
            lambda: f"({self.number(below)} mod {self.number(below)})",
            lambda: f"-({self.number(below)})",
            lambda: self.mixed("number", below),
            lambda: f"round({self.number(below)}, {pick.choice('01259')})",
            lambda: f"round({self.number(below)})",
            lambda: f"abs({self.number(below)})",
            lambda: f"{pick.choice(('min', 'max'))}({self.number(below)}, {self.integer(below)}, 2)",
            lambda: f"decimal-date-time({self.day(below)})",
            lambda: f"decimal-date-time({self.moment(below)})",
        ))()  # fmt: skip

    def day(self, depth: int) -> str:
        pick = self.random
        if depth <= 0:
            return pick.choice(
                (self.name("date"), self.name("date"), "today()", "date('2020-02-29')")
            )
        below = depth - 1
        return pick.choice((
            lambda: f"({self.day(below)} {pick.choice('+-')} {self.integer(below)})",
            lambda: self.mixed("date", below),
            lambda: f"date({self.moment(below)})",
            lambda: f"date({self.day(below)})",
            lambda: self.name("date"),
        ))()  # fmt: skip

    def moment(self, depth: int) -> str:
        if depth > 0:
            return self.mixed("time", depth - 1)
        written = "date-time('2025-06-14T08:30')", "date-time('2026-03-15T00:00:30+01:00')"
        return self.random.choice((self.name("time"), self.name("time"), *written))

    def text(self, depth: int) -> str:
        pick = self.random
        if depth <= 0:
            return pick.choice((
                self.name("text"), self.name("text"), "'a'", "'某村'", "'2026'", "''", "'a b'",
            ))  # fmt: skip
        below = depth - 1
        return pick.choice((
            lambda: self.mixed("text", below),
            lambda: f"format-date({self.day(below)}, '%Y-%m %e %a')",
            lambda: f"format-date({self.moment(below)}, '%d.%n.%y %H:%M')",
            lambda: self.name("text"),
        ))()  # fmt: skip

    def word(self, depth: int) -> str:
        return self.random.choice((self.text, self.text, self.code))(depth)

    def code(self, depth: int) -> str:
        return self.name("select_one") if depth <= 0 else self.mixed("select_one", depth - 1)

    def codes(self, depth: int) -> str:
        name = self.name("select_multiple")
        return name if depth <= 0 else self.mixed("select_multiple", depth - 1)


class RandomChildren:
    """Draws raw facts of any rule set: ordinary ones, extreme ones, and none at all."""

    def __init__(self, rule_set: RuleSet, seed: int) -> None:
        self.types = {name: fact.type for name, fact in rule_set.facts.items()}
        self.random = random.Random(seed)

    def draw(self, count: int) -> list[dict[str, Any]]:
        """`count` children; between none and nearly all of their facts are unknown."""
        return [self.child(self.random.choice((0.0, 0.1, 0.4, 0.9))) for _ in range(count)]

    def child(self, unknown: float) -> dict[str, Any]:
        return {
            name: None if self.random.random() < unknown / 2 else self.value(name)
            for name in self.types
            if self.random.random() >= unknown / 2
        }

    def value(self, name: str) -> Any:
        pick, codes = self.random, self.types[name].codes
        match self.types[name].kind:
            case Kind.YES_NO:
                return pick.random() < 0.5
            case Kind.INTEGER:
                return pick.choice(
                    (pick.randint(-3, 20), pick.randint(0, 4), 10**15, -(10**15), 7 * 10**11)
                )
            case Kind.NUMBER:
                return pick.choice((
                    pick.randint(-3, 20), pick.uniform(-5, 20), pick.choice((2.5, -2.5, 0.5, 3.25, 0.1, -0.0)),
                    1e15, 123456789012.345, 10**15 - 1, 1e-7,
                ))  # fmt: skip
            case Kind.DATE:
                return pick.choice(
                    (self.day(), self.day(), self.day().isoformat(), date.min, date.max)
                )
            case Kind.TIME:
                return self.moment()
            case Kind.SELECT_ONE:
                return pick.choice((*codes, *codes, "zz", ""))
            case Kind.SELECT_MULTIPLE:
                found = [code for code in (*codes, "zz") if pick.random() < 0.3]
                return pick.choice((tuple(found), found, " ".join(found)))
        return pick.choice(
            (
                "",
                "a",
                "a b",
                "某村",
                "2026",
                "b\nc",
                "𠮷x",
                "x" * 2001,
                "quo\"te'",
                "0",
                "\ud800x",
                "none d",
            )
        )

    def day(self) -> date:
        pick = self.random
        return date(
            pick.choice((2008, 2018, 2020, 2024, 2025, 2026)),
            pick.randint(1, 12),
            pick.choice((1, 14, 15, 16, 28)),
        )

    def moment(self) -> datetime | str:
        pick = self.random
        day = self.day()
        at = datetime(
            day.year,
            day.month,
            day.day,
            pick.choice((0, 15, 16, 23)),
            pick.choice((0, 59)),
            tzinfo=UTC,
        )
        zone = timezone(timedelta(hours=pick.choice((8, -5))))
        return pick.choice(
            (
                at,
                at.astimezone(zone),
                at.isoformat(),
                at.replace(tzinfo=None),
                datetime(1900, 1, 1, tzinfo=UTC),
            )
        )


def in_columns(
    rule_set: RuleSet, children: Sequence[Mapping[str, Any]], day: date = AS_OF
) -> BulkResult:
    """What the engine over columns says."""
    return evaluate_frame(rule_set, frame_of(rule_set, children), day)


def differences(
    rule_set: RuleSet, children: Sequence[Mapping[str, Any]], day: date = AS_OF
) -> list[str]:
    """Where the engine over columns and the one-child engine differ, in words."""
    bulk = in_columns(rule_set, children, day)
    found: list[str] = []
    unknown = dict.fromkeys(rule_set.facts, 0)
    for row, child in enumerate(children):
        expected = expectation(rule_set, child, day, unknown)
        for what, told in told_of(bulk, row).items():
            if told != expected[what]:
                found.append(f"{what}: {expected[what]} but in columns {told}, of {child}")
    if unknown != bulk.unknown:
        found.append(f"unknown: {unknown} but in columns {bulk.unknown}")
    return found


def expectation(
    rule_set: RuleSet, child: Mapping[str, Any], day: date, unknown: dict[str, int]
) -> dict[str, Any]:
    """What the one-child engine says; facts that are missing are counted in `unknown`."""
    values = resolve(rule_set, child, day)
    for name in unknown:
        unknown[name] += values.get(name) is None and name not in values.idle
    decision = decide(rule_set, values, with_nearest=False)
    ranks = {tier.id: tier.rank for tier in rule_set.tiers}
    return {
        "statuses": evaluate(rule_set, values).statuses,
        "outcome": {
            "tier": ranks[decision.tier],
            "possible": ranks[decision.possible_tier],
            "score": decision.score,
            "possible_score": decision.possible_score,
            "insufficient": decision.insufficient,
        },
        "tasks": {task.id for task in decision.tasks},
        "derived": {item.name: as_listed(values.get(item.name)) for item in rule_set.derived},
    }


def told_of(bulk: BulkResult, row: int) -> dict[str, Any]:
    """One row of the engine over columns."""
    tasks = bulk.tasks.row(row, named=True) if bulk.tasks.width else {}
    return {
        "statuses": bulk.statuses.row(row, named=True) if bulk.statuses.width else {},
        "outcome": bulk.outcome.row(row, named=True),
        "tasks": {name for name, asked in tasks.items() if asked},
        "derived": bulk.derived.row(row, named=True) if bulk.derived.width else {},
    }


def as_listed(value: Any) -> Any:
    """A value as a column gives it back: a selection as a list, half a character pair mended."""
    if isinstance(value, tuple):
        return [as_listed(code) for code in value]
    return value.replace("\ud800", "\ufffd") if isinstance(value, str) else value
