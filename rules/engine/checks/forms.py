"""A rule set against the forms that answer it: forms that are not there, questions that vanished or
changed type, codes that only one side knows (design.md §1.8, §6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rules import problems
from rules.engine.checks.uses import Use, conditions_on, form_names, uses_of
from rules.engine.findings import Finding, Findings, place_of
from rules.engine.parts import Fact, RuleSet
from rules.language.arguments import spoken
from rules.language.ast import Call, Compare, Expr, Kind, Literal, Type, facts_of, walk
from rules.language.check import check
from rules.language.names import Bilingual, Issue, Name, did_you_mean
from server.problems import Phrase
from server.problems import gettext_noop as _

# Which types of answer a fact of each type can read; a calculation (None) may be anything.
READS: dict[Kind, frozenset[Kind]] = {
    Kind.NUMBER: frozenset({Kind.NUMBER, Kind.INTEGER}),
    Kind.INTEGER: frozenset({Kind.INTEGER}),
    Kind.DATE: frozenset({Kind.DATE, Kind.TIME}),
    Kind.TIME: frozenset({Kind.DATE, Kind.TIME}),
    Kind.YES_NO: frozenset({Kind.SELECT_ONE, Kind.YES_NO}),
    Kind.SELECT_ONE: frozenset({Kind.SELECT_ONE}),
    Kind.SELECT_MULTIPLE: frozenset({Kind.SELECT_MULTIPLE, Kind.SELECT_ONE}),
    Kind.TEXT: frozenset(Kind),
}
_SELECTS = ("selected", "selected-any")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a form. `kind` None: a calculation; `codes` empty: from a file, or no choice."""

    name: str
    kind: Kind | None
    codes: tuple[str, ...] = ()
    labels: Mapping[str, Bilingual] = field(default_factory=dict)
    title: Bilingual = field(default_factory=dict)
    repeats: bool = False

    @property
    def as_name(self) -> Name:
        """As the language's checker knows it; several rows of a repeat may be anything."""
        type_ = None if self.kind is None or self.repeats else Type(self.kind, self.codes)
        return Name(self.name, type_, self.title, self.labels)


@dataclass(frozen=True, slots=True)
class FormShape:
    """One version of a form; `label` is what a message calls it."""

    id: str
    label: str
    questions: Mapping[str, Question]


Shapes = Mapping[str, FormShape]


def check_forms(rule_set: RuleSet, published: Shapes, drafts: Shapes, findings: Findings) -> None:
    """Note what the published forms do not answer as errors and warnings, and what their drafts would
    take away as warnings."""
    _check_missing(rule_set, published, findings)
    now = [*faults_in(rule_set, published), *unoffered(rule_set, published)]
    findings.items += now
    known = {key_of(item) for item in now}
    for name, draft in drafts.items():
        later = {**published, name: draft}
        for item in (*faults_in(rule_set, {name: draft}), *unoffered(rule_set, later)):
            if key_of(item) not in known:
                findings.warn(item.kind, item.place, **{**item.tokens, "form": _draft(draft)})


def _draft(shape: FormShape) -> Phrase:
    return Phrase(_("%(form)s (draft)"), form=shape.label)


def key_of(item: Finding) -> tuple[Any, ...]:
    """What a fault is about; the sentence may differ."""
    about = ("name", "form_id", "question", "code")
    return (item.kind.code, item.place, *(str(item.tokens.get(key)) for key in about))


def faults_in(rule_set: RuleSet, shapes: Shapes) -> Iterator[Finding]:
    """What the forms in `shapes` do not answer; forms that are not among them say nothing."""
    findings = Findings()
    for use in uses_of(rule_set):
        shape = shapes.get(use.form)
        if shape is not None:
            _check_use(use, shape, findings)
    for place, name, form, tree in conditions_on(rule_set):
        shape = shapes.get(form)
        if shape is not None:
            names = {one.name: one.as_name for one in shape.questions.values()}
            for issue in check(tree, names)[1]:
                _note_issue(issue, shape, place_name=(place, name), findings=findings)
    yield from findings.items


def _note_issue(
    issue: Issue, shape: FormShape, place_name: tuple[Any, str], findings: Findings
) -> None:
    """What the checker says about a condition over the answers of one form."""
    place, name = place_name
    if issue.is_warning:
        return
    if issue.kind is problems.UNKNOWN_FACT:
        question = issue.tokens["name"]
        _gone(findings, place, name, question, shape)
    elif issue.kind is problems.UNKNOWN_CODE:
        tokens = issue.tokens
        findings.error(
            problems.ANSWER_CODE, place, code=tokens["code"], question=tokens["name"],
            form=shape.label, form_id=shape.id, cure=tokens["cure"], name=name,
        )  # fmt: skip
    else:
        findings.warn(issue.kind, place, **issue.tokens)


