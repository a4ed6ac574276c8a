"""A candidate evaluated beside the release in force, acting on nothing."""

from rules.models import Evaluation, RuleSet
from server.journal.services import emit


def look_beside(rule_set: RuleSet, evaluation: Evaluation) -> None:
    """Ask for the candidate's view of what has just been evaluated, if there is a candidate. It is looked at later, in
    work of its own: neither slowed nor broken is the evaluation that counts."""
    if rule_set.candidate_id is not None:
        emit("shadow.due", {"evaluation_id": evaluation.pk})
