"""Is there an assignment under which each of several conditions comes to something wanted? Search with
narrowing, in bounded steps."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from rules.engine.reach.domains import grouped, judged, values_of
from rules.engine.reach.parts import ANY, FALSE, TRUE, UNKNOWN, Part, TooLarge, mask_of, swapped
from rules.engine.reach.terms import Variable

Goal = tuple[Part, int]  # a condition, and what it may come to
Domains = dict[str, int]  # variable -> the values left, as bits

MOST_TOGETHER = 64  # assignments of one atom's variables that are tried at once


@dataclass(slots=True)
class Budget:
    """How many judgements of parts are left."""

    left: int

    def spend(self, steps: int = 1) -> None:
        """Take `steps`; raises TooLarge when none is left."""
        self.left -= steps
        if self.left < 0:
            raise TooLarge


@dataclass(slots=True, repr=False, eq=False)
class Search:
    """One question. `find` answers an assignment, None when there is none; raises TooLarge when the
    budget ends first."""

    goals: list[Goal]
    variables: dict[str, Variable]
    neutral: frozenset[str]
    budget: Budget
    values: dict[str, list[Any]] = field(default_factory=dict)
    tables: dict[int, list[int]] = field(default_factory=dict)
    needs: list[tuple[str, str]] = field(default_factory=list)

    def find(self) -> dict[str, Any] | None:
        """An assignment that meets every goal."""
        self.prepare()
        start = {name: (1 << len(found)) - 1 for name, found in self.values.items()}
        todo = [start]
        while todo:
            domains = todo.pop()
            if not self.narrow(domains):
                continue
            open_goal = self.open_goal(domains)
            if open_goal is None:
                return {name: self.values[name][_first(left)] for name, left in domains.items()}
            name, preferred = self.choose(*open_goal, domains)
            branches = [bit for bit in _bits(domains[name]) if not bit & preferred]
            branches += [bit for bit in _bits(domains[name]) if bit & preferred]
            todo.extend({**domains, name: bit} for bit in branches)  # the last is tried first
        return None

    def prepare(self) -> None:
        """The values of every variable, and what each atom says of them."""
        atoms = list(_atoms(part for part, _ in self.goals))
        readers: dict[str, list[Part]] = {}
        for atom in atoms:
            for name in atom.names:
                readers.setdefault(name, []).append(atom)
        needed = {need for name in readers for need in self.variables[name].needs}
        for name, reading in readers.items():
            found = values_of(self.variables[name], reading, self.neutral)
            self.budget.spend(len(found) * len(reading))
            if all(len(atom.names) == 1 for atom in reading):
                is_needed = name in needed or bool(self.variables[name].needs)
                found = grouped(found, reading, name, is_needed=is_needed)
            self.values[name] = found
        for atom in atoms:
            if len(atom.names) == 1:
                name = atom.names[0]
                row = [judged(atom, {name: value}) for value in self.values[name]]
                self.tables[id(atom)] = row
        self.needs = [
            (name, need)
            for name in self.values
            for need in self.variables[name].needs
            if need in self.values
        ]

    def judge(self, atom: Part, domains: Domains) -> int:
        """What `atom` may come to within `domains`."""
        self.budget.spend()
        if not atom.names:
            return judged(atom, {})
        row = self.tables.get(id(atom))
        if row is not None:
            left, mask = domains[atom.names[0]], 0
            for index, outcome in enumerate(row):
                if left >> index & 1:
                    mask |= outcome
            return mask
        return self.judge_together(atom, domains)

    def judge_together(self, atom: Part, domains: Domains) -> int:
        """An atom of several variables: by trying out, where few combinations are left."""
        left = [
            [self.values[name][_place(bit)] for bit in _bits(domains[name])] for name in atom.names
        ]
        count = math.prod(map(len, left))
        if count > MOST_TOGETHER:
            return ANY
        self.budget.spend(count)
        mask = 0
        for values in product(*left):
            mask |= judged(atom, dict(zip(atom.names, values, strict=True)))
        return mask

    def narrow(self, domains: Domains) -> bool:
        """Take away values that cannot be, until nothing changes; False when nothing is left."""
        while True:
            before = dict(domains)
            for name, need in self.needs:
                if not self.respect(name, need, domains):
                    return False
            for part, wanted in self.goals:
                if not self.require(part, wanted, domains, Masks(self, domains)):
                    return False
            if domains == before:
                return True

    def respect(self, name: str, need: str, domains: Domains) -> bool:
        """What needs an unknown is unknown."""
        unknown, unknown_need = self.unknown_bit(name), self.unknown_bit(need)
        if domains[need] == unknown_need:
            domains[name] &= unknown
        if not domains[name] & unknown:
            domains[need] &= ~unknown_need
        return bool(domains[name] and domains[need])

    def unknown_bit(self, name: str) -> int:
        for index, value in enumerate(self.values[name]):
            if value is None:
                return 1 << index
        return 0

    def require(self, part: Part, wanted: int, domains: Domains, masks: "Masks") -> bool:
        """Narrow `domains` by what `part` must come to; False when it cannot."""
        todo = [(part, wanted)]
        while todo:
            one, needed = todo.pop()
            mask = masks.of(one)
            if not mask & needed:
                return False
            if mask & ~needed == 0:
                continue
            if one.kind == "atom":
                if not self.filter(one, needed, domains):
                    return False
                masks = Masks(self, domains)
            elif one.kind == "not":
                todo.append((one.parts[0], swapped(needed)))
            elif one.kind in ("and", "or"):
                todo.extend(_implied(one, needed, masks))
        return True

    def filter(self, atom: Part, wanted: int, domains: Domains) -> bool:
        row = self.tables.get(id(atom))
        if row is None:
            return True
        name = atom.names[0]
        for index, outcome in enumerate(row):
            if not outcome & wanted:
                domains[name] &= ~(1 << index)
        return domains[name] != 0

    def open_goal(self, domains: Domains) -> Goal | None:
        """The first goal that is not certain yet."""
        masks = Masks(self, domains)
        for part, wanted in self.goals:
            if masks.of(part) & ~wanted:
                return part, wanted
        return None

    def choose(self, part: Part, wanted: int, domains: Domains) -> tuple[str, int]:
        """A variable to branch on that the open goal depends on, and the values to try first."""
        masks = Masks(self, domains)
        while part.kind != "atom":
            part, wanted = _next(part, wanted, masks)
        name = min(
            (name for name in part.names if domains[name] & (domains[name] - 1)),
            key=lambda name: domains[name].bit_count(),
        )
        row = self.tables.get(id(part))
        if row is None:
            return name, self.unknown_bit(name) if wanted & UNKNOWN else 0
        good = [index for index, outcome in enumerate(row) if outcome & wanted]
        return name, sum(1 << index for index in good)


@dataclass(slots=True, repr=False, eq=False)
class Masks:
    """What parts may come to within some domains, each worked out once."""

    search: Search
    domains: Domains
    known: dict[int, int] = field(default_factory=dict)

    def of(self, part: Part) -> int:
        """The outcomes of `part`."""
        return mask_of(part, lambda atom: self.search.judge(atom, self.domains), self.known)


def _implied(part: Part, wanted: int, masks: Masks) -> Iterable[Goal]:
    """What each part of an `and` or `or` must come to, where that is certain."""
    neutral, decides = (TRUE, FALSE) if part.kind == "and" else (FALSE, TRUE)
    if wanted == neutral:
        return [(one, neutral) for one in part.parts]
    if not wanted & decides:  # neutral or unknown: no part may decide
        return [(one, neutral | UNKNOWN) for one in part.parts]
    if not wanted & neutral:  # some part must keep it from being neutral
        able = [one for one in part.parts if masks.of(one) & wanted]
        return [(able[0], wanted)] if len(able) == 1 else []
    return []


def _next(part: Part, wanted: int, masks: Masks) -> Goal:
    """The part to settle first on the way to `wanted`."""
    if part.kind == "not":
        return part.parts[0], swapped(wanted)
    open_parts = [one for one in part.parts if masks.of(one) & (masks.of(one) - 1)]
    if part.kind in ("and", "or"):
        fitting = [one for one in open_parts if masks.of(one) & wanted] or open_parts
        return fitting[0], wanted
    return open_parts[0], wanted if part.kind == "coalesce" else ANY


def _atoms(roots: Iterable[Part]) -> Iterable[Part]:
    seen: dict[int, Part] = {}
    todo = list(roots)
    while todo:
        part = todo.pop()
        if id(part) not in seen:
            seen[id(part)] = part
            todo.extend(part.parts)
    return [part for part in seen.values() if part.kind == "atom"]


def _bits(mask: int) -> list[int]:
    return [1 << index for index in range(mask.bit_length()) if mask >> index & 1]


def _place(bit: int) -> int:
    return bit.bit_length() - 1


def _first(mask: int) -> int:
    return _place(mask & -mask)
