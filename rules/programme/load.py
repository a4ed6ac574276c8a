"""Put the bundled programme into the database: project, lists, instruments and rule set (design.md section 5.1).

Everything goes through the services that the API calls, each step in its own transaction and safe to repeat: what is
there stays, a newer instrument or rule set is published, and what an administrator has changed is left alone.
"""

import hashlib
import logging
from importlib.resources import files
from importlib.resources.abc import Traversable

from forms.models import Dataset, Form, Project
from forms.services import create_dataset, publish_draft, set_draft, upload_form
from forms.services.uploads import XLSX
from forms.xlsform.workbook import read_workbook
from rules.programme import programme_document
from rules.services.releases import load_release
from server.journal.services import record
from server.people.models import Actor

PROJECT = "农村留守儿童关爱保护"
RULE_SET = "left_behind_children"
AUTHOR = "安护方案编制"
APPROVER = "安护方案审核"
NOTE = "随产品发布的方案"
# in the order in which they depend on each other's lists
INSTRUMENTS = (
    "child_enum", "home_visit", "safety_assess", "school_monthly", "incident_report", "task_feedback",
)  # fmt: skip
RESTRICTED = ("incident_report",)  # an incident is for the few who act on it (domain report, 7.1)
CHILD_PLACES = ("village_code", "school_code", "grade_class")  # area, school, class

logger = logging.getLogger("rules.programme")


def load_programme(project_name: str = PROJECT, actor: Actor | None = None) -> Project:
    """The project with the programme in force, made or brought up to date; answers it.

    `actor` (default: the programme's own system actor) is named in the journal. Unchanged files change nothing.
    Problems: those of `upload_form`, `publish_draft` and `load_release`, for a programme that is broken.
    """
    author, approver = _system_actor(AUTHOR), _system_actor(APPROVER)
    actor = actor or author
    project = find_programme() or _create_project(project_name, actor)
    _ensure_dataset(project, "child", CHILD_PLACES, actor)
    _ensure_dataset(project, "task", ("", "", ""), actor)
    for name in INSTRUMENTS:
        _load_instrument(project, name, actor)
    load_release(project, programme_document(), author, approver, NOTE)
    return project


def find_programme() -> Project | None:
    """The project that the programme was loaded into, whatever it is called by now; None before."""
    return (
        Project.objects.alive()
        .filter(rule_sets__name=RULE_SET, datasets__name="child")
        .order_by("id")
        .first()
    )


def _system_actor(name: str) -> Actor:
    found = Actor.objects.filter(type=Actor.Type.SYSTEM, display_name=name).first()
    return found or Actor.objects.create(type=Actor.Type.SYSTEM, display_name=name)


def _create_project(name: str, actor: Actor) -> Project:
    """The project by that name; a load that was broken off goes on in the one it had made."""
    found = Project.objects.alive().filter(name=name).order_by("id").first()
    if found is None:
        found = Project.objects.create(name=name)
        record("project.create", actor=actor, subject=f"project:{found.pk}", project_id=found.pk)
    return found


def _ensure_dataset(
    project: Project, name: str, places: tuple[str, str, str], actor: Actor
) -> None:
    if Dataset.objects.filter(project=project, name=name).exists():
        return
    area, school, class_name = places
    create_dataset(
        project,
        name,
        actor=actor,
        area_property=area,
        school_property=school,
        class_property=class_name,
    )


def _load_instrument(project: Project, name: str, actor: Actor) -> None:
    workbook = _workbook(name)
    content = workbook.read_bytes()
    form = project.forms.alive().filter(xml_form_id=name).select_related("current").first()
    if form is None:
        version = upload_form(
            project, content, XLSX, actor=actor, filename=workbook.name, publish=True
        )
        form = version.form
        if name in RESTRICTED:
            Form.objects.filter(pk=form.pk).update(sensitivity=Form.Sensitivity.RESTRICTED)
    elif _is_newer(form, content, workbook.name):
        # a structural warning must not stop an upgrade: earlier versions stay, and so do their answers
        set_draft(form, content, XLSX, actor=actor, filename=workbook.name, ignore_warnings=True)
        publish_draft(form, actor=actor)


def _workbook(name: str) -> Traversable:
    return files("forms").joinpath("instruments", f"{name}.xlsx")


def _is_newer(form: Form, content: bytes, filename: str) -> bool:
    """Whether the bundled workbook was never published here and its version is above the current one.

    The digest is asked first: reading a workbook takes a second, and nearly always nothing has changed.
    """
    digest = hashlib.sha256(content).hexdigest()
    published = form.versions.filter(published_at__isnull=False)
    if published.filter(sheet__sha256=digest).exists():
        return False
    version = read_workbook(content, filename, form.xml_form_id).xform.version
    newest = form.current.version if form.current else ""
    if version <= newest or published.filter(version=version).exists():
        return False
    if form.draft_id is not None:
        logger.warning("%s has a draft: version %s is not published over it", filename, version)
        return False
    return True
