"""From draft to published version: what phones get from now on. What was published stays as it is."""

import hashlib
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from lxml import etree

from forms import problems
from forms.instance.hardened import child, parse_xml
from forms.models import Form, FormVersion
from forms.services.datasets import link_lists, publish_declared
from forms.xlsform.entity import EntityDeclaration
from forms.xlsform.xform import MAX_ID, MAX_XFORM, read_xform
from server import clock
from server.journal.notes import notes_of_request
from server.journal.services import record
from server.people.models import Actor
from server.problems import Problem


def publish_checks(version: FormVersion) -> list[Any]:
    """What the floors above say about publishing `version` (`settings.PUBLISH_CHECKS`), to be shown
    before it.
    """
    return [found for name in settings.PUBLISH_CHECKS for found in import_string(name)(version)]


@transaction.atomic
def publish_draft(form: Form, *, version: str | None = None, actor: Actor | None) -> FormVersion:
    """Make the draft the current version, under `version` if given (written into its XML).

    Lists and properties that it declares appear; files named like a list are linked. Problems:
    NO_DRAFT, VERSION_UNUSABLE, VERSION_EXISTS, and what a publish check raises.
    """
    form = (
        Form.objects.select_for_update(of=("self",))
        .select_related("draft", "project")
        .get(pk=form.pk)
    )
    draft = form.draft
    if draft is None:
        raise Problem(problems.NO_DRAFT)
    if version is not None and version != draft.version:
        _rename(draft, version)
    used = form.versions.filter(version=draft.version, published_at__isnull=False)
    if used.exists():
        raise Problem(problems.VERSION_EXISTS, form=form.xml_form_id, version=draft.version)
    publish_checks(draft)
    declarations = [EntityDeclaration.from_json(one) for one in draft.entities]
    publish_declared(form.project, declarations, actor)
    link_lists(form.project, [one for one in draft.attachments.all() if one.type == "file"])
    return _publish(form, draft, actor)


def _publish(form: Form, draft: FormVersion, actor: Actor | None) -> FormVersion:
    before = form.current_id
    draft.published_at, draft.published_by = clock.now(), actor
    draft.publish_notes = notes_of_request()
    draft.save(update_fields=["published_at", "published_by", "publish_notes"])
    form.current, form.draft, form.updated_at = draft, None, draft.published_at
    form.save(update_fields=["current", "draft", "updated_at"])
    record(
        "form.update.publish",
        actor=actor,
        subject=f"form:{form.xml_form_id}",
        project_id=form.project_id,
        details={"oldDefId": before, "newDefId": draft.pk, "version": draft.version},
    )
    return draft


def _rename(draft: FormVersion, version: str) -> None:
    """Write another version into the draft's XML; the rest of the XML stays as it was."""
    if len(version) > MAX_ID or not version.isprintable():
        raise Problem(problems.VERSION_UNUSABLE, limit=MAX_ID)
    html = parse_xml(bytes(draft.xml), MAX_XFORM)
    instance = child(html, "head", "model", "instance")
    assert instance is not None  # noqa: S101  read_xform has accepted this XML
    instance[0].set("version", version)
    xform = read_xform(etree.tostring(html, encoding="UTF-8", xml_declaration=True))
    draft.version, draft.xml, draft.md5 = xform.version, xform.xml, xform.md5
    draft.sha256 = hashlib.sha256(xform.xml).hexdigest()
    draft.save(update_fields=["version", "xml", "md5", "sha256"])
