"""Never, always, implies: compared with trying out every child of a small world by the engine itself."""

from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engine.closures import compile_tree
from rules.engine.program import program_of
from rules.engine.reach import Reach
from rules.engine.reach.parts import TooLarge
from rules.engine.rule_set import RuleSet, load_document
from rules.engine.values import compute
from tests.rules.programme_kit import programme

DAY = date(2026, 6, 1)
SIGNS, NEWER = ("p", "q", "r", "none"), ("x1", "x2", "x3")
CODES = {"yn": ["yes", "no"], "level": ["low", "mid", "high"], "signs": [*SIGNS]}
WORLD: dict[str, list[Any]] = {
    "n": [None, -1, 0, 1, 2, 3, 4, 5],
    "k": [None, -1, 0, 1, 2, 3, 4, 5],
    "s": [None, "low", "mid", "high"],
    # codes of a newer form that the rule set does not list count too
    "m": [
        None,
        *(
            tuple(code for code, is_in in zip(SIGNS, chosen, strict=True) if is_in) + NEWER[:more]
            for chosen in product([True, False], repeat=4)
            for more in range(4)
            if any(chosen) or more
        ),
    ],
    "t": [None, True, False],
}
TITLE = {"zh": "题", "en": "Title"}
DERIVED = [
    {"name": "grave", "type": "yes_no", "expr": "${s} = 'high' and ${n} >= 2"},
    {"name": "calm", "type": "yes_no", "expr": "not(coalesce(${grave}, false())) and ${t}"},
    {"name": "worst", "type": "integer", "expr": "coalesce(${n}, ${k})"},
]


def document(*conditions: str, **parameters: Any) -> dict[str, Any]:
    """A rule set over the small world with a rule for each condition."""
    asked = {"forms": ["visit"], "title": TITLE}
    facts = [
        {"name": "n", "type": "integer", "question": "n", **asked},
        {"name": "k", "type": "integer", "question": "k", **asked},
        {"name": "s", "type": "select_one", "choices": "level", "question": "s", **asked},
        {"name": "m", "type": "select_multiple", "choices": "signs", "question": "m", **asked},
        {"name": "t", "type": "yes_no", "question": "t", **asked},
        {"name": "d", "type": "date", "question": "d", **asked},
        {"name": "w", "type": "text", "question": "w", **asked},
        {"name": "at", "type": "time", "question": "at", **asked},
        {
            "name": "seen", "type": "integer", "title": TITLE,
            "history": {"kind": "count", "forms": ["visit"]},
        },
        {"name": "calls", "type": "integer", "question": "calls", "otherwise": 1, **asked},
    ]  # fmt: skip
    return {
        "settings": {
            "name": "small", "title": TITLE, "subject": "child", "neutral_codes": ["none"],
            "dimensions": [{"id": "care", "title": TITLE}],
        },
        "tiers": [
            {"id": "green", "title": TITLE, "min_score": 0},
            {"id": "red", "title": TITLE, "min_score": None},
        ],
        "choices": {name: [{"code": code} for code in codes] for name, codes in CODES.items()},
        "parameters": parameters,
        "facts": facts,
        "derived": [{**item, "title": TITLE} for item in DERIVED],
        "rules": [
            {"id": f"R-{index}", "dimension": "care", "title": TITLE, "when": when, "score": 1}
            for index, when in enumerate(conditions)
        ],
    }  # fmt: skip


def rules(*conditions: str, **parameters: Any) -> RuleSet:
    """That document, compiled."""
    return load_document(document(*conditions, **parameters))


def outcomes(rule_set: RuleSet) -> set[tuple[bool | None, ...]]:
    """What the conditions come to for the children of the small world, by the engine."""
    program, runs = program_of(rule_set), [
        compile_tree(rule.when, rule_set.neutral_codes) for rule in rule_set.rules
    ]  # fmt: skip
    read = [name for name in WORLD if program.readers.get(name)]
    found = set()
    for values in product(*(WORLD[name] for name in read)):
        env = {"today()": DAY, "seen": 0, **dict(zip(read, values, strict=True))}
        known = compute(program, env).env
        found.add(tuple(run(known) for run in runs))
    return found


