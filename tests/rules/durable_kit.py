"""Small rule sets for tests of the second engine: written out, or drawn at random over one list of facts."""

import random
from collections.abc import Mapping
from typing import Any

TITLE = {"zh": "题", "en": "title"}
CODES = ("a", "b", "c", "d")
FACTS: dict[str, str] = {
    "age": "integer",
    "months": "integer",
    "weight": "number",
    "born": "date",
    "left": "date",
    "carer": "select_one",
    "school": "select_one",
    "signs": "select_multiple",
    "hazards": "select_multiple",
    "seen": "yes_no",
    "fed": "yes_no",
    "note": "text",
}


def document_of(
    rules: Mapping[str, str], derived: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A rule-set document over FACTS with these conditions."""
    return {
        "settings": {
            "name": "small",
            "title": TITLE,
            "subject": "child",
            "neutral_codes": ["d"],
            "dimensions": [{"id": "all", "title": TITLE}],
        },
        "tiers": [
            {"id": "green", "title": TITLE, "color": "#00aa00", "min_score": 0},
            {"id": "red", "title": TITLE, "color": "#aa0000", "min_score": 5},
        ],
        "facts": [fact_of(name, kind) for name, kind in FACTS.items()],
        "derived": [
            {"name": name, "title": TITLE, "type": "yes_no", "expr": text}
            for name, text in (derived or {}).items()
        ],
        "rules": [
            {"id": name, "dimension": "all", "title": TITLE, "when": text, "score": 1}
            for name, text in rules.items()
        ],
    }


def fact_of(name: str, kind: str) -> dict[str, Any]:
    """One question of one form."""
    fact: dict[str, Any] = {"name": name, "title": TITLE, "type": kind, "forms": ["visit"]}
    if kind.startswith("select"):
        fact["codes"] = [{"code": code, "zh": code, "en": code} for code in CODES]
    return {**fact, "question": name, "merge": "latest"}


def ref(name: str) -> str:
    """`${name}`"""
    return f"${{{name}}}"


class RandomConditions:
    """Draws conditions over FACTS and the derived facts drawn so far, from every corner of the language."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.derived: list[str] = []

    def document(self, derived: int = 6, rules: int = 12) -> dict[str, Any]:
        """A rule set whose derived facts read each other."""
        drawn = {}
        for number in range(derived):
            drawn[f"known_{number}"] = self.condition(2)
            self.derived.append(f"known_{number}")
        return document_of({f"R{n}": self.condition(3) for n in range(rules)}, drawn)

    def condition(self, depth: int) -> str:
        """A condition at most `depth` combinations deep."""
        pick = self.random
        if depth == 0 or pick.random() < 0.2:
            return pick.choice(self.atoms())()
        parts = [self.condition(depth - 1) for _ in range(pick.choice((2, 2, 3)))]
        one, two = parts[:2]
        return pick.choice(
            (
                "(" + " and ".join(parts) + ")",
                "(" + " or ".join(parts) + ")",
                f"not({one})",
                f"coalesce({one}, {two})",
                f"coalesce({one}, false())",
                f"if({one}, {two}, {parts[-1]})",
                f"(({one}) = ({two}))",
                f"(({one}) != ({two}))",
            )
        )

    def atoms(self) -> list[Any]:
        """The ways to begin; each gives a text."""
        return [
            self.number_compared,
            self.number_compared,
            self.day_compared,
            self.choice_compared,
            self.choice_compared,
            self.several_compared,
            self.presence,
            self.plain,
            self.plain,
            self.text_compared,
        ]

    def fact(self, *kinds: str) -> str:
        """A reference to a fact of one of `kinds`."""
        return ref(self.random.choice([n for n, kind in FACTS.items() if kind in kinds]))

    def op(self) -> str:
        """Any comparison."""
        return self.random.choice(("=", "!=", "<", "<=", ">", ">="))

    def number(self) -> str:
        """A term that gives a number."""
        fact, pick = self.fact("integer", "number"), self.random
        return pick.choice(
            (
                fact,
                fact,
                f"({fact} + {self.fact('integer')})",
                f"coalesce({fact}, 3)",
                f"coalesce({fact}, {self.fact('number')}, -1.5)",
                f"if({self.plain()}, {fact}, 7)",
                f"count-selected({self.fact('select_multiple')})",
                "years-between(${born}, today())",
                f"max({fact}, 4)",
            )
        )

    def number_compared(self) -> str:
        """Two numbers, one of them perhaps written out."""
        value = self.random.choice(("0", "3", "4.5", "-1.5", "7", "16", self.number()))
        sides = [self.number(), value]
        self.random.shuffle(sides)
        return f"{sides[0]} {self.op()} {sides[1]}"

    def day_compared(self) -> str:
        """Two days."""
        other = self.random.choice(("date('2020-03-15')", "${left}", "today()", "${born}"))
        return f"coalesce(${{born}}, ${{left}}) {self.op()} {other}"

    def choice_compared(self) -> str:
        """One choice against its codes."""
        fact, pick = self.fact("select_one"), self.random
        one, two = pick.sample(CODES, 2)
        return pick.choice(
            (
                f"{fact} = '{one}'",
                f"{fact} != '{one}'",
                f"'{one}' = {fact}",
                f"coalesce({fact}, '{two}') != '{one}'",
                f"coalesce({fact}, ${{carer}}, '{two}') = '{one}'",
                f"selected({fact}, '{one}')",
                f"selected-any({fact}, '{one} {two}')",
                f"selected(coalesce({fact}, '{two}'), '{two}')",
                f"{fact} = ${{carer}}",
            )
        )

    def several_compared(self) -> str:
        """A multiple choice."""
        fact = self.fact("select_multiple")
        one, two = self.random.sample(CODES, 2)
        return self.random.choice(
            (f"selected({fact}, '{one}')", f"selected-any({fact}, '{one} {two}')")
        )

    def presence(self) -> str:
        """known() and unknown(), of derived facts too."""
        names = [*FACTS, *self.derived]
        return f"{self.random.choice(('known', 'unknown'))}({ref(self.random.choice(names))})"

    def plain(self) -> str:
        """A yes/no fact, derived or not, or a constant."""
        names = [ref(name) for name in ["seen", "fed", *self.derived]]
        return self.random.choice((*names, "true()", "false()"))

    def text_compared(self) -> str:
        """A text against literals, harmless and harmful ones."""
        return self.random.choice(
            (
                "${note} = 'a'",
                "${note} != '某村'",
                "${note} = 'quo\"te'",
                "${note} = 'back\\slash'",
                "contains(${note}, 'o')",
                "string-length(${note}) > 2",
            )
        )
