"""A condition over variables, ready for the search: which parts decide by logic alone, and atoms that
the engine's closures judge."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rules.engine.closures import Run, compile_tree
from rules.language.ast import (
    And,
    Arith,
    Call,
    Expr,
    FactRef,
    Kind,
    Literal,
    Negate,
    Not,
    Or,
    children,
)

# What a condition may come to, as a set in bits.
TRUE, FALSE, UNKNOWN = 1, 2, 4
NOT_TRUE = FALSE | UNKNOWN
ANY = TRUE | FALSE | UNKNOWN
OUTCOME = {True: TRUE, False: FALSE, None: UNKNOWN}

MAX_PARTS = 5000
# Functions that stay in a tree over variables; any other that is left there has constants only.
_LOGIC = frozenset(
    {"if", "coalesce", "known", "unknown", "selected", "selected-any", "true", "false"}
)


@dataclass(slots=True, repr=False, eq=False)
class Part:
    """One node: and, or, not, if, coalesce, known, unknown over `parts`; or an atom over `names`,
    with the `marks` (constants) that it compares them with. `counts` is the largest number of codes
    that it tells apart, -1 where it does not count. `codes` are the sets of codes it looks for."""

    kind: str
    parts: tuple["Part", ...] = ()
    run: Run | None = None
    names: tuple[str, ...] = ()
    marks: tuple[Any, ...] = ()
    codes: tuple[frozenset[str], ...] = ()
    counts: int = -1


@dataclass(slots=True, repr=False, eq=False)
class Builder:
    """Builds the parts of trees that share nodes, each once; `constants` are the parameters' values
    on the day in question."""

    neutral: frozenset[str]
    constants: dict[str, Any]
    known: dict[int, Part] = field(default_factory=dict)
    kept: list[Expr] = field(default_factory=list)  # ids are good only while their nodes live

    def build(self, tree: Expr) -> Part:
        """The part for `tree`; raises TooLarge beyond MAX_PARTS."""
        found = self.known.get(id(tree))
        if found is None:
            if len(self.known) >= MAX_PARTS:
                raise TooLarge
            found = self.known[id(tree)] = self._build(tree)
            self.kept.append(tree)
        return found

    def _build(self, tree: Expr) -> Part:
        match tree:
            case And(args=args):
                return Part("and", tuple(map(self.build, args)))
            case Or(args=args):
                return Part("or", tuple(map(self.build, args)))
            case Not(arg=arg):
                return Part("not", (self.build(arg),))
            case Call(name="if" | "coalesce" as name, args=args) if all(map(_is_yes_no, args)):
                return Part(name, tuple(map(self.build, args)))
            case Call(name="known" | "unknown" as name, args=(arg,)) if _is_yes_no(arg):
                return Part(name, (self.build(arg),))
        return self.atom(tree)

    def atom(self, tree: Expr) -> Part:
        """What the closures judge as a whole."""
        names: dict[str, None] = {}
        marks: dict[Any, None] = {}
        codes: dict[frozenset[str], None] = {}
        is_counting = False
        nodes, todo = 0, [tree]
        while todo:
            node = todo.pop()
            nodes += 1
            if nodes > MAX_PARTS:
                raise TooLarge
            match node:
                case FactRef(name=name) if name not in self.constants:
                    names[name] = None
                case Literal(value=str() as text):
                    codes[frozenset(text.split())] = None
                    marks[text] = None
                case Call(name="count-selected"):
                    is_counting = True
                case Call(name=name) if name in _LOGIC:
                    pass
                case Literal() | FactRef() | Negate() | Arith() | Call():  # a constant
                    marks[compile_tree(node, self.neutral)(self.constants)] = None
            todo.extend(children(node))
        run, constants = compile_tree(tree, self.neutral), self.constants
        limits = [int(mark) for mark in marks if isinstance(mark, int | float)]
        return Part(
            "atom", run=lambda env: run({**constants, **env}), names=tuple(names),
            marks=tuple(mark for mark in marks if mark is not None), codes=tuple(codes),
            counts=max([0, *limits]) if is_counting else -1,
        )  # fmt: skip


class TooLarge(Exception):
    """The condition is larger than the bound."""


def _is_yes_no(node: Expr) -> bool:
    return node.type is not None and node.type.kind is Kind.YES_NO


def mask_of(part: Part, judge: Callable[[Part], int], known: dict[int, int]) -> int:
    """What `part` may come to when `judge` says it of the atoms; `known` spares shared parts."""
    found = known.get(id(part))
    if found is None:
        found = known[id(part)] = _mask(part, judge, known)
    return found


def _mask(part: Part, judge: Callable[[Part], int], known: dict[int, int]) -> int:
    match part.kind:
        case "atom":
            return judge(part)
        case "and":
            return _joined(part, judge, known, TRUE, FALSE)
        case "or":
            return _joined(part, judge, known, FALSE, TRUE)
        case "not":
            return swapped(mask_of(part.parts[0], judge, known))
        case "known" | "unknown":
            inner = mask_of(part.parts[0], judge, known)
            result = (TRUE if inner & ~UNKNOWN else 0) | (FALSE if inner & UNKNOWN else 0)
            return result if part.kind == "known" else swapped(result)
        case "coalesce":
            result = UNKNOWN
            for one in part.parts:
                if result & UNKNOWN:
                    result = (result & ~UNKNOWN) | mask_of(one, judge, known)
            return result
    return _branched(*(mask_of(one, judge, known) for one in part.parts))


def _joined(
    part: Part, judge: Callable[[Part], int], known: dict[int, int], neutral: int, decides: int
) -> int:
    """Of `and` (neutral TRUE, decides FALSE) and of `or` the other way round."""
    all_neutral, may_decide, may_be_open, must_open = True, False, False, True
    for one in part.parts:
        mask = mask_of(one, judge, known)
        if mask == decides:
            return decides
        all_neutral = all_neutral and bool(mask & neutral)
        may_decide = may_decide or bool(mask & decides)
        may_be_open = may_be_open or bool(mask & UNKNOWN)
        must_open = must_open and bool(mask & (neutral | UNKNOWN))
    return (
        (neutral if all_neutral else 0)
        | (decides if may_decide else 0)
        | (UNKNOWN if may_be_open and must_open else 0)
    )


def _branched(condition: int, one: int, other: int) -> int:
    result = (one if condition & TRUE else 0) | (other if condition & FALSE else 0)
    if condition & UNKNOWN:  # the engine gives the common value of both branches, else unknown
        result |= one & other
        differ = one != other or one & (one - 1)
        result |= UNKNOWN if differ else 0
    return result


def swapped(mask: int) -> int:
    """`mask` with true and false exchanged."""
    return (mask & UNKNOWN) | (FALSE if mask & TRUE else 0) | (TRUE if mask & FALSE else 0)
