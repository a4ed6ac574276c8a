"""What can go wrong with master data. Codes 400.70 and 409.70 onward."""

from server.problems import Kind, gettext_noop

CODE = Kind(
    "400.70",
    400,
    gettext_noop("The code '%(code)s' does not fit: %(reason)s"),
    gettext_noop("Use the code of the official list."),
)
NAME = Kind(
    "400.71",
    400,
    gettext_noop("A name has 1 to %(limit)s characters."),
    gettext_noop("Write the full official name."),
)
PARENT = Kind(
    "400.72",
    400,
    gettext_noop("'%(name)s' cannot stand under '%(parent)s'."),
    gettext_noop("A town stands in a county, a village in a town, a group in a village."),
)
CLOSED = Kind(
    "409.70",
    409,
    gettext_noop("'%(name)s' is closed."),
    gettext_noop("Choose a place that is open, or open this one again first."),
)
STILL_USED = Kind(
    "409.71",
    409,
    gettext_noop(
        "'%(name)s' still has places, records or people in it, so it cannot simply be closed."
    ),
    gettext_noop("Merge it into the place that takes them over."),
)
NOT_MERGEABLE = Kind(
    "400.73",
    400,
    gettext_noop("'%(name)s' cannot be merged into '%(into)s'."),
    gettext_noop("Choose another, open place of the same kind."),
)
NOT_LAST = Kind(
    "409.72",
    409,
    gettext_noop("Only the newest change of a place can be undone."),
    gettext_noop("Undo the newer changes first."),
)
NOT_UNDOABLE = Kind(
    "409.73",
    409,
    gettext_noop("The creation of a place is not undone."),
    gettext_noop("Close the place instead."),
)
OUTDATED = Kind(
    "409.74",
    409,
    gettext_noop(
        "The places have been changed since this workbook was looked at, so nothing was applied."
    ),
    gettext_noop("Upload the workbook again and look at the changes once more."),
)
FAULTY = Kind(
    "400.74",
    400,
    gettext_noop("The workbook has faults, so nothing was applied."),
    gettext_noop("Mend the rows that are named and upload it again."),
)
GEOJSON = Kind(
    "400.75",
    400,
    gettext_noop("The boundaries cannot be used: %(reason)s"),
    gettext_noop(
        "Send a GeoJSON FeatureCollection in WGS 84 whose features carry the area's code."
    ),
)
