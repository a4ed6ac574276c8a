"""Whether an uploaded form is encrypted, and what is told about it before it is published.

The server cannot read what comes in by such a form: it writes no entity and answers no rule.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from forms.encryption.keys import checked_public
from forms.encryption.xforms import new_suffix, with_key
from forms.models import FormVersion, Key, Project
from forms.xlsform.xform import XForm, read_xform


def encrypted_form(project_id: int, xform: XForm) -> tuple[XForm, Key | None]:
    """An uploaded form as it will be kept: with its own key, with the project's, or as it is with
    None. Call inside the transaction that stores it. Problem: XFORM_KEY_UNUSABLE.
    """
    if xform.encryption_key:
        public = checked_public(xform.encryption_key)
        return xform, Key.objects.get_or_create(public=public)[0]
    key = locked_project(project_id).key
    return (with_key(xform, key.public, new_suffix()), key) if key else (xform, None)


def sealed_values(key: Key | None) -> dict[str, object]:
    """The columns of a FormVersion that follow from its encryption: one that the server cannot read
    declares no entities (as in Central).
    """
    return {"key": key, "entities": []} if key else {}


def lists_unwritten(project: Project, xform: XForm) -> list[str]:
    """The entity lists that a form declares and, being encrypted, would not write."""
    is_encrypted = bool(xform.encryption_key) or project.key_id is not None
    return sorted({one.dataset for one in xform.entities}) if is_encrypted else []


def locked_project(project_id: int) -> Project:
    """The project, so that no form slips in unencrypted while encryption is turned on."""
    rows = Project.objects.select_for_update(of=("self",), no_key=True).select_related("key")
    return rows.get(pk=project_id)


@dataclass(frozen=True, slots=True)
class EncryptionNotice:
    """What is told before an encrypted form is published."""

    lists: tuple[str, ...]

    @property
    def sort(self) -> str:
        """What it is about, in a word."""
        return _("Encryption")

    def __str__(self) -> str:
        told = _(
            "This form is encrypted: the server cannot read its records, so they count for no child, "
            "rule, task or report. Their answers are only in CSV exports made with the passphrase."
        )
        if not self.lists:
            return told
        more = _("The entity lists that it writes (%(names)s) will not be written any more.")
        return f"{told} {more % {'names': ', '.join(self.lists)}}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON answers."""
        return {"code": "encrypted", "message": str(self), "datasets": list(self.lists)}


def check_encryption(version: FormVersion) -> list[EncryptionNotice]:
    """What encryption takes from the rest of the product (one of `settings.PUBLISH_CHECKS`)."""
    if version.key_id is None:
        return []
    declared = read_xform(bytes(version.xml)).entities
    return [EncryptionNotice(tuple(sorted({one.dataset for one in declared})))]
