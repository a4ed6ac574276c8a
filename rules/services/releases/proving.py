"""The proof before a release comes into force: both engines take the document and agree, or the old one stays."""

from django.conf import settings

from rules import problems
from rules.engine.durable_answer import OK
from rules.engine.durable_compare import compare
from rules.engine.durable_process import DurableProcess
from rules.engine.kleene import evaluate
from rules.engine.rule_set import canonical_bytes
from rules.engine.values import resolve
from rules.models import Release
from rules.services.in_force import compiled
from server import clock
from server.problems import Problem

_proven: set[str] = set()  # by SHA-256: a document does not change


def prove(release: Release) -> None:
    """Compile `release` in both engines, each within its time, and let both speak about a child of whom nothing is
    known. Problems: RULE_SET_INVALID, DURABLE_REFUSED, ENGINES_DIFFER. Takes seconds: call outside of a transaction."""
    rule_set = compiled(release)
    if rule_set.sha256 in _proven:
        return
    values = resolve(rule_set, {}, clock.today())
    document = canonical_bytes(rule_set.document)
    with DurableProcess(document, settings.DURABLE_TIMEOUT_SECONDS) as process:
        process.start()
        answer = process.evaluate({}, values.as_of)
    if answer.state != OK:
        raise Problem(problems.DURABLE_REFUSED, reason=answer.reason)
    differing = sorted({one.name for one in compare(evaluate(rule_set, values), answer)})
    if differing:
        raise Problem(problems.ENGINES_DIFFER, names=", ".join(differing[:5]))
    _proven.add(rule_set.sha256)
