"""What can go wrong with rules, expressions and facts (codes 400.6xx). Django-free: pure packages
raise these."""

from server.problems import Kind
from server.problems import gettext_noop as _

# The text of an expression: raised by rules.language.parser, always with a place.
EXPRESSION_SYNTAX = Kind(
    "400.601",
    400,
    _(
        "The expression breaks off at '%(found)s' (line %(line)s, character %(column)s): %(reason)s."
    ),
    _("%(cure)s"),
)
EXPRESSION_TOO_LONG = Kind(
    "400.602",
    400,
    _("The expression has %(length)s characters; at most %(limit)s are allowed."),
    _("Put a part of it into a derived fact."),
)
EXPRESSION_TOO_DEEP = Kind(
    "400.603",
    400,
    _("The expression is nested more than %(limit)s levels deep."),
    _("Put a part of it into a derived fact."),
)
PATTERN = Kind(
    "400.604",
    400,
    _("The pattern '%(pattern)s' cannot be used: %(reason)s."),
    _("Allowed are characters, . [a-z] \\d \\w \\s ( | ) and the counts * + ? {2,5}."),
)

# What an expression means: issues of rules.language.check.
UNKNOWN_FACT = Kind("400.611", 400, _("`%(name)s`: there is no such fact."), _("%(cure)s"))
UNKNOWN_CODE = Kind("400.612", 400, _("'%(code)s' is not a choice of `%(name)s`."), _("%(cure)s"))
UNKNOWN_FUNCTION = Kind("400.613", 400, _("There is no function `%(name)s`."), _("%(cure)s"))
ARGUMENTS = Kind(
    "400.614", 400, _("`%(name)s` is used wrongly: %(reason)s."), _("Write it as %(usage)s.")
)
TYPE_MISMATCH = Kind(
    "400.615", 400, _("%(left)s cannot be compared with %(right)s by `%(op)s`."), _("%(cure)s")
)
NOT_A_CONDITION = Kind(
    "400.616",
    400,
    _("`%(text)s` is %(type)s, but a condition (true or false) is needed here."),
    _("%(cure)s"),
)
NOT_A_NUMBER = Kind(
    "400.617", 400, _("`%(text)s` is %(type)s, but a number is needed here."), _("%(cure)s")
)
MIXED_TYPES = Kind(
    "400.618",
    400,
    _("The values of `%(name)s` are of different types: %(types)s."),
    _("Give all of them one type."),
)
NEGATED_UNKNOWN = Kind(
    "400.619",
    400,
    _("`%(text)s` stays unknown as long as `%(name)s` is unanswered."),
    _("%(cure)s"),
)
WRONG_RESULT = Kind(
    "400.620",
    400,
    _("The expression gives %(found)s, but %(expected)s is declared."),
    _("Change the type or the expression."),
)

# A rule-set document: findings of rules.engine.rule_set, with sheet, row and column.
RULE_SET_INVALID = Kind(
    "400.640",
    400,
    _("The rule set has %(count)s errors; the first: %(first)s"),
    _("Mend them and check again."),
)
DOCUMENT_SHAPE = Kind("400.641", 400, _("%(reason)s"), _("Compare with the rule-set guide."))
MISSING_COLUMN = Kind("400.642", 400, _("`%(name)s` is missing here."), _("Fill it in."))
EXTRA_COLUMN = Kind(
    "400.643", 400, _("`%(name)s` is not a column that is known here."), _("%(cure)s")
)
DUPLICATE = Kind(
    "400.644",
    400,
    _("`%(name)s` is defined twice (%(first)s)."),
    _("Rename or remove one of them."),
)
UNKNOWN_NAME = Kind("400.645", 400, _("`%(name)s` is no %(what)s of this rule set."), _("%(cure)s"))
CYCLE = Kind(
    "400.646",
    400,
    _("These facts depend on each other in a circle: %(names)s."),
    _("Break the circle at one of them."),
)
CUT_OFFS = Kind(
    "400.647",
    400,
    _("The cut-offs of the tiers leave a gap: %(reason)s."),
    _("List tiers from the lowest; the first starts at 0 and each next one higher, or has none."),
)
BAD_VALUE = Kind(
    "400.648", 400, _("`%(name)s` cannot be '%(value)s': %(reason)s."), _("Correct the value.")
)
MERGE = Kind(
    "400.649",
    400,
    _("Merging by `%(merge)s` needs %(need)s."),
    _("Add it or choose another policy."),
)
NEVER_CLOSES = Kind(
    "400.650",
    400,
    _("Nothing closes the task `%(name)s`."),
    _("Give it a closing form and condition, or mark it as closed by hand."),
)
NEVER_READ = Kind(
    "400.651", 400, _("Nothing reads the fact `%(name)s`."), _("Remove it or use it in a rule.")
)
NO_EFFECT = Kind(
    "400.652",
    400,
    _("The rule `%(name)s` has no score, floor or task."),
    _("Give it an effect or switch it off."),
)
CONSTANT = Kind(
    "400.653",
    400,
    _("The condition of `%(name)s` reads no fact, so it is the same for everyone."),
    _("Name the facts it depends on."),
)
UNCHECKED_ROLES = Kind(
    "400.654",
    400,
    _("The rule set lists no roles, so that role names cannot be checked."),
    _("Add the section `roles`."),
)