OPS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
NUMBERS = st.integers(0, 4).map(str)
LEVELS = st.sampled_from(CODES["level"])
SOME_SIGNS = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=2, unique=True)
FEW = st.integers(0, 2).map(str)
PLAIN = st.one_of(
    st.tuples(st.sampled_from(["${n}", "${k}", "coalesce(${n}, 2)"]), OPS, NUMBERS).map(" ".join),
    st.tuples(st.sampled_from(["=", "!="]), LEVELS).map(lambda one: f"${{s}} {one[0]} '{one[1]}'"),
    st.lists(LEVELS, min_size=1, max_size=2).map(
        lambda found: f"selected-any(${{s}}, '{' '.join(found)}')"
    ),
    SOME_SIGNS.map(lambda found: f"selected-any(${{m}}, '{' '.join(found)}')"),
    st.tuples(OPS, FEW).map(lambda one: f"count-selected(${{m}}) {one[0]} {one[1]}"),
    st.sampled_from(
        ["${t}", "known(${t})", "unknown(${n})", "known(${m})", "coalesce(${t}, false())",
         "coalesce(${s}, 'low') = 'low'", "${grave}", "${calm}", "true()"]
    ),
)  # fmt: skip
# What the search knows only as a term of its own: it may not settle these, but must not err.
MIXED = PLAIN | st.one_of(
    st.tuples(st.sampled_from(["${n}", "${worst}"]), OPS, st.just("${k}")).map(" ".join),
    st.tuples(OPS, NUMBERS).map(lambda one: f"${{n}} + ${{k}} {one[0]} {one[1]}"),
    st.tuples(OPS, NUMBERS).map(lambda one: f"if(${{t}}, ${{n}}, 1) {one[0]} {one[1]}"),
    st.tuples(OPS, NUMBERS).map(lambda one: f"if(${{t}}, ${{n}}, ${{k}}) {one[0]} {one[1]}"),
    st.tuples(OPS, NUMBERS).map(lambda one: f"max(${{n}}, ${{k}}) {one[0]} {one[1]}"),
    st.tuples(OPS, NUMBERS).map(lambda one: f"${{worst}} {one[0]} {one[1]}"),
    st.sampled_from(["unknown(${grave})", "${t} = ${calm}", "known(${worst})"]),
)


