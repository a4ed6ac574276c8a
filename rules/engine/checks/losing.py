"""What a rule set loses when one version of a form takes the place of another (design.md §1.8)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules import problems
from rules.engine.checks.forms import FormShape, faults_in, key_of, waited_for
from rules.engine.parts import RuleSet
from server.problems import Kind


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that is lost, on behalf of the fact or task `name`; `key` tells two apart."""

    kind: Kind
    tokens: Mapping[str, Any]
    name: str
    key: tuple[Any, ...]


def losses(rule_set: RuleSet, before: FormShape | None, after: FormShape) -> list[Loss]:
    """What `after` does not answer; with `before`, only what that did answer."""
    old = {key_of(item) for item in faults_in(rule_set, {before.id: before})} if before else set()
    found = {key_of(item): item for item in faults_in(rule_set, {after.id: after})}
    lost = [
        Loss(item.kind, item.tokens, str(item.tokens.get("name", "")), key)
        for key, item in found.items()
        if key not in old
    ]
    return [*lost, *(_codes(rule_set, before, after) if before else ())]


def _codes(rule_set: RuleSet, before: FormShape, after: FormShape) -> Iterator[Loss]:
    """Codes that conditions wait for, offered before and no more, also where another form still offers
    them."""
    waited = waited_for(rule_set)
    for fact in rule_set.facts.values():
        for source in fact.sources:
            was = before.questions.get(source.question)
            now = after.questions.get(source.question)
            if after.id not in source.forms or was is None or now is None or not now.codes:
                continue
            for code in was.codes:
                told = source.codes.get(code, source.codes.get("*")) if source.codes else code
                if code not in now.codes and told in waited.get(fact.name, {}):
                    tokens = {
                        "form": after.label, "question": source.question, "code": code,
                        "name": fact.name,
                    }  # fmt: skip
                    key = (problems.CODE_LOST.code, fact.name, source.question, code)
                    yield Loss(problems.CODE_LOST, tokens, fact.name, key)
