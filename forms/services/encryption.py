"""Managed encryption of a project, and the keys of forms that bring their own (contract: Encryption).

From then on phones encrypt what they send. The server keeps it unread: such a form writes no entity
and answers no rule; its answers leave the system only in a CSV export, with the passphrase.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from forms import problems
from forms.encryption.keys import make_pair, open_private
from forms.encryption.xforms import new_suffix, with_key
from forms.models import Form, FormVersion, Key, Project, Submission, SubmissionVersion
from forms.services.encryption_of_forms import locked_project, sealed_values
from forms.services.form_files import expect_files
from forms.services.uploads import version_values
from forms.xlsform.xform import XForm, read_xform
from server import clock
from server.journal.services import record
from server.people.models import Actor
from server.problems import MISSING, Problem

LEAST_PASSPHRASE = 10  # characters, as in Central
Prepared = dict[tuple[int, str], XForm]


def encrypt_project(
    project: Project, passphrase: str, hint: str = "", *, actor: Actor | None
) -> Project:
    """Turn managed encryption on: a key pair is made, and every form that has no key of its own gets
    it, under a longer version; drafts and forms in the trash too.

    The passphrase is not kept anywhere. Problems: MISSING, PASSPHRASE_TOO_SHORT, ENCRYPTED_ALREADY.
    """
    if not passphrase.strip():
        raise Problem(MISSING, field="passphrase")
    if len(passphrase) < LEAST_PASSPHRASE:
        raise Problem(problems.PASSPHRASE_TOO_SHORT, least=LEAST_PASSPHRASE)
    if Project.objects.filter(pk=project.pk, key__isnull=False).exists():
        raise Problem(problems.ENCRYPTED_ALREADY, project=project.name)
    pair, suffix = make_pair(passphrase), new_suffix()
    # reading a form takes longer than writing it, so it is done before others have to wait
    ready = dict(_rewritten(project, pair.public, suffix))
    with transaction.atomic():
        locked = locked_project(project.pk)
        if locked.key_id is not None:
            raise Problem(problems.ENCRYPTED_ALREADY, project=locked.name)
        key = Key.objects.create(
            public=pair.public, private=pair.wrapped, is_managed=True, hint=hint
        )
        locked.key, locked.updated_at = key, clock.now()
        locked.save(update_fields=["key", "updated_at"])
        _encrypt_forms(locked, key, suffix, ready, actor)
        details = {"encrypted": True}
        subject = f"project:{locked.pk}"
        record(
            "project.update", actor=actor, subject=subject, project_id=locked.pk, details=details
        )
    return locked


def writers_of(project: Project) -> list[tuple[Form, list[str]]]:
    """The forms of a project that write entity lists now, with those lists: what encryption ends."""
    forms = Form.objects.published().filter(project=project).select_related("current")
    lists = [(one, sorted({each["dataset"] for each in _declared(one)})) for one in forms]
    return [(form, names) for form, names in lists if names]


def submission_keys(rows: QuerySet[Submission], form: Form, *, is_draft: bool = False) -> list[Key]:
    """The keys of the versions of `form` for which there are submissions among `rows`, newest first."""
    sent = SubmissionVersion.objects.filter(
        form_version=OuterRef("pk"), is_draft=is_draft, is_current=True, submission__in=rows
    )
    versions = FormVersion.objects.filter(Exists(sent), form=form, key=OuterRef("pk"))
    return list(Key.objects.filter(Exists(versions)).order_by("-pk"))


def managed_keys(form: Form) -> QuerySet[Key]:
    """The managed keys that versions of `form` were encrypted with, newest first."""
    versions = FormVersion.objects.filter(form=form, key=OuterRef("pk"))
    return Key.objects.filter(Exists(versions), is_managed=True).order_by("-pk")


def open_keys(form: Form, passphrases: Mapping[int, str]) -> dict[int, RSAPrivateKey]:
    """The private keys of `form` for which there are passphrases, by the number of the key. Numbers
    of other keys are passed over, as in Central. Problem UNDECRYPTABLE for a wrong one.
    """
    wanted = (
        managed_keys(form).filter(pk__in=list(passphrases)) if passphrases else Key.objects.none()
    )
    return {key.pk: open_private(key.private or {}, passphrases[key.pk]) for key in wanted}


def _plain_versions(project: Project) -> Iterator[FormVersion]:
    """Current versions and drafts that have no key."""
    shown = Q(current_of__isnull=False) | Q(draft_of__isnull=False)
    rows = FormVersion.objects.filter(shown, form__project=project, key=None).distinct()
    yield from rows.order_by("pk")


def _rewritten(
    project: Project, public: str, suffix: str
) -> Iterator[tuple[tuple[int, str], XForm]]:
    for version in _plain_versions(project):
        xform = read_xform(bytes(version.xml))
        yield (version.pk, version.sha256), with_key(xform, public, suffix)


def _encrypt_forms(
    project: Project, key: Key, suffix: str, ready: Prepared, actor: Actor | None
) -> None:
    for form in Form.objects.filter(project=project).select_related("current", "draft"):
        if form.draft is not None and form.draft.key_id is None:
            _change_draft(form.draft, key, _one(form.draft, key, suffix, ready))
        if form.current is not None and form.current.key_id is None:
            _publish_encrypted(form, key, _one(form.current, key, suffix, ready), actor)


def _one(version: FormVersion, key: Key, suffix: str, ready: Prepared) -> XForm:
    found = ready.get((version.pk, version.sha256))
    return found or with_key(read_xform(bytes(version.xml)), key.public, suffix)


def _change_draft(draft: FormVersion, key: Key, xform: XForm) -> None:
    """A draft keeps its row, and so its token: whoever tests it goes on."""
    changes = {**version_values(xform), **sealed_values(key)}
    for name, value in changes.items():
        setattr(draft, name, value)
    draft.save(update_fields=list(changes))


def _publish_encrypted(form: Form, key: Key, xform: XForm, actor: Actor | None) -> None:
    before = form.current
    assert before is not None  # noqa: S101  the caller has looked
    now = clock.now()
    kept = {name: getattr(before, name) for name in ("sheet_id", "sheet_name", "warnings")}
    fresh = FormVersion.objects.create(
        form=form,
        **{**version_values(xform), **sealed_values(key), **kept},
        created_by=actor,
        published_by=actor,
        published_at=now,
    )
    expect_files(fresh, xform.attachments, before)
    form.current, form.updated_at = fresh, now
    form.save(update_fields=["current", "updated_at"])
    record(
        "form.update.publish",
        actor=actor,
        subject=f"form:{form.xml_form_id}",
        project_id=form.project_id,
        details={"oldDefId": before.pk, "newDefId": fresh.pk, "version": fresh.version},
    )


def _declared(form: Form) -> list[dict[str, Any]]:
    declared: list[dict[str, Any]] = form.current.entities if form.current else []
    return declared
