"""The rule-set document: what is accepted, what is compiled of it, and every error at its cell."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import problems
from rules.engine.rule_set import (
    Due,
    canonical_bytes,
    check_document,
    digest,
    load_document,
    read_document,
)
from rules.language.ast import Kind, facts_of
from server.problems import TOO_LARGE, UNPARSEABLE, Place, Problem, told_in
from tests.rules.rule_set_kit import SMALL, changed, errors_in, refusal_of, rule_set, small

# --- what is compiled -----------------------------------------------------------------------------


def test_small_document_is_accepted_without_warnings_but_for_negation():
    [warning] = load_document(SMALL).warnings
    assert warning.kind is problems.NEGATED_UNKNOWN
    assert (warning.place.sheet, warning.place.row, warning.place.column) == (
        "populations",
        3,
        "when",
    )


def test_derived_facts_come_after_what_they_read():
    names = [derived.name for derived in rule_set().derived]
    assert names == ["age", "young", "left_behind"]


def test_facts_with_a_condition_take_their_place_among_the_steps():
    steps = rule_set().steps
    assert steps.index("age") < steps.index("baby_care")


def test_conditions_are_typed_trees():
    rule = rule_set().rules[3]
    assert facts_of(rule.when) == {"left_behind", "baby_care"}
    assert rule.when.type is not None
    assert rule.when.type.kind is Kind.YES_NO


def test_parameter_has_the_value_of_the_day():
    limit = rule_set().parameters["age_limit"]
    days = [date(2016, 1, 1), date(2017, 2, 22), date(2024, 12, 31), date(2025, 1, 1)]
    assert [limit.on(day) for day in days] == [None, 16, 16, 18]


def test_derived_fact_of_known_parts_is_never_unknown():
    derived = [{"name": "sure", "type": "yes_no", "expr": "known(${dob}) and ${age_limit} > 3"}]
    names = rule_set(derived=[*SMALL["derived"], *derived]).names
    assert (names["sure"].may_be_unknown, names["age"].may_be_unknown) == (False, True)


def test_task_limits_and_tiers_are_read():
    loaded = rule_set()
    visit = loaded.tasks["T_VISIT"]
    assert [visit.due_in(tier) for tier in ("red", "blue", "green")] == [
        Due("hours", 48),
        Due("working_days", 5),
        None,
    ]
    assert loaded.rules[0].tasks[1].due == Due("hours", 24)
    assert (loaded.tier("red").rank, loaded.tier("red").downgrade_approvals) == (3, 2)
    assert loaded.tasks["T_ASK"].is_manual
    assert [closing.form for closing in loaded.tasks["T_REPORT"].closes] == ["incident"]


def test_several_questions_answer_one_fact():
    sources = [
        {"question": "alone", "forms": ["visit"]},
        {"question": "living", "forms": ["enum"], "map": {"by_self": "yes", "*": "no"}},
    ]
    document = changed("facts", 0, question=None, forms=None, sources=sources)
    fact = load_document(document).facts["alone"]
    assert [source.question for source in fact.sources] == ["alone", "living"]
    assert (fact.question, fact.forms) == ("alone", ("visit", "enum"))


# --- canonical form -------------------------------------------------------------------------------


def test_equal_documents_have_equal_bytes_whatever_the_order_of_keys():
    turned = json.loads(json.dumps(dict(reversed(SMALL.items()))))
    assert canonical_bytes(turned) == canonical_bytes(SMALL)
    assert digest(turned) == digest(SMALL) == load_document(SMALL).sha256


def test_days_of_yaml_are_text_in_the_canonical_form():
    document = small()
    document["parameters"]["age_limit"]["values"][0]["from"] = date(2017, 2, 22)
    assert canonical_bytes(document) == canonical_bytes(SMALL)


def test_order_of_rows_is_part_of_a_document():
    assert digest(small(rules=SMALL["rules"][::-1])) != digest(SMALL)


# --- reading --------------------------------------------------------------------------------------


def test_yaml_words_stay_words():
    document = read_document(b"a: [yes, no, on, off, null, true, 2017-02-22, 010, 1e3, 3, 2.5]")
    assert document["a"] == [
        "yes", "no", "on", "off", None, True, "2017-02-22", "010", "1e3", 3, 2.5,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"a: &x [1]\nb: *x",
        b"a: 1\na: 2",
        b"{a: {b: 1, b: 2}}",
        b"1: x",
        b"a: !!python/object/apply:os.system ['true']",
        b"a: [",
        b"\xff\xfe",
        b"a: b: c",
        b"[" * 5000,
        b"a: !!binary abc",
        b"? [1, 2]\n: 3",
    ],
)
def test_yaml_that_could_surprise_is_refused(data):
    with pytest.raises(Problem) as caught:
        read_document(data)
    assert caught.value.kind in (UNPARSEABLE, problems.DOCUMENT_SHAPE)


def test_json_is_read_and_refused_alike():
    assert read_document(b'{"a": "yes"}', "json") == {"a": "yes"}
    for bad in (b"{", b"[1]", b'{"a": NaN}', b"[" * 100_000, b'{"a": 1e400}', b'{"a": "\\ud800"}'):
        with pytest.raises(Problem):
            read_document(bad, "json")


def test_document_beyond_the_limit_is_refused():
    with pytest.raises(Problem) as caught:
        read_document(b" " * 5_000_001)
    assert caught.value.kind is TOO_LARGE


@pytest.mark.parametrize("document", [None, [], "x", {1: 2}, {"a": {2: 3}}, {"a": object()}])
def test_what_is_no_document_is_refused(document):
    assert refusal_of(document).kind is problems.DOCUMENT_SHAPE


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(SMALL)),
    st.integers(0, 3),
    st.sampled_from(
        ["id", "name", "when", "type", "codes", "due", "tasks", "merge", "history", "values"]
    ),
    _JSON,
)
def test_any_value_in_any_place_gives_a_rule_set_or_findings(section, index, column, value):
    document = small()
    rows = document[section]
    if isinstance(rows, list):
        rows[index % len(rows)][column] = value
    else:
        document[section] = {**rows, column: value}
    if not errors_in(document):
        assert load_document(document).sha256 == digest(document)


# --- errors, each at its cell ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "cell", "says"),
    [
        (changed("rules", 1, score="many"), ("rules", 3, "score"), "type number is needed"),
        (changed("rules", 1, when=None), ("rules", 3, "when"), "`when` is missing"),
        (changed("rules", 1, scor=3), ("rules", 3, "scor"), "Did you mean `score`?"),
        (changed("facts", 0, positive=[True]), ("facts", 2, "positive"), "into quotation marks"),
        (changed("facts", 1, type="dat"), ("facts", 3, "type"), "allowed are number, integer"),
        (changed("tiers", 0, color="red"), ("tiers", 2, "color"), "does not have the form"),
        (changed("rules", 1, score=-1), ("rules", 3, "score"), "minimum"),
        (changed("rules", 1, floor="amber"), ("rules", 3, "floor"), "no tier of this rule set"),
        (changed("rules", 1, dimension="guad"), ("rules", 3, "dimension"), "Did you mean `guard`?"),
        (changed("rules", 1, tasks=["T_VIST"]), ("rules", 3, "tasks"), "Did you mean `T_VISIT`?"),
        (changed("rules", 1, id="R1"), ("rules", 3, "id"), "defined twice (rules 2)"),
        (changed("rules", 1, when="${nigts} > 2"), ("rules", 3, "when"), "Did you mean `nights`?"),
        (changed("rules", 1, when="${nights} >"), ("rules", 3, "when"), "not complete"),
        (changed("rules", 1, when="${nights}"), ("rules", 3, "when"), "a condition"),
        (
            changed("rules", 1, valid={"from": "2026-02-01", "to": "2026-01-01"}),
            ("rules", 3, "valid"),
            "ends before it begins",
        ),
        (changed("rules", 1, valid={"to": "2026-02-30"}), ("rules", 3, "valid"), "no such day"),
        (changed("facts", 2, name="alone"), ("facts", 4, "name"), "defined twice"),
        (changed("facts", 2, name="age_limit"), ("facts", 4, "name"), "defined twice (parameters)"),
        (changed("facts", 2, choices="yesno"), ("facts", 4, "choices"), "no choice list"),
        (changed("facts", 2, choices=None), ("facts", 4, "choices"), "`choices` is missing"),
        (changed("facts", 2, forms=None), ("facts", 4, "forms"), "`forms` is missing"),
        (changed("facts", 2, source="sites"), ("facts", 4, "question"), "exactly one of"),
        (changed("facts", 0, positive=["ja"]), ("facts", 2, "positive"), "There are: 'no', 'yes'."),
        (changed("facts", 0, cleared_by=None), ("facts", 2, "positive"), "Merging by `sticky` needs"),
        (changed("facts", 4, merge="union"), ("facts", 6, "type"), "Merging by `union` needs"),
        (changed("facts", 2, merge="worst_of", order=["no"]), ("facts", 4, "order"), "naming all of it"),
        (changed("facts", 6, otherwise="maybe"), ("facts", 8, "otherwise"), "cannot be 'maybe'"),
        (changed("facts", 6, applies="${age}"), ("facts", 8, "applies"), "a condition"),
        (changed("derived", 2, type="date"), ("derived", 4, "expr"), "but a date is declared"),
        (changed("derived", 2, expr="if(${young}, 1, 2)"), ("derived", 4, "expr"), "in a circle"),
        (changed("populations", 1, id="left_behind"), ("populations", 3, "id"), "defined twice"),
        (changed("tags", 0, when="${age} < 'x'"), ("tags", 2, "when"), "cannot be compared"),
        (changed("tiers", 0, min_score=1), ("tiers", 2, "min_score"), "green must start at 0"),
        (changed("tiers", 2, min_score=10), ("tiers", 4, "min_score"), "yellow starts at 10"),
        (changed("tiers", 0, lead_role="boss"), ("tiers", 2, "lead_role"), "no role"),
        (changed("tasks", 1, assignee="direktor"), ("tasks", 3, "assignee"), "Did you mean `director`?"),
        (changed("tasks", 1, due={"by_tier": {"amber": {"days": 1}}}), ("tasks", 3, "due"), "no tier"),
        (changed("tasks", 1, due={"weeks": 1}), ("tasks", 3, "due"), "valid under any"),
        (changed("tasks", 1, close={"form": "visit", "when": "1 +"}), ("tasks", 3, "close"), "not complete"),
        (
            changed("tasks", 1, escalation=[{"after": {"hours": 1}, "to": "moon"}]),
            ("tasks", 3, "escalation"),
            "no role",
        ),
    ],
)  # fmt: skip
def test_error_stands_at_its_cell_with_a_cure(document, cell, says):
    errors = [error for error in errors_in(document) if error[:3] == cell]
    assert errors, errors_in(document)
    assert says in errors[0][3]


def test_settings_and_parameters_have_their_places_too():
    document = small()
    document["settings"]["ask_for_facts"] = {"task": "T_NONE"}
    document["parameters"]["age_limit"]["values"][0]["value"] = "old"
    del document["settings"]["title"]
    assert [error[:3] for error in errors_in(document)] == [("settings", None, "title")]
    document["settings"]["title"] = {"zh": "小", "en": "Small"}
    assert [error[:3] for error in errors_in(document)] == [
        ("parameters", 2, "values"),
        ("settings", None, "ask_for_facts"),
    ]


def test_circle_names_the_way_round():
    derived = [
        {"name": "one", "type": "integer", "expr": "${two} + 1"},
        {"name": "two", "type": "integer", "expr": "${one} + ${nights}"},
        {"name": "behind", "type": "integer", "expr": "${one} + 1"},
    ]
    errors = [error[3] for error in errors_in(small(derived=[*SMALL["derived"], *derived]))]
    assert any("one -> two -> one" in error for error in errors)


def test_circle_through_a_default_is_found():
    document = changed("facts", 4, applies="${young_nights}", otherwise=0)
    document["derived"].append({"name": "young_nights", "type": "yes_no", "expr": "${nights} > 1"})
    assert any("in a circle" in error[3] for error in errors_in(document))


def test_refusal_lists_every_error_in_step_with_its_place():
    document = changed("rules", 1, when="${nigts} > 2 and ${mood}", floor="amber")
    document["tasks"][0]["assignee"] = "nobody"
    problem = refusal_of(document)
    assert problem.kind is problems.RULE_SET_INVALID
    assert problem.tokens["count"] == 4 == len(problem.places) == len(problem.details["errors"])
    assert problem.places[0] == Place(sheet="rules", row=3, column="when")
    first = problem.details["errors"][0].as_dict()
    assert (first["sheet"], first["row"], first["offset"], first["length"]) == ("rules", 3, 0, 8)
    json.dumps(told_in(problem.details, str))


def test_error_in_a_document_is_translated_whole():
    chinese = {
        problems.UNKNOWN_NAME.message: "本规则集没有名为 `%(name)s` 的%(what)s。",
        "tier": "等级",
        "There are: %(names)s.": "有：%(names)s。",
    }
    [finding] = [
        one for one in check_document(changed("rules", 1, floor="amber")) if not one.is_warning
    ]
    spoken = finding.message_in(lambda text: chinese.get(text, text))
    assert spoken == "本规则集没有名为 `amber` 的等级。 有：`blue`, `green`, `red`, `yellow`。"


# --- warnings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "kind", "cell"),
    [
        (changed("tasks", 1, close=None), problems.NEVER_CLOSES, ("tasks", 3)),
        (changed("rules", 2, score=0), problems.NO_EFFECT, ("rules", 4)),
        (changed("rules", 2, when="true()"), problems.CONSTANT, ("rules", 4)),
        (changed("rules", 2, when="${nights} > 9"), problems.NEVER_READ, ("facts", 7)),
        (changed("rules", 2, when="not(${young})"), problems.NEGATED_UNKNOWN, ("rules", 4)),
        ({key: value for key, value in SMALL.items() if key != "roles"}, problems.UNCHECKED_ROLES, ("roles", None)),
    ],
)  # fmt: skip
def test_doubtful_parts_are_warned_about_and_load_nevertheless(document, kind, cell):
    warnings = load_document(document).warnings
    assert cell in [(one.place.sheet, one.place.row) for one in warnings if one.kind is kind]