# Facts given to an evaluation.
FACT_VALUE = Kind(
    "400.661",
    400,
    _("The fact `%(name)s` cannot be '%(value)s': it is of type %(type)s."),
    _("Send a value of that type, or leave the fact out when it is unknown."),
)

# The second engine: raised when a rule set is checked for release, never while a child is
# evaluated.
DURABLE_LIMIT = Kind(
    "400.671",
    400,
    _("The rule set is too large for the second engine: %(count)s %(what)s; it holds %(limit)s."),
    _("Switch off rules that are no longer used, or simplify long conditions."),
)
DURABLE_REFUSED = Kind(
    "400.672",
    400,
    _("The second engine does not take the rule set: %(reason)s"),
    _("Try again; if it happens again, undo the latest change of a condition and report it."),
)

# Releases: who may put a rule set into force.
RELEASE_STATE = Kind(
    "409.601",
    409,
    _("Release %(number)s is %(state)s: this cannot be done with it."),
    _("Look at the list of releases."),
)
SAME_PERSON = Kind(
    "403.601",
    403,
    _("You asked for this yourself, so another person must decide it."),
    _("Ask a colleague with this right."),
)
NO_DRAFT = Kind(
    "409.602", 409, _("The rule set %(name)s has no draft."), _("Put a draft there first.")
)
NOT_RELEASED = Kind(
    "409.603", 409, _("The rule set %(name)s has no release in force."), _("Release it first.")
)
CASES_FAIL = Kind(
    "409.604",
    409,
    _("The draft fails %(count)s of its own cases: %(cases)s."),
    _("Mend the rules or the cases."),
)

# Review of tiers.
NOT_EVALUATED = Kind("409.611", 409, _("This child has not been evaluated yet."))
STALE = Kind(
    "409.612",
    409,
    _("The child was evaluated again in the meantime."),
    _("Look at the new result, then decide."),
)
NOTHING_TO_CONFIRM = Kind("409.613", 409, _("Nothing waits for a decision here."))
REASON_SHORT = Kind(
    "400.681",
    400,
    _("The reason has %(length)s characters; at least %(least)s are needed."),
    _("Say what you saw and why it speaks for another tier."),
)
BELOW_FLOOR = Kind(
    "409.614",
    409,
    _("The tier cannot be lower than %(floor)s while these rules hold: %(rules)s."),
    _("Record the change of facts first, or ask the county for an exception."),
)
TWO_PERSONS = Kind(
    "409.615",
    409,
    _("Lowering %(tier)s takes two persons."),
    _("Request it; another person of the county decides."),
)
ONE_STEP = Kind(
    "409.616", 409, _("From %(tier)s a child goes down one tier at a time, to %(next)s first.")
)
LATER_FORM = Kind(
    "409.617",
    409,
    _("Lowering %(tier)s needs a submission of %(form)s from after %(day)s."),
    _("Carry it out and send it, then ask again."),
)
TASKS_UNFINISHED = Kind(
    "409.618",
    409,
    _("Tasks of %(tier)s are not finished and verified yet: %(tasks)s."),
    _("Finish and verify them, then ask again."),
)
NO_REQUEST = Kind("409.619", 409, _("Nobody has asked to lower this tier."))