def _gone(findings: Findings, place: Any, name: str, question: str, shape: FormShape) -> None:
    cure = did_you_mean(question, shape.questions)
    findings.error(
        problems.QUESTION_GONE, place, form=shape.label, form_id=shape.id, question=question,
        name=name, cure=cure,
    )  # fmt: skip


def _check_use(use: Use, shape: FormShape, findings: Findings) -> None:
    question = shape.questions.get(use.question)
    if question is None:
        _gone(findings, use.place, use.name, use.question, shape)
        return
    tokens = {
        "question": use.question, "form": shape.label, "form_id": shape.id, "name": use.name,
    }  # fmt: skip
    for code in use.wants:
        if question.codes and code not in question.codes:
            cure = did_you_mean(code, question.codes, "'{}'")
            findings.error(problems.ANSWER_CODE, use.place, code=code, cure=cure, **tokens)
    if use.type is None:
        return
    if question.repeats and use.type.kind is not Kind.SELECT_MULTIPLE:
        findings.warn(problems.QUESTION_REPEATS, use.place, **tokens)
    readable = READS[Kind.SELECT_MULTIPLE if use.codes is not None else use.type.kind]
    if question.kind is not None and question.kind not in readable:
        findings.error(
            problems.QUESTION_TYPE, use.place, found=spoken(question.kind),
            wanted=spoken(use.type.kind), **tokens,
        )  # fmt: skip
        return
    if use.codes is None and use.type.kind.is_select and use.type.codes:
        for code in question.codes:
            if code not in use.type.codes:
                findings.warn(problems.CODE_NEW, use.place, code=code, **tokens)


def _check_missing(rule_set: RuleSet, published: Shapes, findings: Findings) -> None:
    """Each form that is not there, once, with what reads it."""
    readers: dict[str, dict[str, Any]] = {}
    for form, name, place in form_names(rule_set):
        if form not in published:
            readers.setdefault(form, {}).setdefault(name, place)
    for form, found in readers.items():
        names = ", ".join(list(found)[:8]) + (" …" if len(found) > 8 else "")
        place = next(iter(found.values()))
        findings.warn(problems.FORM_MISSING, place, form=form, names=names)
    for index, task in enumerate(rule_set.tasks.values() if published else ()):
        forms = dict.fromkeys(closing.form for closing in task.closes)
        if forms and not forms.keys() & published.keys():
            place = place_of("tasks", index, "close")
            names = ", ".join(forms)
            findings.warn(problems.CLOSING_FORMS, place, name=task.id, forms=names)


def unoffered(rule_set: RuleSet, shapes: Shapes) -> list[Finding]:
    """Codes that conditions wait for and that no form offers; silent where a form is not there."""
    findings = Findings()
    waited = waited_for(rule_set)
    for index, fact in enumerate(rule_set.facts.values()):
        offered = _offered(fact, shapes)
        if offered is None:
            continue
        for code, rules in waited.get(fact.name, {}).items():
            if code not in offered and code in fact.type.codes:
                place = place_of("facts", index, "choices")
                findings.warn(
                    problems.CODE_GONE, place, code=code, name=fact.name,
                    rules=", ".join(rules[:5]), form="",
                )  # fmt: skip
    return findings.items


def _offered(fact: Fact, shapes: Shapes) -> set[str] | None:
    """The codes that its forms can answer; None where that cannot be known."""
    if not fact.type.kind.is_select or not fact.sources:
        return None
    found = set()
    for source in fact.sources:
        for form in source.forms:
            question = shapes[form].questions.get(source.question) if form in shapes else None
            if question is None or not question.codes:
                return None
            codes = source.codes
            told = question.codes if codes is None else [
                codes.get(code, codes.get("*")) for code in question.codes
            ]  # fmt: skip
            found |= {code for code in told if code is not None}
    return found


def waited_for(rule_set: RuleSet) -> dict[str, dict[str, list[str]]]:
    """Fact -> code -> the rules, classes and derived facts whose conditions name it."""
    found: dict[str, dict[str, list[str]]] = {}
    named: list[tuple[str, Expr]] = [
        *((rule.id, rule.when) for rule in rule_set.rules if rule.is_on),
        *((item.name, item.expr) for item in rule_set.derived),
        *((group.id, group.when) for group in (*rule_set.populations, *rule_set.tags)),
    ]
    for owner, tree in named:
        for name, codes in _codes_in(tree):
            for code in codes:
                rules = found.setdefault(name, {}).setdefault(code, [])
                if owner not in rules:
                    rules.append(owner)
    return found


def _codes_in(tree: Expr) -> Iterator[tuple[str, list[str]]]:
    """The facts of `selected(${x}, ...)` and `${x} = 'a'` with the codes that stand there."""
    for node in walk(tree):
        if isinstance(node, Compare) or (isinstance(node, Call) and node.name in _SELECTS):
            words = [
                word
                for one in walk(node)
                if isinstance(one, Literal) and isinstance(one.value, str)
                for word in one.value.split()
            ]
            for name in sorted(facts_of(node)) if words else ():
                yield name, words
