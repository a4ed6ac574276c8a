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
XML_TOO_COMPLEX = Kind(
    "413.1", 413, gettext_noop("The XML has more than %(limit)s tags, which this server refuses.")
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
XFORM_WITHOUT_MODEL = Kind(
    "400.1",
    400,
    gettext_noop("This XML is not an XForm: it has no model or no body."),
    gettext_noop("Upload an XForm, or better the XLSForm workbook."),
)
XFORM_WITHOUT_TITLE = Kind(
    "400.1",
    400,
    gettext_noop("The form has no title; phones refuse such a form."),
    gettext_noop("Fill form_title on the sheet settings."),
)
XFORM_WITHOUT_INSTANCE = Kind(
    "400.1",
    400,
    gettext_noop("This XML is not an XForm: it has no primary instance."),
    gettext_noop("Upload an XForm, or better the XLSForm workbook."),
)
XFORM_WITHOUT_ID = Kind(
    "400.1",
    400,
    gettext_noop("The form has no form id."),
    gettext_noop("Fill form_id on the sheet settings."),
)
XFORM_ID_UNUSABLE = Kind(
    "400.1",
    400,
    gettext_noop(
        "The form id or version is longer than %(limit)s characters or holds invisible ones."
    ),
)
XFORM_INSTANCES_REPEATED = Kind(
    "400.1", 400, gettext_noop("The form has several primary instances, or two others with one id.")
)
ENTITIES_VERSION = Kind(
    "400.25",
    400,
    gettext_noop("The entities version '%(version)s' of the form is not one that phones know."),
    gettext_noop("Use 2022.1 to 2025.1."),
)
ENTITY_LIST_NAME = Kind(
    "400.25", 400, gettext_noop("'%(name)s' cannot be the name of an entity list.")
)
ENTITY_PROPERTY_NAME = Kind(
    "400.25", 400, gettext_noop("'%(name)s' cannot be the name of an entity property.")
)
ENTITY_PROPERTY_REPEATED = Kind(
    "400.25", 400, gettext_noop("Two questions save the entity property '%(name)s'.")
)
ENTITY_PROPERTY_NOWHERE = Kind(
    "400.25",
    400,
    gettext_noop("The property '%(name)s' is saved, but no entity is declared for it."),
)
ENTITY_PROPERTY_NO_QUESTION = Kind(
    "400.25",
    400,
    gettext_noop("The property '%(name)s' is saved by %(path)s, which is not a question."),
)
ENTITY_REPEATED = Kind("400.25", 400, gettext_noop("%(path)s declares more than one entity."))
SUBMISSION_ID_UNUSABLE = Kind(
    "400.1",
    400,
    gettext_noop(
        "This submission cannot be accepted: its %(field)s is too long or holds forbidden characters."
    ),
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
    gettext_noop("The expression '%(value)s' of '%(name)s' cannot be understood."),
    gettext_noop("Check brackets, quotes and operators."),
)
EXPRESSION_QUOTE_OPEN = Kind(
    "400.15",
    400,
    gettext_noop("In the expression '%(value)s' of '%(name)s' a quote is not closed."),
)
EXPRESSION_BRACKET_OPEN = Kind(
    "400.15",
    400,
    gettext_noop("In the expression '%(value)s' of '%(name)s' a bracket is not closed."),
)
EXPRESSION_BRACKET_EXTRA = Kind(
    "400.15",
    400,
    gettext_noop(
        "In the expression '%(value)s' of '%(name)s' a bracket is closed that was not opened."
    ),
)
ODK_VALIDATE_FAILED = Kind("400.15", 400, gettext_noop("ODK Validate refuses the form: %(reason)s"))

# Forms and versions
FORM_EXISTS = Kind(
    "409.3",
    409,
    gettext_noop("This project has a form named '%(form)s' already."),
    gettext_noop("Upload the file as a new draft of that form."),
)
FORM_ID_DIFFERS = Kind(
    "400.8",
    400,
    gettext_noop("The form id in the file is '%(found)s', but this form is '%(expected)s'."),
    gettext_noop("Correct form_id in the sheet 'settings', or create a new form."),
)
FORM_WARNINGS = Kind(
    "400.16",
    400,
    gettext_noop("The form is valid, but it has warnings."),
    gettext_noop("Read them and upload again with ignoreWarnings=true if they are meant so."),
)
FORM_FILE_TYPE = Kind(
    "415.1",
    415,
    gettext_noop("A form is uploaded as XML, .xlsx or .xls, not as '%(value)s'."),
)
NO_DRAFT = Kind("404.1", 404, gettext_noop("This form has no draft."))
FIELD_TYPE_CHANGED = Kind(
    "400.17",
    400,
    gettext_noop(
        "The question %(path)s was of type %(before)s in an earlier version and cannot become %(after)s."
    ),
    gettext_noop("Give the new question another name, or keep the type."),
)
VERSION_UNUSABLE = Kind(
    "400.8",
    400,
    gettext_noop("A version has at most %(limit)s characters, and no invisible ones."),
)
FILE_NAME_UNUSABLE = Kind(
    "400.1",
    400,
    gettext_noop("The form names a file with more than %(limit)s characters."),
    gettext_noop("Give the file a shorter name."),
)
WORKBOOK_TOO_HEAVY = Kind(
    "400.15",
    400,
    gettext_noop("Reading this workbook takes too much time or memory, so it was given up."),
    gettext_noop(
        "Remove rows and sheets that the form does not need, or move long lists of choices into a CSV file."
    ),
)
FORM_ID_IN_USE = Kind(
    "409.3",
    409,
    gettext_noop("Another form of this project is named '%(form)s' by now."),
    gettext_noop("Delete that form first, then restore this one."),
)
FORM_LISTS_GONE = Kind(
    "409.23",
    409,
    gettext_noop(
        "The form cannot be restored: the entity lists that it writes were changed (%(names)s)."
    ),
)
VERSION_EXISTS = Kind(
    "409.6",
    409,
    gettext_noop("The form '%(form)s' was published with version '%(version)s' before."),
    gettext_noop("Raise the version in the sheet 'settings', or name a new one when publishing."),
)
NEVER_PUBLISHED = Kind(
    "409.7", 409, gettext_noop("The draft of a form that was never published cannot be deleted.")
)
FILE_NOT_EXPECTED = Kind("404.1", 404, gettext_noop("The form names no file '%(name)s'."))
NOT_LINKABLE = Kind(
    "409.12",
    409,
    gettext_noop("'%(name)s' is not a data file, so no entity list can stand for it."),
)

# Receiving submissions: these are read on phones, by people who cannot change the form
UPLOAD_TORN = Kind(
    "400.1",
    400,
    gettext_noop("The transfer broke off, so nothing was stored."),
    gettext_noop("Send the record again when the connection is better."),
)
UPLOAD_NOT_MULTIPART = Kind(
    "415.1",
    415,
    gettext_noop("A submission is sent as multipart/form-data, not as '%(value)s'."),
    gettext_noop("Send it with ODK Collect."),
)
XML_FILE_MISSING = Kind(
    "400.7",
    400,
    gettext_noop("The part xml_submission_file is missing, so there is no record to store."),
    gettext_noop("Send it with ODK Collect."),
)
UPLOAD_TOO_LARGE = Kind(
    "413.1",
    413,
    gettext_noop("A file of this record is larger than the %(limit)s MB that this server takes."),
    gettext_noop("Take a smaller photo or a shorter recording."),
)
FORM_UNKNOWN = Kind(
    "404.1",
    404,
    gettext_noop("This project has no form '%(form)s', or this phone may not use it."),
    gettext_noop("Keep the record on the phone and ask your administrator."),
)
VERSION_UNKNOWN = Kind(
    "404.6",
    404,
    gettext_noop("The form '%(form)s' was never published with version '%(version)s'."),
    gettext_noop("Keep the record on the phone and ask your administrator."),
)
FORM_CLOSED = Kind(
    "409.2",
    409,
    gettext_noop("The form '%(form)s' takes no more records."),
    gettext_noop("Keep the record on the phone and ask your administrator."),
)
XML_DIFFERS = Kind(
    "409.1",
    409,
    gettext_noop("The server has a record with this ID, but with other content."),
    gettext_noop("The one on the server is unchanged. Ask your administrator."),
)
SUBMISSION_DELETED = Kind(
    "409.18",
    409,
    gettext_noop("This record was deleted on the server, so it was not stored again."),
)
SUBMISSION_EXISTS = Kind(
    "409.3", 409, gettext_noop("A submission with instanceID '%(value)s' exists already.")
)
ORIGINAL_MISSING = Kind(
    "404.5",
    404,
    gettext_noop("The record that this edit replaces is not on the server."),
    gettext_noop("Send the original record first, then this one again."),
)
ORIGINAL_REPLACED = Kind(
    "409.9",
    409,
    gettext_noop("Another edit of this record came first, so this one was not stored."),
    gettext_noop("Look at the record on the server and edit it there."),
)
DEPRECATED_ID_MISSING = Kind(
    "400.19",
    400,
    gettext_noop("This edit does not say which version it replaces: its deprecatedID is missing."),
    gettext_noop("Take the instanceID of the current version as deprecatedID."),
)
INSTANCE_ID_TAKEN = Kind(
    "409.8",
    409,
    gettext_noop("The instanceID '%(value)s' of this edit is in use already."),
    gettext_noop("Give the edit a new instanceID."),
)
EDITING_CLOSED = Kind(
    "409.12",
    409,
    gettext_noop("The form '%(form)s' is not open, so its records cannot be edited."),
    gettext_noop("Open the form again first."),
)
SERVER_BUSY = Kind(
    "503.1",
    503,
    gettext_noop("The server could not store this just now; nothing was stored."),
    gettext_noop("Send it again in a few minutes."),
)

# Datasets and entities
DATASET_EXISTS = Kind("409.3", 409, gettext_noop("The list '%(name)s' exists already."))
DATASET_NAME = Kind(
    "400.8",
    400,
    gettext_noop("'%(name)s' cannot be the name of an entity list."),
    gettext_noop("Begin with a letter and use letters, digits, hyphens and underscores."),
)
PROPERTY_EXISTS = Kind("409.3", 409, gettext_noop("The property '%(name)s' exists already."))
PROPERTY_NAME = Kind(
    "400.8",
    400,
    gettext_noop("'%(name)s' cannot be the name of a property."),
    gettext_noop("Begin with a letter; 'name' and 'label' are taken."),
)
PROPERTY_UNKNOWN = Kind(
    "400.28", 400, gettext_noop("The list '%(dataset)s' has no property '%(name)s'.")
)
ENTITY_INVALID = Kind("400.11", 400, gettext_noop("The entity cannot be stored: %(reason)s"))
ENTITY_EXISTS = Kind("409.3", 409, gettext_noop("An entity with uuid %(value)s exists already."))
ENTITY_VERSION = Kind(
    "409.15",
    409,
    gettext_noop("The entity is at version %(current)s by now, not %(provided)s."),
    gettext_noop("Read it again, or write with force=true."),
)

# Public links
LINK_USED = Kind(
    "409.21",
    409,
    gettext_noop("A record was sent from here by this link already; it takes one of each."),
    gettext_noop("Ask whoever gave you the link if you need to send another."),
)

# Encryption
XFORM_KEY_UNUSABLE = Kind(
    "400.1",
    400,
    gettext_noop("The form's public key is no RSA key that phones could encrypt with."),
    gettext_noop("Put the key into the setting public_key, without its BEGIN and END lines."),
)
UNDECRYPTABLE = Kind(
    "400.12",
    400,
    gettext_noop("This cannot be decrypted."),
    gettext_noop("Check the passphrase and try again."),
)
PASSPHRASE_TOO_SHORT = Kind(
    "400.21", 400, gettext_noop("The passphrase must have at least %(least)s characters.")
)
ENCRYPTED_ALREADY = Kind(
    "409.4",
    409,
    gettext_noop("The project '%(project)s' is encrypted already."),
    gettext_noop("Its passphrase cannot be changed."),
)

# Forms in the browser
FORM_NOT_OFFERED = Kind(
    "409.2", 409, gettext_noop("The form '%(form)s' takes no new records at present.")
)
ENCRYPTED_IN_BROWSER = Kind(
    "409.22",
    409,
    gettext_noop("Records of this form leave the device encrypted, which a browser cannot do."),
    gettext_noop("Fill it with ODK Collect."),
)
LINK_ENDED = Kind(
    "404.1",
    404,
    gettext_noop("This link leads nowhere, or it was ended."),
    gettext_noop("Ask whoever gave it to you for a new one."),
)

# Projects
BULK_FORMS = Kind(
    "501.1",
    501,
    gettext_noop("All forms of a project are changed together only if exactly those are named."),
    gettext_noop("Name each form of the project once, or leave the forms out."),
)

# People in the registry
PAIR_DECIDED = Kind("409.31", 409, gettext_noop("Somebody has decided about this pair already."))
MERGE_SELF = Kind(
    "400.31", 400, gettext_noop("Only two different entries of one list can be merged.")
)
MERGE_GONE = Kind(
    "409.32",
    409,
    gettext_noop("One of the two entries is no longer on the list."),
    gettext_noop("Reload the page to see how they stand now."),
)
MERGE_PROPERTY = Kind("400.32", 400, gettext_noop("The two entries do not differ in '%(name)s'."))
MERGE_UNDONE = Kind("409.33", 409, gettext_noop("This merge has been undone already."))
TRANSFER_NOWHERE = Kind(
    "400.36", 400, gettext_noop("The child is there already, or nothing says where it goes.")
)
TRANSFER_OPEN = Kind(
    "409.34",
    409,
    gettext_noop("A transfer of this child waits for an answer already."),
    gettext_noop("Take it back first, or wait for the answer."),
)
TRANSFER_DECIDED = Kind(
    "409.35", 409, gettext_noop("This transfer has been answered or taken back already.")
)
TRANSFER_WHY = Kind("400.37", 400, gettext_noop("Who refuses a transfer must say why."))
RESPONSIBLE_INVALID = Kind(
    "400.38", 400, gettext_noop("This responsible person is not right: %(reason)s.")
)