# Tasks.
TASK_STATE = Kind(
    "409.621",
    409,
    _("The task is %(state)s: '%(action)s' cannot be done with it."),
    _("Look at its history."),
)
OWN_WORK = Kind(
    "403.602",
    403,
    _("Nobody verifies their own work."),
    _("Ask another person to verify it."),
)
NOT_YOURS = Kind(
    "403.603",
    403,
    _("This task is somebody else's."),
    _("Have it assigned to you first."),
)
CANNOT_DO = Kind(
    "400.682",
    400,
    _("%(name)s does not work where this child lives or learns."),
    _("Choose somebody whose area or school covers the child."),
)

# Case files.
CASES_SHAPE = Kind(
    "400.691",
    400,
    _("The case file cannot be used: %(path)s: %(reason)s"),
    _("Compare with the description of case files in the rule-set guide."),
)

# The sample county.
SAMPLE_IN_PRODUCTION = Kind(
    "409.695",
    409,
    _("A sample county has logins with a known password: it is not made in production."),
    _("Use another database, or force it if nobody else can reach this server."),
)
SAMPLE_EXISTS = Kind(
    "409.696",
    409,
    _("There is a sample county here already."),
    _("Use an empty database for another one."),
)

# Simulations.
TOO_MANY_SIMULATIONS = Kind(
    "409.651",
    409,
    _("%(count)s trials of these rules are waiting or running already."),
    _("Wait for one to finish, or cancel one."),
)
SIMULATION_ENDED = Kind(
    "409.652", 409, _("Trial %(number)s has ended already."), _("Start another one.")
)

# The rule workbook: faults of its sheets and cells, each with sheet, row and column; and the draft.
WORKBOOK_CELL = Kind(
    "400.701",
    400,
    _("'%(value)s' cannot stand in the column `%(name)s`: %(reason)s."),
    _("%(cure)s"),
)
WORKBOOK_HEADING = Kind(
    "400.702",
    400,
    _("There is no column `%(name)s` here."),
    _("%(cure)s If the column is your own, give it a name less like ours."),
)
WORKBOOK_HEADING_TWICE = Kind(
    "400.703",
    400,
    _("The column `%(name)s` is there twice."),
    _("Keep one of them."),
)
WORKBOOK_NO_HEADING = Kind(
    "400.704",
    400,
    _("'%(value)s' stands in a column without a heading."),
    _("Give the column a heading in row 1, or clear it."),
)
WORKBOOK_SHEET = Kind(
    "400.705",
    400,
    _("There is no sheet `%(name)s` in a rule workbook."),
    _("%(cure)s If the sheet is your own, give it a name less like ours."),
)
WORKBOOK_NO_RULES = Kind(
    "400.706",
    400,
    _("This workbook has none of the sheets of a rule set: %(sheets)s."),
    _("Download the draft as a workbook, change it, and upload it again."),
)
WORKBOOK_MERGED = Kind(
    "400.707",
    400,
    _("The cells %(cells)s are merged, so it is not clear which rows they belong to."),
    _("Split them and fill in each row."),
)
WORKBOOK_FORMULA = Kind(
    "400.708",
    400,
    _("The cell %(cell)s holds a formula without a result."),
    _("Put its value in its place (copy, then paste as values)."),
)
WORKBOOK_ERROR_CELL = Kind(
    "400.709",
    400,
    _("The cell %(cell)s holds the error %(value)s."),
    _("Mend the formula, or put a value in its place."),
)
WORKBOOK_ROW = Kind(
    "400.710",
    400,
    _("This row cannot be read: %(reason)s."),
    _("%(cure)s"),
)
WORKBOOK_OLD = Kind(
    "400.711",
    400,
    _("This is not an XLSX workbook."),
    _("Save it as XLSX (Excel workbook) and upload it again."),
)
DRAFT_CHANGED = Kind(
    "409.641",
    409,
    _("%(who)s changed this draft at %(when)s, after you had opened it."),
    _("Look at the draft as it is now, then make your change again."),
)
NOTHING_TO_UNDO = Kind(
    "409.642",
    409,
    _("There is no earlier draft of the rule set %(name)s to go back to."),
    _("Take a release as the draft instead."),
)
NO_UPLOAD = Kind(
    "409.643",
    409,
    _("This upload does not wait for a decision any more."),
    _("Upload the file again."),
)
