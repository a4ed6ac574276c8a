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
DOCUMENT_SHAPE = Kind(
    "400.641", 400, _("%(reason)s"), _("Compare with the guide to rule sets, docs/rules.md.")
)
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
    _("Compare with the section on cases in docs/rules.md."),
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

# Review to the letter: who may lower, and objections.
LOWERED_BY = Kind(
    "403.611",
    403,
    _("%(tier)s is lowered by: %(roles)s."),
    _("Ask one of them, or the county."),
)
DECIDED_BEFORE = Kind(
    "403.612",
    403,
    _("You took part in deciding this tier or object to it yourself."),
    _("Another person must look at the objection."),
)
APPEAL_OPEN = Kind(
    "409.661",
    409,
    _("An objection about this child waits for a decision already (until %(day)s)."),
    _("Add to that one, or wait for its answer."),
)
APPEAL_CLOSED = Kind(
    "409.662", 409, _("This objection has been decided: %(state)s."), _("Take down a new one.")
)
ANSWER_SHORT = Kind(
    "400.683",
    400,
    _("The written answer has %(length)s characters; at least %(least)s are needed."),
    _("Say what was looked at again and which rules hold."),
)
NO_OTHER_TIER = Kind(
    "400.684",
    400,
    _("An objection is upheld with another tier than the one in force."),
    _("Choose another tier, or dismiss the objection."),
)

# Releases and re-evaluation.
REEVALUATION_STATE = Kind(
    "409.631",
    409,
    _("The re-evaluation is in the state '%(state)s': this cannot be done with it."),
    _("Look at the release."),
)

# The thorough check of a draft (rules.engine.checks, rules.services.checking): rules among each other.
NEVER_FIRES = Kind(
    "400.721",
    400,
    _("The rule `%(name)s` can never fire: no answers make its condition true."),
    _("Look for parts of the condition that exclude each other."),
)
ALWAYS_FIRES = Kind(
    "400.722",
    400,
    _("The rule `%(name)s` fires for every child, whatever is answered."),
    _("Look for parts of the condition that complete each other."),
)
REDUNDANT = Kind(
    "400.723",
    400,
    _(
        "The rule `%(name)s` adds nothing: wherever it fires, `%(other)s` fires too and does no less."
    ),
    _("Remove it, or give it an effect of its own."),
)
ONLY_SCORE = Kind(
    "400.724",
    400,
    _("Wherever `%(name)s` fires, `%(other)s` fires too: all it adds is its score of %(score)s."),
    _("Leave it if the scores shall add up; otherwise make one rule of both."),
)
SAME_CONDITION = Kind(
    "400.725",
    400,
    _("`%(name)s` and `%(other)s` have the same condition: they fire for the same children."),
    _("Make one rule of both, or change one condition."),
)
NOBODY_IN = Kind(
    "400.726", 400, _("No child can be in `%(name)s`: %(reason)s."), _("Change its condition.")
)
SCORE_UNREACHED = Kind(
    "400.727",
    400,
    _(
        "No score reaches %(score)s, where `%(name)s` begins: all rules together give %(most)s at most."
    ),
    _(
        "Lower the cut-off or raise scores and caps; leave it empty if score alone shall not lead there."
    ),
)
TIER_UNREACHED = Kind(
    "400.728",
    400,
    _("Nothing leads to the tier `%(name)s`: no score, and no rule with that floor."),
    _("Give it a cut-off or a rule, or remove the tier."),
)
KEEPS_ITSELF = Kind(
    "400.729",
    400,
    _(
        "`%(name)s` can keep itself true for ever: %(tiers)s, because it reads the tier that it sets."
    ),
    _("Give it a lower floor than the tier it looks back at, or no floor and a small score."),
)
TASK_UNUSED = Kind(
    "400.731",
    400,
    _("Nothing opens the task `%(name)s`."),
    _("Name it in a rule or in the calendar, or remove it."),
)
ESCALATION_STEP = Kind(
    "400.732",
    400,
    _("Step %(step)s of the escalation of `%(name)s`: %(reason)s."),
    _("Correct the step."),
)
DUE_LACKS_TIER = Kind(
    "400.733",
    400,
    _("`%(name)s` has no time limit in the tiers %(tiers)s, where it can be opened."),
    _("Give each of them a limit."),
)
PARAMETER_UNREAD = Kind(
    "400.734",
    400,
    _("Nothing reads the parameter `%(name)s`."),
    _("Remove it or use it in a condition."),
)
SAME_START = Kind(
    "400.735",
    400,
    _("The parameter `%(name)s` has two values from %(day)s on."),
    _("Keep one of them, or change a date."),
)
TEXT_MISSING = Kind(
    "400.736", 400, _("The text of `%(name)s` is missing in: %(languages)s."), _("Write it.")
)
TEXT_EQUAL = Kind(
    "400.737",
    400,
    _("The Chinese and the English text of `%(name)s` are the same: %(text)s."),
    _("Translate one of them."),
)
CASE_FAILS = Kind(
    "400.738",
    400,
    _("The case `%(name)s` does not pass: %(reason)s."),
    _("Mend the rules or the case."),
)
RULE_WITHOUT_CASE = Kind(
    "400.739",
    400,
    _("No case makes the rule `%(name)s` fire."),
    _("Add a case in which it fires, or make one from a child."),
)

