"""What can go wrong on the way out; the codes are those of ODK Central."""

from server.problems import Kind, gettext_noop

FILTER_SYNTAX = Kind(
    "400.18",
    400,
    gettext_noop("The filter could not be understood at character %(at)s: %(reason)s"),
)
FILTER_TYPES = Kind(
    "400.11", 400, gettext_noop("'%(value)s' cannot be compared with a %(expected)s.")
)
FILTER_FEATURE = Kind(
    "501.4",
    501,
    gettext_noop("The filter uses '%(text)s' at character %(at)s, which is not supported here."),
)
FILTER_FIELD = Kind(
    "501.5",
    501,
    gettext_noop("The field '%(text)s' cannot be used to filter or to sort."),
    gettext_noop("These can: %(known)s."),
)
SORT_SYNTAX = Kind(
    "400.18",
    400,
    gettext_noop("'%(text)s' is not an order; write a field and then asc or desc."),
)
SELECT_UNKNOWN = Kind("400.23", 400, gettext_noop("There is no property named '%(property)s'."))
SELECT_REPEATED = Kind(
    "400.24",
    400,
    gettext_noop("'%(property)s' is inside a repeat and cannot be selected from here."),
    gettext_noop("Read the table of the repeat."),
)
SKIPTOKEN_GONE = Kind(
    "400.34", 400, gettext_noop("The row that $skiptoken continues after is not there.")
)
SKIPTOKEN = Kind(
    "400.35",
    400,
    gettext_noop("$skiptoken is not one that this server gave."),
    gettext_noop("Follow @odata.nextLink as it is."),
)
FORMAT = Kind(
    "406.1", 406, gettext_noop("This is not available as asked; it is available as: %(allowed)s.")
)
NOT_SUPPORTED = Kind("501.1", 501, gettext_noop("%(feature)s is not supported by this server."))
EXPAND = Kind("501.6", 501, gettext_noop("$expand can only be *, not '%(text)s'."))
SELECT_EXPAND = Kind("501.11", 501, gettext_noop("$select and $expand cannot be used together."))
FIELD_PATH = Kind("400.8", 400, gettext_noop("The form has no place on the map at '%(path)s'."))
