"""What a form version would take from the rules, told before it is published (`settings.PUBLISH_CHECKS`;
design.md §1.8)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from forms.models import Form, FormVersion
from rules.engine.checks.losing import Loss, losses
from rules.engine.program import program_of
from rules.engine.rule_set import RuleSet as Compiled
from rules.engine.rule_set import digest, load_document
from rules.models import Release, RuleSet
from rules.services.form_shapes import shape_of
from rules.services.in_force import compiled
from rules.services.words import in_language
from server.problems import spoken_in

logger = logging.getLogger("rules.publish_checks")
MOST_RULES = 5
_KEPT = 4
_drafts: dict[str, Compiled] = {}
READ_BY = _("%(loss)s Read by: %(rules)s.")
IN_DRAFT = _("In the draft of %(name)s: %(text)s")


@dataclass(frozen=True, slots=True)
class FormEffect:
    """One thing that the rules lose; as text it speaks the reader's language."""

    loss: Loss
    rule_set: str
    is_draft: bool
    rules: tuple[tuple[str, Mapping[str, str]], ...]  # id and title of what reads the fact

    def __str__(self) -> str:
        tokens = spoken_in(self.loss.tokens, gettext)
        text = gettext(self.loss.kind.message) % tokens
        if self.rules:
            named = [f"{name} {in_language(title)}" for name, title in self.rules[:MOST_RULES]]
            more = " …" if len(self.rules) > MOST_RULES else ""
            text = gettext(READ_BY) % {"loss": text, "rules": "; ".join(named) + more}
        if self.is_draft:
            return gettext(IN_DRAFT) % {"name": self.rule_set, "text": text}
        return text

    def as_dict(self) -> dict[str, Any]:
        """For JSON answers."""
        return {
            "code": self.loss.kind.code,
            "message": str(self),
            "fact": self.loss.name,
            "ruleSet": self.rule_set,
            "draft": self.is_draft,
            "rules": [name for name, _title in self.rules],
        }


def check_form_version(version: FormVersion) -> list[FormEffect]:
    """What the rules in force, and drafts, would lose if `version` took the place of the published one:
    questions that vanish or change type, codes. Nothing is an error here; it never raises."""
    try:
        return _effects(version)
    except Exception:  # a form must never be kept from its page by this
        logger.exception("the effect of form version %s on rules is not known", version.pk)
        return []


def _effects(version: FormVersion) -> list[FormEffect]:
    # asked by key: `version.form` stays as whoever publishes has it
    row = Form.objects.values_list("project_id", "xml_form_id", "current_id")
    project_id, name, current_id = row.get(pk=version.form_id)
    after = shape_of(version, name)
    before = None
    if current_id is not None and current_id != version.pk:
        current = FormVersion.objects.defer("xml").get(pk=current_id)
        before = shape_of(current, name)
    found: list[FormEffect] = []
    told: set[tuple[Any, ...]] = set()
    for rules, rule_set, is_draft in _rules_of(project_id):
        for loss in losses(rules, before, after):
            key = (rule_set, *loss.key)
            if key not in told:
                told.add(key)
                readers = tuple(_readers(rules, loss.name))
                found.append(FormEffect(loss, rule_set, is_draft, readers))
    return found


def _rules_of(project_id: int) -> list[tuple[Compiled, str, bool]]:
    """The rules in force, then the drafts that differ from them."""
    found: list[tuple[Compiled, str, bool]] = []
    rows = RuleSet.objects.filter(project_id=project_id).order_by("name")
    for row in rows.only("name", "active_id", "draft_updated_at", "project_id"):
        if row.active_id is not None:
            release = Release.objects.defer("document").get(pk=row.active_id)
            found.append((compiled(release), row.name, False))
        if row.draft_updated_at is not None:
            found += _draft_of(row)
    return found


def _draft_of(row: RuleSet) -> list[tuple[Compiled, str, bool]]:
    """The draft, compiled once for each change of it."""
    if row.draft is None:
        return []
    key = digest(row.draft)
    if key not in _drafts:
        while len(_drafts) >= _KEPT:
            _drafts.pop(next(iter(_drafts)))
        _drafts[key] = load_document(row.draft)
    return [(_drafts[key], row.name, True)]


def _readers(rules: Compiled, fact: str) -> list[tuple[str, Mapping[str, str]]]:
    """The rules that depend on `fact`, through derived facts."""
    program = program_of(rules)
    found = [program.rules[index].rule for index in program.readers.get(fact, ())]
    return [(rule.id, rule.title) for rule in found if rule.is_on]