# ... and rules against forms.
FORM_MISSING = Kind(
    "400.740",
    400,
    _("The form %(form)s is not published here; it is read by %(names)s."),
    _("Publish the form, or leave it out: until then its answers are unknown."),
)
QUESTION_GONE = Kind(
    "400.741",
    400,
    _("The form %(form)s has no question `%(question)s`, which `%(name)s` reads."),
    _("%(cure)s"),
)
QUESTION_TYPE = Kind(
    "400.742",
    400,
    _("`%(question)s` of the form %(form)s is %(found)s, but `%(name)s` needs %(wanted)s."),
    _("Change the type of one of them: what does not fit counts as unknown."),
)
CODE_GONE = Kind(
    "400.743",
    400,
    _("No form offers '%(code)s' for `%(name)s`, but these wait for it: %(rules)s."),
    _("Put the choice back into a form, or change the conditions."),
)
CODE_NEW = Kind(
    "400.744",
    400,
    _(
        "The form %(form)s offers '%(code)s' for `%(question)s`; `%(name)s` does not know it, so"
        " that it counts as unknown."
    ),
    _("Add the code to the choice list of the rule set, and to the rules if it matters."),
)
ANSWER_CODE = Kind(
    "400.745",
    400,
    _("'%(code)s' is not a choice of `%(question)s` in the form %(form)s."),
    _("%(cure)s"),
)
CLOSING_FORMS = Kind(
    "400.746",
    400,
    _("`%(name)s` is closed only by forms that are not published here: %(forms)s."),
    _("Publish one of them, or let another form close the task."),
)
QUESTION_REPEATS = Kind(
    "400.747",
    400,
    _(
        "`%(question)s` of the form %(form)s stands in a repeat, but `%(name)s` needs one answer:"
        " several count as unknown."
    ),
    _("Ask it outside the repeat, or let the fact be a multiple choice."),
)

# A case made from a child.
CASE_DIFFERS = Kind(
    "409.653",
    409,
    _(
        "No case can be made of this child: without what would tell who it is, the rules decide otherwise."
    ),
    _("Write the case by hand."),
)
CASE_EXISTS = Kind(
    "409.654", 409, _("The draft has a case `%(name)s` already."), _("Rename one of them.")
)
WORKBOOK_CELLS = Kind(
    "400.712",
    400,
    _("The workbook has more than %(limit)s cells, which no rule set needs."),
    _("Clear what is left of deleted rows and columns, then save it again."),
)
WORKBOOK_HIDDEN = Kind(
    "400.713",
    400,
    _("%(count)s hidden rows were read as well."),
    _("Delete the rows that should not count."),
)

# Tasks and the calendar.
NEWER_TASK = Kind(
    "409.671",
    409,
    _("The same task has been opened again since."),
    _("Work on the newer one."),
)
NOT_BY_HAND = Kind(
    "409.672",
    409,
    _("`%(item)s` is not for this child: %(reason)s."),
    _("Look at the conditions of the item in the calendar of the rules."),
)
RELEASE_WAITING = Kind(
    "409.632",
    409,
    _("Release %(number)s still waits for a decision."),
    _("Decide it or withdraw it first."),
)
DRAFT_MOVED = Kind(
    "409.633",
    409,
    _("The draft was changed while it was being checked."),
    _("Look at the draft as it is now, then ask again."),
)
EDITED_BY_YOU = Kind(
    "403.631",
    403,
    _("You were the last to change this document, so another person must decide about it."),
    _("Ask a colleague with this right."),
)
SHADOW_RUNNING = Kind(
    "409.635",
    409,
    _("A candidate is on trial beside the release in force already."),
    _("End that trial first."),
)
SHADOW_NONE = Kind("409.636", 409, _("No candidate is on trial."))
ENGINES_DIFFER = Kind(
    "409.634",
    409,
    _("The two engines differ about this rule set (%(names)s): it does not come into force."),
    _("Report it; the release in force stays."),
)
NO_CASES = Kind(
    "400.748",
    400,
    _("The rule set has no cases: nothing shows that it does what is meant."),
    _("Add cases to the sheet `cases`, or make one from a child."),
)
CASE_OTHERWISE = Kind(
    "400.749",
    400,
    _("The case `%(name)s` comes out otherwise: %(reason)s."),
    _("Look whether that is meant."),
)
CODE_LOST = Kind(
    "400.750",
    400,
    _("The form %(form)s no longer offers '%(code)s' for `%(question)s`, for which rules wait."),
    _("Put the choice back, or change the rules first."),
)
