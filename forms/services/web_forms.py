"""Forms in the browser: which version somebody fills, edits or looks at, and what its lists hold for them."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from forms import problems
from forms.models import Form, FormVersion, PublicLink, Submission, SubmissionVersion
from forms.registry.placing import Reach, places_of_link, reach_of
from forms.services.offers import own_draft
from forms.services.public_links import is_open
from forms.services.visibility import visible_submissions
from forms.web.transform import WebForm, transform
from server.people.access import Scope, can, require, scope_of
from server.people.authentication import stand_on
from server.people.models import Actor, User
from server.people.roles import Verb
from server.problems import FORBIDDEN, NOT_FOUND, Problem

KEPT = 32


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom the lists of a form are cut: entities within `reach`, areas and schools within `places`."""

    reach: Reach
    places: Scope


def audience_of(actor: Actor) -> Audience:
    """As OpenRosa cuts them for the same person or link."""
    reach = reach_of(actor)
    if isinstance(actor, PublicLink):
        return Audience(reach, places_of_link(actor))
    return Audience(reach, scope_of(actor, Verb.SUBMISSION_CREATE))


def form_to_fill(user: User, project_id: int, xml_form_id: str) -> FormVersion:
    """The current version of an open form, for who may send records of it.

    Problems: 401.2, 403.1, 404.1, FORM_NOT_OFFERED, ENCRYPTED_IN_BROWSER.
    """
    stand_on(user, project_id, xml_form_id)
    require(user, Verb.SUBMISSION_CREATE)
    return _offered(_form(project_id, xml_form_id))


def form_of_link(link: PublicLink) -> FormVersion:
    """The version that a public link fills. Problems: FORM_NOT_OFFERED, ENCRYPTED_IN_BROWSER."""
    form = _form(link.form.project_id, link.form.xml_form_id)
    if not is_open(link):
        raise Problem(problems.FORM_NOT_OFFERED, form=form.xml_form_id)
    return _offered(form)


def draft_to_preview(user: User, project_id: int, xml_form_id: str) -> FormVersion:
    """The draft, for who may change the form. Problems: 401.2, 403.1, 404.1, NO_DRAFT."""
    stand_on(user, project_id, xml_form_id)
    draft = own_draft(user, project_id, xml_form_id)
    return FormVersion.objects.select_related("form").get(pk=draft.pk)


@dataclass(frozen=True, slots=True)
class Editing:
    """A record on its way to being changed: its current version, and the form's version that it is changed in."""

    submission: Submission
    current: SubmissionVersion
    version: FormVersion


def record_to_edit(
    user: User, project_id: int, xml_form_id: str, instance_id: str, *, replaces: str = ""
) -> Editing:
    """The record of that ID, for who may change records where it stands, or has sent it and may read it.

    `replaces`: the version that an edit names; it must be one of this record's. Problems: 401.2, 403.1, 404.1,
    FORM_CLOSED, ENCRYPTED_IN_BROWSER, ORIGINAL_MISSING.
    """
    stand_on(user, project_id, xml_form_id)
    require(user, Verb.SUBMISSION_CREATE)
    form = _form(project_id, xml_form_id)
    submission = Submission.objects.alive().filter(
        form=form, instance_id=instance_id, is_draft=False
    ).select_related("form").first()  # fmt: skip
    if submission is None or not may_edit(user, submission):
        raise Problem(NOT_FOUND)
    if form.state == Form.State.CLOSED:
        raise Problem(problems.FORM_CLOSED, form=xml_form_id)
    if replaces and not submission.versions.filter(instance_id=replaces).exists():  # type: ignore[attr-defined]
        raise Problem(problems.ORIGINAL_MISSING)
    current = submission.versions.get(is_current=True)  # type: ignore[attr-defined]
    return Editing(submission, current, _unencrypted(form))


def may_edit(user: User, submission: Submission) -> bool:
    """Whether `user` may change this record: within their areas, or their own."""
    form = submission.form
    for verb, narrowed in (
        (Verb.SUBMISSION_UPDATE, {}),
        (Verb.SUBMISSION_READ, {"submitter": user.pk}),
    ):
        try:
            rows = visible_submissions(user, form, verb)
        except Problem:
            continue
        if rows.filter(pk=submission.pk, **narrowed).exists():
            return can(user, Verb.SUBMISSION_CREATE)
    return False


def may_fill(user: User, form: Form) -> bool:
    """Whether `user` may begin a record of `form` now."""
    is_offered = form.current_id is not None and form.state == Form.State.OPEN
    return is_offered and can(user, Verb.SUBMISSION_CREATE)


_kept: OrderedDict[str, WebForm] = OrderedDict()
_lock = threading.Lock()


def web_form_of(version: FormVersion) -> WebForm:
    """The version for the browser; made once per process and content."""
    with _lock:
        found = _kept.get(version.sha256)
        if found is not None:
            _kept.move_to_end(version.sha256)
            return found
    made = transform(bytes(version.xml))
    with _lock:
        _kept[version.sha256] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made


def _form(project_id: int, xml_form_id: str) -> Form:
    found = Form.objects.published().filter(
        project=project_id, project__deleted_at=None, xml_form_id=xml_form_id
    ).select_related("current").first()  # fmt: skip
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def _offered(form: Form) -> FormVersion:
    if form.state != Form.State.OPEN:
        raise Problem(problems.FORM_NOT_OFFERED, form=form.xml_form_id)
    return _unencrypted(form)


def _unencrypted(form: Form) -> FormVersion:
    version = form.current
    if version is None:
        raise Problem(FORBIDDEN)
    version.form = form
    if web_form_of(version).is_encrypted:
        raise Problem(problems.ENCRYPTED_IN_BROWSER)
    return version
