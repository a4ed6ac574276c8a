"""Which projects, forms and files somebody may have: the questions that OpenRosa and the API ask
before they answer.
"""

import time

from django.db.models import Exists, OuterRef, QuerySet

from forms import problems
from forms.models import Form, FormAttachment, FormVersion, Project, ProjectAppUser, PublicLink
from forms.services.gate import current_for_phone
from forms.services.phones import phone_may_use
from forms.services.receiving import check_sender
from server import clock
from server.people.access import forms_with, projects_with, require
from server.people.models import Actor, AppUser
from server.people.roles import Verb
from server.problems import FORBIDDEN, NOT_FOUND, Problem

ONE_HOUR = 3600.0


def project_for(actor: Actor, project_id: int, verb: Verb = Verb.PROJECT_READ) -> Project:
    """The project, if `actor` may do `verb` in it. Problems: 404.1, 401.2, 403.1; a phone belongs
    to one project, a public link to that of its form. Who holds a role on one form reads its project's name too.
    """
    if isinstance(actor, AppUser):
        check_sender(actor)
        links = ProjectAppUser.objects.filter(app_user=actor, project=project_id)
        link = links.filter(project__deleted_at=None).select_related("project").first()
        if link is None:
            raise Problem(FORBIDDEN)
        return link.project
    if isinstance(actor, PublicLink):
        if actor.form.project_id != project_id:
            raise Problem(FORBIDDEN)
        return actor.form.project
    project = Project.objects.alive().filter(pk=project_id).first()
    if verb != Verb.PROJECT_READ or project_id not in projects_with(actor, verb):
        require(actor, verb)
    if project is None:
        raise Problem(NOT_FOUND)
    return project


def form_key(project_id: int, xml_form_id: str) -> int | None:
    """The key of a living form, for roles that are held on one form (`settings.FORM_KEY`)."""
    rows = Form.objects.alive().filter(project=project_id, xml_form_id=xml_form_id)
    return rows.values_list("pk", flat=True).first()


def offered_versions(
    project: Project, actor: Actor, *, form_id: str = "", all_versions: bool = False
) -> QuerySet[FormVersion]:
    """The published versions that the form list shows: the current one of each open form, or all of
    them.
    """
    rows = FormVersion.objects.filter(
        form__project=project,
        form__deleted_at=None,
        form__state=Form.State.OPEN,
        published_at__isnull=False,
    )
    if not all_versions:
        rows = rows.filter(current_of__isnull=False)
    if form_id:
        rows = rows.filter(form__xml_form_id=form_id)
    if isinstance(actor, AppUser):
        rows = rows.filter(phone_may_use(actor.pk, "form__project_id", "form_id"))
    elif isinstance(actor, PublicLink):
        rows = rows.filter(form=actor.form_id)
    else:
        readable = forms_with(actor, project.pk, Verb.FORM_READ)
        rows = rows if readable is None else rows.filter(form__in=readable)
    files = FormAttachment.objects.filter(version=OuterRef("pk"))
    return (
        rows.annotate(has_files=Exists(files))
        .select_related("form")
        .only("version", "title", "md5", "form__xml_form_id", "form__current_id", "published_at")
        .order_by("form__xml_form_id", "-published_at")
    )


def published_version(
    actor: Actor, project_id: int, xml_form_id: str, version: str | None = None
) -> FormVersion:
    """The current (or the named) published version of a form that `actor` may read; answers without
    its XML.

    Problems: 404.1, 403.1.
    """
    if isinstance(actor, AppUser) and version is None:
        check_sender(actor)
        current = current_for_phone(project_id, xml_form_id, actor.pk)
        if current is None:
            raise Problem(NOT_FOUND)
        return current
    project = project_for(actor, project_id, Verb.FORM_READ)
    if isinstance(actor, PublicLink) and actor.form.xml_form_id != xml_form_id:
        raise Problem(NOT_FOUND)
    rows = FormVersion.objects.filter(
        form__project=project, form__xml_form_id=xml_form_id, form__deleted_at=None
    )
    if isinstance(actor, AppUser):
        rows = rows.filter(phone_may_use(actor.pk, "form__project_id", "form_id"))
    rows = (
        rows.filter(current_of__isnull=False)
        if version is None
        else rows.filter(version=version, published_at__isnull=False)
    )
    found = rows.select_related("form__project").defer("xml", "fields", "entities").first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def draft_under_test(token: str, project_id: int, xml_form_id: str) -> FormVersion:
    """The draft that `token` opens for testing. Problem 404.1 for a wrong token or a draft that is
    gone.
    """
    found = (
        FormVersion.objects.filter(
            draft_token=token,
            draft_of__isnull=False,
            form__project_id=project_id,
            form__project__deleted_at=None,
            form__xml_form_id=xml_form_id,
            form__deleted_at=None,
        )
        .select_related("form__project")
        .defer("xml", "fields", "entities")
        .first()
    )
    if found is None:
        raise Problem(NOT_FOUND)
    return found


def own_draft(actor: Actor, project_id: int, xml_form_id: str) -> FormVersion:
    """The draft of a form for somebody who may change it. Problems: 401.2, 403.1, 404.1, NO_DRAFT."""
    project = project_for(actor, project_id, Verb.FORM_UPDATE)
    if isinstance(actor, AppUser | PublicLink):
        raise Problem(FORBIDDEN)
    form = project.forms.alive().select_related("draft").filter(xml_form_id=xml_form_id).first()  # type: ignore[attr-defined]
    if form is None:
        raise Problem(NOT_FOUND)
    if form.draft is None:
        raise Problem(problems.NO_DRAFT)
    form.draft.form = form
    draft: FormVersion = form.draft
    return draft


_noted: dict[int, float] = {}


def note_use(app_user: AppUser) -> None:
    """Remember that the phone is alive, once an hour and process: it asks often."""
    now = time.monotonic()
    if now - _noted.get(app_user.pk, -ONE_HOUR) >= ONE_HOUR:
        _noted[app_user.pk] = now
        AppUser.objects.filter(pk=app_user.pk).update(last_used_at=clock.now())
