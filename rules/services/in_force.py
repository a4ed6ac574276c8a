"""Which rules count for whom: the release in force, compiled once per process by the SHA-256 of its document, so that
the same release means the same decisions."""

import threading

from forms.models import Dataset
from rules import problems
from rules.engine.rule_set import RuleSet as Compiled
from rules.engine.rule_set import load_document
from rules.models import Release, RuleSet
from server.prepared import Prepared, partial
from server.problems import NOT_FOUND, Problem

_KEPT = 8  # compiled rule sets per process
_compiled: dict[str, Compiled] = {}
_lock = threading.Lock()


def compiled(release: Release) -> Compiled:
    """The compiled rule set of a release; the document is read from the database only the first
    time."""
    found = _compiled.get(release.sha256)
    if found is None:
        found = load_document(release.document)
        with _lock:
            while len(_compiled) >= _KEPT:
                _compiled.pop(next(iter(_compiled)))
            _compiled[release.sha256] = found
    return found


def active_release(dataset: Dataset) -> Release | None:
    """The release in force for the entities of `dataset`, its document not loaded; None where
    nothing classifies them."""
    row = _ACTIVE.first(project=dataset.project_id, dataset=dataset.name)
    if row is None:
        return None
    known = dict(zip(_COLUMNS, row, strict=True))
    rule_set = partial(
        RuleSet,
        id=known["id"],
        project_id=dataset.project_id,
        name=known["name"],
        dataset=dataset.name,
        active_id=known["active_id"],
        candidate_id=known["candidate_id"],
    )
    release = partial(
        Release,
        id=known["active_id"],
        rule_set_id=known["id"],
        number=known["active__number"],
        sha256=known["active__sha256"],
        status=known["active__status"],
    )
    release.rule_set, rule_set.active = rule_set, release
    return release


_COLUMNS = (
    "id",
    "name",
    "active_id",
    "candidate_id",
    "active__number",
    "active__sha256",
    "active__status",
)
# each evaluation asks twice
_ACTIVE = Prepared(
    lambda marks: (
        RuleSet.objects.filter(
            project_id=marks.number("project"), dataset=marks.text("dataset"), active__isnull=False
        )
        .order_by("id")
        .values_list(*_COLUMNS)
    )
)


def find_rule_set(project_id: int, name: str) -> RuleSet:
    """The rule set `name` of a project. Problem 404.1."""
    found = (
        RuleSet.objects.select_related("active").filter(project_id=project_id, name=name).first()
    )
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def rules_named(rule_set: RuleSet, release: str) -> tuple[Compiled, int | str]:
    """The compiled rules that `release` names ("": in force, "draft", or a number) and what a
    Decision calls them.

    Problems: NO_DRAFT, NOT_RELEASED, 404.1.
    """
    if release == "draft":
        if rule_set.draft is None:
            raise Problem(problems.NO_DRAFT, name=rule_set.name)
        return load_document(rule_set.draft), "draft"
    if not release:
        if rule_set.active is None:
            raise Problem(problems.NOT_RELEASED, name=rule_set.name)
        return compiled(rule_set.active), rule_set.active.number
    number = int(release) if release.isdecimal() and len(release) < 9 else 0
    found = rule_set.releases.filter(number=number).first()
    if found is None:
        raise Problem(NOT_FOUND)
    return compiled(found), found.number
