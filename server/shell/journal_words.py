"""What the journal's actions are called. An action without a word is shown as its code."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# what can be chosen to filter by: an action begins with the code
KINDS: dict[str, Promise] = {
    "dataset": _("Entity lists"),
    "entity": _("Children and other entities"),
    "export": _("Downloads"),
    "field_key": _("Phones"),
    "form": _("Forms"),
    "project": _("Projects"),
    "rule_set": _("Rule sets"),
    "submission": _("Submissions"),
    "task": _("Tasks"),
    "tier": _("Tiers"),
    "user": _("People and logins"),
}
ACTIONS: dict[str, Promise] = {
    "dataset.create": _("Made an entity list"),
    "dataset.update": _("Changed an entity list"),
    "entity.create": _("Registered an entity"),
    "entity.delete": _("Removed an entity"),
    "entity.reveal": _("Revealed a name"),
    "entity.update": _("Changed an entity"),
    "entity.update.version": _("Changed an entity"),
    "export.download": _("Downloaded data"),
    "field_key.create": _("Set up a phone"),
    "field_key.reveal": _("Showed a phone's QR code"),
    "field_key.session.end": _("Ended a phone's access"),
    "form.attachment.update": _("Changed a form's file"),
    "form.create": _("Made a form"),
    "form.delete": _("Removed a form"),
    "form.update": _("Changed a form's state"),
    "form.update.draft.delete": _("Put a draft aside"),
    "form.update.draft.set": _("Uploaded a draft"),
    "form.update.publish": _("Published a form"),
    "project.create": _("Made a project"),
    "project.update": _("Changed a project"),
    "submission.attachment.update": _("Replaced a file of a submission"),
    "submission.create": _("Sent a submission"),
    "submission.download": _("Downloaded a submission"),
    "submission.read": _("Read a submission"),
    "submission.update": _("Changed a submission's review state"),
    "submission.update.version": _("Edited a submission"),
    "user.create": _("Made a login"),
    "user.session.create": _("Logged in"),
    "user.session.end": _("Logged out"),
    "user.update": _("Changed a login"),
}
