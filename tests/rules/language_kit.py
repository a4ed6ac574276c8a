"""Names, strategies and short cuts for tests of the rule language."""

from typing import Any

from hypothesis import strategies as st

from rules.language.ast import (
    And,
    Arith,
    Call,
    Compare,
    Expr,
    FactRef,
    Kind,
    Literal,
    Negate,
    Not,
    Or,
    Type,
)
from rules.language.check import check
from rules.language.names import Issue, Name
from rules.language.parser import parse

YN = {"yes": {"zh": "是", "en": "Yes"}, "no": {"zh": "否", "en": "No"}}
RELATION = {
    "grandparent": {"zh": "祖父母", "en": "Grandparents"},
    "none": {"zh": "无人照护", "en": "Nobody"},
    "minor_sibling": {"zh": "未成年兄姐", "en": "Minor sibling"},
}
MOOD = {
    "none": {"zh": "无", "en": "None"},
    "fearful": {"zh": "害怕某人", "en": "Fearful"},
    "tearful": {"zh": "常哭", "en": "Tearful"},
}


def _name(name, kind, zh, en, labels=None, *, may_be_unknown=True):
    type_ = Type(kind, tuple(labels or ()))
    return Name(name, type_, {"zh": zh, "en": en}, labels or {}, may_be_unknown)


NAMES = {
    one.name: one
    for one in (
        _name("caregiver_age", Kind.INTEGER, "照护人年龄", "Caregiver's age"),
        _name("children_in_care", Kind.INTEGER, "同时照护未成年人数", "Minors in care"),
        _name("distance", Kind.NUMBER, "家校距离", "Distance"),
        _name("missing_now", Kind.SELECT_ONE, "目前是否失踪", "Missing now", YN),
        _name("relation", Kind.SELECT_ONE, "照护人关系", "Caregiver", RELATION),
        _name("mood", Kind.SELECT_MULTIPLE, "情绪观察", "Mood", MOOD),
        _name("lbc", Kind.YES_NO, "留守儿童", "Left-behind child"),
        _name("visited", Kind.YES_NO, "已走访", "Visited", may_be_unknown=False),
        _name("dob", Kind.DATE, "出生日期", "Date of birth"),
        _name("seen_at", Kind.TIME, "走访时间", "Visit time"),
        _name("note", Kind.TEXT, "说明", "Note"),
        _name("age_limit", Kind.INTEGER, "年龄上限", "Age limit", may_be_unknown=False),
    )
}


def issues_of(text: str, expected: Type | None = None) -> list[Issue]:
    """What the checker says about `text` over NAMES."""
    return check(parse(text), NAMES, expected)[1]


def errors_of(text: str, expected: Type | None = None) -> list[str]:
    """The English messages of the errors in `text`."""
    return [issue.message_in(str) for issue in issues_of(text, expected) if not issue.is_warning]


def warnings_of(text: str) -> list[str]:
    """The English messages of the warnings about `text`."""
    return [issue.message_in(str) for issue in issues_of(text) if issue.is_warning]


_WORDS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
_CALLS = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True).filter(
    lambda word: word not in ("not", "and", "or", "div", "mod")
)
_STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(
    lambda text: not ("'" in text and '"' in text)
)
_LITERALS = st.one_of(
    _STRINGS,
    st.integers(0, 10**9),
    st.integers(0, 10**9).map(lambda number: number / 1000),
).map(Literal)


def _grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(And, several),
        st.builds(Or, several),
        st.builds(Not, inner),
        st.builds(Negate, inner),
        st.builds(Compare, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), inner, inner),
        st.builds(Arith, st.sampled_from(["+", "-", "*", "div", "mod"]), inner, inner),
        st.builds(Call, _CALLS, st.lists(inner, max_size=3).map(tuple)),
    )


# Any tree that some text can have.
TREES: st.SearchStrategy[Expr] = st.recursive(
    st.one_of(_LITERALS, _WORDS.map(FactRef)), _grow, max_leaves=15
)

# --- well-typed conditions, as text, over the facts of CONDITION_FACTS ----------------------------

_ATOMS = st.sampled_from([
    "${a}", "${b}", "${n} > 3", "${n} + ${k} >= 5", "${k} = 2", "${s} = 'x'", "${s} != 'y'",
    "selected(${m}, 'p')", "selected-any(${m}, 'q r')", "selected-any(${s}, 'x none')",
    "count-selected(${m}) >= 2", "${n} div ${k} > 1", "max(${n}, ${k}) < 4", "${d}", "true()", "${n} = ${k}",
    "years-between(${day}, today()) >= 8", "if(${a}, ${n} > 1, ${b})",
])  # fmt: skip


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda pair: f"({pair[0]} and {pair[1]})"),
        pairs.map(lambda pair: f"({pair[0]} or {pair[1]})"),
        inner.map(lambda text: f"not({text})"),
    )


# Conditions without coalesce(), known(), unknown(): learning more can only settle them.
MONOTONE_CONDITIONS: st.SearchStrategy[str] = st.recursive(_ATOMS, _joined, max_leaves=6)

_ANSWERS = {
    "a": st.booleans(),
    "b": st.booleans(),
    "n": st.integers(0, 6),
    "k": st.integers(0, 4),
    "s": st.sampled_from(["x", "y", "none"]),
    "m": st.sets(st.sampled_from(["p", "q", "r", "none"]), min_size=1).map(sorted),
    "day": st.dates().map(lambda day: day.isoformat()),
}
FULL_ANSWERS = st.fixed_dictionaries(_ANSWERS)
SOME_NAMES = st.sets(st.sampled_from(sorted(_ANSWERS)))


def codes(text: str) -> list[dict[str, str]]:
    """Choices without labels."""
    return [{"code": code} for code in text.split()]


CONDITION_FACTS: list[dict[str, Any]] = [
    {"name": "a", "type": "yes_no"},
    {"name": "b", "type": "yes_no"},
    {"name": "n", "type": "integer"},
    {"name": "k", "type": "integer"},
    {"name": "s", "type": "select_one", "codes": codes("x y none")},
    {"name": "m", "type": "select_multiple", "codes": codes("p q r none")},
    {"name": "day", "type": "date"},
]
CONDITION_DERIVED = [{"name": "d", "type": "yes_no", "expr": "${a} and ${n} < 5"}]
