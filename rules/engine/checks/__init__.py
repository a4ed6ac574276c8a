"""The thorough check of a rule set, beyond what makes its document valid (design.md §6): what can never
happen, what is said twice, what leads nowhere, what is not translated, and what forms no longer
answer. Errors block a release, warnings do not; all of it is looked for at once.
"""

from collections.abc import Mapping

from rules.engine.checks.conditions import check_conditions
from rules.engine.checks.forms import FormShape, Question, check_forms
from rules.engine.checks.scores import check_scores
from rules.engine.checks.tasks import check_tasks
from rules.engine.checks.texts import check_texts
from rules.engine.findings import Finding, Findings
from rules.engine.parts import RuleSet
from rules.engine.reach import Reach

__all__ = ["FormShape", "Question", "check_forms", "check_thoroughly"]


def check_thoroughly(
    rule_set: RuleSet,
    forms: Mapping[str, FormShape],
    drafts: Mapping[str, FormShape],
) -> list[Finding]:
    """Everything that is worth saying about a compiled rule set, given the published `forms` of its
    project by id and the `drafts` of some. Pure and deterministic."""
    findings = Findings()
    reach = Reach(rule_set)
    dead = check_conditions(rule_set, reach, findings)
    check_scores(rule_set, dead, findings)
    check_tasks(rule_set, findings)
    check_texts(dict(rule_set.document), findings)
    check_forms(rule_set, forms, drafts, findings)
    return findings.items
