"""What can go wrong with forms and submissions; codes follow ODK Central where it has one
(design.md §2).

Every failure to read an XLSForm is 400.15 and every failure to read an XForm 400.1 or 400.25, as
in Central: clients branch on the code, people read the message, which is why one code has many
messages here.
"""

from server.problems import Kind, gettext_noop

# XForm and submission XML
XML_TOO_LARGE = Kind(
    "413.1", 413, gettext_noop("The XML is larger than the %(limit)s MB that this server takes.")
)
NOT_XML = Kind(
    "400.1",
    400,
    gettext_noop("This is not well-formed XML: %(reason)s"),
    gettext_noop("Send the file as the form designer or the phone wrote it."),
)
XML_WITH_DOCTYPE = Kind(
    "400.1",
    400,
    gettext_noop(
        "XML with a document type declaration (DOCTYPE) is refused: it can hide harmful content."
    ),
    gettext_noop("Remove the DOCTYPE."),
)
NOT_AN_XFORM = Kind(
    "400.1",
    400,
    gettext_noop("This XML is not an XForm: %(reason)s"),
    gettext_noop("Upload an XForm, or better the XLSForm workbook."),
)
ENTITIES_INVALID = Kind(
    "400.25", 400, gettext_noop("The entity definition within the form is invalid. %(reason)s")
)
SUBMISSION_INVALID = Kind(
    "400.1",
    400,
    gettext_noop("This submission cannot be accepted: %(reason)s"),
)
SUBMISSION_FIELD_MISSING = Kind(
    "400.2", 400, gettext_noop("The submission does not say its %(field)s.")
)

# Workbook files, before anything is read from them
WORKBOOK_TOO_LARGE = Kind(
    "413.1",
    413,
    gettext_noop("The workbook is larger than the %(limit)s that this server takes."),
    gettext_noop("Remove pictures and sheets that the form does not need."),
)
WORKBOOK_TOO_MANY_ROWS = Kind(
    "400.15",
    400,
    gettext_noop("The sheet %(sheet)s has more than %(limit)s rows."),
    gettext_noop("Move long lists of choices into a CSV file and use select_one_from_file."),
)
WORKBOOK_UNREADABLE = Kind(
    "400.15",
    400,
    gettext_noop("This file is not a workbook that can be read (xlsx, xls, csv or md)."),
    gettext_noop("Open it in Excel or WPS and save it again as .xlsx."),
)
WORKBOOK_HARMFUL = Kind(
    "400.15",
    400,
    gettext_noop(
        "The workbook was refused: its compressed content looks like an attack (%(reason)s)."
    ),
    gettext_noop("Open it in Excel or WPS and save it again as .xlsx."),
)
WORKBOOK_WITH_MACROS = Kind(
    "400.15",
    400,
    gettext_noop("The workbook contains macros; a form must not."),
    gettext_noop("Save it as .xlsx, without macros."),
)
WORKBOOK_ENCRYPTED = Kind(
    "400.15",
    400,
    gettext_noop("The workbook is protected with a password."),
    gettext_noop("Remove the password and upload it again."),
)
SHEET_MISSING = Kind(
    "400.15",
    400,
    gettext_noop("The workbook has no sheet named '%(sheet)s'."),
    gettext_noop("Name the sheet exactly so, in small letters."),
)

# What the workbook says
XLSFORM_INVALID = Kind(
    "400.15", 400, gettext_noop("The XLSForm could not be converted: %(reason)s")
)
TYPE_UNKNOWN = Kind(
    "400.15",
    400,
    gettext_noop("'%(value)s' is not a question type."),
    gettext_noop("Check the spelling in the column 'type'."),
)
TYPE_MISSING = Kind("400.15", 400, gettext_noop("The row has no question type."))
NAME_MISSING = Kind("400.15", 400, gettext_noop("The question has no name."))
NAME_INVALID = Kind(
    "400.15",
    400,
    gettext_noop("The name '%(value)s' is not allowed."),
    gettext_noop(
        "A name begins with a letter or underscore; letters, digits, underscores, hyphens and "
        "periods may follow, but no spaces."
    ),
)
NAME_REPEATED = Kind(
    "400.15",
    400,
    gettext_noop("The name '%(value)s' is used twice."),
    gettext_noop("Give each question of a group its own name."),
)
LABEL_MISSING = Kind(
    "400.15", 400, gettext_noop("The question '%(value)s' has neither a label nor a hint.")
)
CALCULATION_MISSING = Kind(
    "400.15",
    400,
    gettext_noop("The calculation is missing."),
    gettext_noop("Fill the column 'calculation'."),
)
LIST_UNKNOWN = Kind(
    "400.15",
    400,
    gettext_noop("The list of choices '%(value)s' does not exist."),
    gettext_noop("Add it to the sheet 'choices', or correct its name in the column 'type'."),
)
CHOICE_REPEATED = Kind("400.15", 400, gettext_noop("A choice name appears twice in the same list."))
CHOICE_INVALID = Kind("400.15", 400, gettext_noop("The choice is invalid: %(reason)s"))
REFERENCE_UNKNOWN = Kind(
    "400.15",
    400,
    gettext_noop("There is no question named '%(value)s'."),
    gettext_noop("Correct the name between ${ and }."),
)
REFERENCE_INVALID = Kind(
    "400.15",
    400,
    gettext_noop("A reference to a question is written wrongly."),
    gettext_noop("Write ${name}."),
)
REFERENCE_AMBIGUOUS = Kind(
    "400.15",
    400,
    gettext_noop("More than one question is named '%(value)s', so a reference to it is ambiguous."),
)
GROUP_NOT_CLOSED = Kind(
    "400.15", 400, gettext_noop("A group or repeat begins here and does not end.")
)
GROUP_NOT_OPENED = Kind(
    "400.15", 400, gettext_noop("A group or repeat ends here that did not begin.")
)
EXPRESSION_INVALID = Kind(
    "400.15",
    400,
    gettext_noop(
        "The expression '%(value)s' of question '%(name)s' cannot be understood: %(reason)s"
    ),
    gettext_noop("Check brackets, quotes and operators."),
)
ODK_VALIDATE_FAILED = Kind("400.15", 400, gettext_noop("ODK Validate refuses the form: %(reason)s"))