def conditions(atoms: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """`and`, `or`, `not`, `if` and `coalesce` over `atoms`."""

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(inner, st.sampled_from(["and", "or"]), inner)
        return st.one_of(
            pair.map(lambda one: f"({one[0]} {one[1]} {one[2]})"),
            inner.map(lambda one: f"not({one})"),
            st.tuples(inner, inner, inner).map(lambda one: f"if({', '.join(one)})"),
            st.tuples(inner, inner).map(lambda one: f"coalesce({', '.join(one)})"),
        )

    return st.recursive(atoms, larger, max_leaves=4)


QUICK = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(conditions(PLAIN), conditions(PLAIN))
def test_claims_are_exactly_what_trying_out_every_child_finds(one: str, other: str) -> None:
    rule_set = rules(one, other)
    reach, found = Reach(rule_set), outcomes(rule_set)
    first, second = (rule.when for rule in rule_set.rules)
    assert reach.never(first) is (not any(left is True for left, _ in found))
    assert reach.always(first) is all(left is True for left, _ in found)
    assert reach.implies(first, second) is all(
        right is True for left, right in found if left is True
    )


@settings(QUICK, max_examples=50)
@given(conditions(MIXED), conditions(MIXED))
def test_a_claim_is_never_false(one: str, other: str) -> None:
    rule_set = rules(one, other)
    reach, found = Reach(rule_set), outcomes(rule_set)
    first, second = (rule.when for rule in rule_set.rules)
    if reach.never(first):
        assert not any(left is True for left, _ in found)
    if reach.always(first):
        assert all(left is True for left, _ in found)
    if reach.implies(first, second):
        assert all(right is True for left, right in found if left is True)


@pytest.mark.parametrize(
    "condition",
    [
        "${n} > 3 and ${n} <= 3",
        "${n} > 3 and ${n} < 4",  # no whole number between
        "${s} = 'low' and ${s} = 'high'",
        "selected(${m}, 'p') and count-selected(${m}) = 0",
        "selected-any(${m}, 'p q') and selected-any(${m}, 'r') and count-selected(${m}) < 2",
        "unknown(${n}) and ${n} > 1",
        "${grave} and ${s} = 'mid'",
        "${grave} and ${calm}",
        "${n} < ${k} and ${n} > ${k}",
        "${n} < ${k} and ${k} <= ${n}",
        "${d} >= date('2026-02-01') and ${d} < date('2026-02-01')",
        "years-between(${d}, today()) < 6 and years-between(${d}, today()) >= 6",
        "unknown(${d}) and years-between(${d}, today()) < 3",
        "${w} = 'a' and ${w} = 'b'",
        "${seen} < 0",
        "unknown(${seen})",
        "unknown(${calls})",
        "string-length(${w}) < 0",
        "contains(${w}, 'a') and not(contains(${w}, 'a'))",
        "today() < date('2020-01-01') and today() > date('2020-06-01')",
        "${at} < date-time('2026-01-01T08:00') and ${at} > date-time('2026-01-01T09:00')",
    ],
)
def test_a_contradiction_is_found(condition: str) -> None:
    rule_set = rules(condition)
    assert Reach(rule_set).never(rule_set.rules[0].when)


@pytest.mark.parametrize(
    "condition",
    [
        "${n} > 3 and ${n} < 5",
        "${n} + 0.5 > 3 and ${n} + 0.5 < 4",
        "count-selected(${m}) > 3",
        "count-selected(${m}) > 40",  # codes that a newer form knows count too
        "${s} != 'low' and ${s} != 'mid'",
        "${d} > date('2026-02-01') and ${d} < date('2026-02-03')",
        "unknown(${m}) and ${t}",
        "${w} != 'a' and ${w} != 'b'",
        "years-between(${d}, today()) < 6 and ${d} > today()",
        "${at} > date-time('2026-01-01T08:00') and ${at} < date-time('2026-01-01T08:01')",
        "${at} < date-time('2026-01-01T08:00')",
    ],
)
def test_what_can_happen_is_not_called_impossible(condition: str) -> None:
    rule_set = rules(condition)
    assert not Reach(rule_set).never(rule_set.rules[0].when)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("${n} >= 75", "${n} >= 70"),
        ("${n} > 3", "${n} >= 4"),
        ("${s} = 'high'", "selected-any(${s}, 'high mid')"),
        ("${s} = 'high'", "${s} != 'low'"),
        ("selected(${m}, 'p') and ${t}", "count-selected(${m}) >= 1"),
        ("${grave}", "${n} > 1"),
        ("years-between(${d}, today()) < 3", "years-between(${d}, today()) < 8"),
        ("${d} > date('2026-02-01')", "${d} >= date('2026-02-01')"),
        ("${n} > ${k}", "${k} <= ${n}"),
        ("${worst} > 4", "coalesce(${n}, ${k}) > 3"),
    ],
)
def test_the_narrower_condition_implies_the_wider_and_not_the_reverse(one: str, other: str) -> None:
    rule_set = rules(one, other)
    first, second = (rule.when for rule in rule_set.rules)
    reach = Reach(rule_set)
    assert reach.implies(first, second)
    assert reach.implies(second, first) is (one == "${n} > 3")


def limit(*values: int) -> dict[str, Any]:
    return {
        "type": "integer",
        "values": [
            {"from": f"20{20 + index}-01-01", "value": value} for index, value in enumerate(values)
        ],
    }


def test_parameters_count_with_every_value_they_have_had() -> None:
    condition = "${n} < ${limit} and ${n} > 17"
    once = rules(condition, limit=limit(16))
    assert Reach(once).never(once.rules[0].when)
    later = rules(condition, limit=limit(16, 20))
    assert not Reach(later).never(later.rules[0].when)


def test_beyond_the_bound_nothing_is_claimed() -> None:
    rule_set = rules("${n} > 3 and ${n} <= 3")
    assert not Reach(rule_set, steps=3).never(rule_set.rules[0].when)
    seasons = rules("${n} < ${limit} and ${n} > 90", limit=limit(*range(20)))
    with pytest.raises(TooLarge):
        Reach(seasons).example((seasons.rules[0].when, 1))


def test_long_chains_of_derived_facts_are_bounded() -> None:
    body = document("${c400} and not(${c400})")
    chain = [
        {"name": f"c{index}", "type": "yes_no", "expr": f"${{c{index - 1}}} or ${{t}}", "title": TITLE}
        for index in range(1, 401)
    ]  # fmt: skip
    body["derived"] += [{"name": "c0", "type": "yes_no", "expr": "${t}", "title": TITLE}, *chain]
    rule_set = load_document(body)
    assert Reach(rule_set).never(rule_set.rules[0].when)


def test_every_rule_of_the_programme_can_fire_and_none_always_does() -> None:
    reach = Reach(programme())
    rules_ = programme().rules
    assert [rule.id for rule in rules_ if reach.never(rule.when)] == []
    assert [rule.id for rule in rules_ if reach.always(rule.when)] == []
