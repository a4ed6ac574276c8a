"""Every text that the script of the filling page says, in the reader's language; `enketo.*` are Enketo's own."""

from django.utils.translation import gettext as _


def words() -> dict[str, str]:
    """Key -> text; `%(name)s` and `__name__` are filled by the script."""
    return {**_ours(), **{f"enketo.{key}": text for key, text in _enketos().items()}}


def _ours() -> dict[str, str]:
    return {
        "ok": _("OK"),
        "cancel": _("Cancel"),
        "delete": _("Delete"),
        "deleteDraft": _("Delete these answers? They were never sent."),
        "kept": _("Kept in this browser at %(time)s"),
        "notKept": _("This browser keeps no answers: send them before you leave."),
        "faults": _("Some answers are missing or not allowed. They are marked in red."),
        "valid": _("All answers are allowed. Nothing was sent: this is a preview."),
        "offline": _("There is no connection. Your answers are kept in this browser; send them later."),
        "login": _("Your login has ended. Your answers are kept in this browser."),
        "loginLink": _("Log in in a new tab, then come back here and send again."),
        "other": _("Somebody else is logged in by now, so nothing was sent. Your answers are kept for you alone."),
        "takenLink": _("Look at the record as it is now"),
        "fault": _("The server did not answer as it should (%(status)s). Your answers are kept in this browser."),
        "listMissing": _("The list %(name)s could not be loaded. Check the connection and load the page again."),
        "broken": _("This form cannot be filled in the browser: %(reason)s"),
    }  # fmt: skip


def _enketos() -> dict[str, str]:
    return {
        "constraint.invalid": _("This value is not allowed"),
        "constraint.required": _("This question must be answered"),
        "form.required": _("required"),
        "filepicker.placeholder": _("Choose a file (at most __maxSize__)"),
        "filepicker.notFound": _("The file __existing__ is not here. Leave it as it is to keep it."),
        "filepicker.waitingForPermissions": _("Waiting for your permission."),
        "filepicker.resetWarning": _("This removes the __item__. Go on?"),
        "filepicker.toolargeerror": _("The file is larger than __maxSize__"),
        "filepicker.file": _("file"),
        "drawwidget.drawing": _("drawing"),
        "drawwidget.signature": _("signature"),
        "drawwidget.annotation": _("file and drawing"),
        "geopicker.accuracy": _("accuracy (m)"),
        "geopicker.altitude": _("altitude (m)"),
        "geopicker.closepolygon": _("close the area"),
        "geopicker.kmlcoords": _("KML coordinates"),
        "geopicker.kmlpaste": _("paste KML coordinates here"),
        "geopicker.latitude": _("latitude (x.y °)"),
        "geopicker.longitude": _("longitude (x.y °)"),
        "geopicker.points": _("points"),
        "geopicker.searchPlaceholder": _("search for a place"),
        "geopicker.removePoint": _("Remove this point?"),
        "geopicker.bordersintersectwarning": _("The borders must not cross."),
        "selectpicker.noneselected": _("nothing chosen"),
        "selectpicker.numberselected": _("__number__ chosen"),
        "imagemap.svgNotFound": _("The picture was not found"),
        "rankwidget.tapstart": _("Tap to begin"),
        "rankwidget.clickstart": _("Click to begin"),
        "widget.comment.update": _("Update"),
        "hint.guidance.details": _("More details"),
        "alert.gotonotfound.msg": _("The question '__path__' is not in this form."),
        "alert.goto.hidden": _("The question is not asked at present."),
        "alert.valuehasspaces.multiple": _("The choice '__value__' has a space in its name, which is not allowed."),
        "alert.default.heading": _("Note"),
        "confirm.repeatremove.heading": _("Remove this group of answers?"),
        "confirm.repeatremove.msg": _("Its answers are lost."),
    }  # fmt: skip
