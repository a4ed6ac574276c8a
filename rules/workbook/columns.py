"""The sheets and columns of the rule workbook, as a table: heading, where it stands in the document,
how its cells are written (design.md §6). `help.yaml` says the same to people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.workbook.cells import Codec
from rules.workbook.kinds import DAY, FLAG, MOMENT, NUMBER, NUMBERS, TEXT, VALUE, WORDS
from rules.workbook.pairs import ACTIONS, CHOICES, LISTS, PAIRS, SOURCES, SPAN, SPANS, STAYS
from rules.workbook.phrases import CLOSE, CLOSINGS, LIMIT, STEPS, USES

_TYPES = (
    "number", "integer", "date", "time", "yes_no", "select_one", "select_multiple", "text",
)  # fmt: skip
_FLAGS = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `path`: the keys inside a row's object; `picks`: what a cell may be; `ids_of`: the
    sheet in whose first column it is listed; `is_typed`: the row's `type` says what a cell holds."""

    heading: str
    path: tuple[str, ...]
    codec: Codec
    width: int = 14
    picks: tuple[str, ...] = ()
    ids_of: str = ""
    is_typed: bool = False

    @property
    def key(self) -> str:
        """The key of a row's object that this column is a part of."""
        return self.path[0]

    @property
    def is_part(self) -> bool:
        """Whether it holds one part of an object: `title::zh`."""
        return len(self.path) > 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with its known columns, the first being what a row is known by. `open`: objects that
    may have parts beyond these (`trigger::level`); `aliases`: headings that mean the same."""

    name: str
    columns: tuple[Column, ...]
    open: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def groups(self) -> dict[str, tuple[Column, ...]]:
        """The columns by the key that they are parts of."""
        found: dict[str, list[Column]] = {}
        for column in self.columns:
            found.setdefault(column.key, []).append(column)
        return {key: tuple(columns) for key, columns in found.items()}


def _column(
    heading: str,
    codec: Codec = TEXT,
    width: int = 14,
    picks: tuple[str, ...] = (),
    ids_of: str = "",
) -> Column:
    return Column(heading, tuple(heading.split("::")), codec, width, picks, ids_of)


_TITLE = (_column("title::zh", width=30), _column("title::en", width=30))
_TYPE = (
    _column("type", picks=_TYPES), _column("choices", width=18), _column("codes", CHOICES, 24),
)  # fmt: skip
_OTHERWISE = Column("otherwise", ("otherwise",), VALUE, is_typed=True)
_VALUE = Column("value", ("value",), VALUE, is_typed=True)
_NOTE = _column("note", width=30)
_SOURCE = _column("because::source", width=18)
_LABELS = {"label::zh": "title::zh", "label::en": "title::en"}
_WHEN = {"relevant": "when", "condition": "when"}
_GROUP = (_column("id", width=18), *_TITLE, _column("when", width=70))

_SHEETS = (
    Sheet("settings", (_column("setting", width=20), _column("value", VALUE, 60))),
    Sheet("dimensions", (_column("id"), *_TITLE, _column("cap", NUMBER)), aliases=_LABELS),
    Sheet("holidays", (_column("date", DAY), _column("kind", picks=("holiday", "workday")))),
    Sheet("roles", (_column("id", width=20), *_TITLE), aliases=_LABELS),
    Sheet(
        "parameters",
        (
            _column("name", width=22), *_TITLE, *_TYPE,
            _column("from", DAY), _VALUE, _column("reference"),
        ),
        aliases=_LABELS,
    ),
    Sheet(
        "choices",
        (
            _column("list_name", width=22), Column("name", ("code",), TEXT, 22),
            Column("label::zh", ("zh",), TEXT, 30), Column("label::en", ("en",), TEXT, 30),
        ),
        aliases={"list": "list_name", "code": "name", "zh": "label::zh", "en": "label::en"},
    ),
    Sheet(
        "facts",
        (
            _column("name", width=22), *_TITLE, *_TYPE,
            _column("question", width=22), _column("forms", WORDS, 24),
            _column("sources", SOURCES, 40),
            _column("merge", picks=("latest", "worst_of", "union", "sticky", "alarm")),
            _column("order", WORDS, 20), _column("positive", WORDS),
            _column("cleared_by", CLOSINGS, 40), _column("window_days", NUMBER),
            _column("applies", width=40), _OTHERWISE,
            _column(
                "history::kind",
                picks=("streak", "count", "days_since", "exists", "prior_tier", "prior_form"),
            ),
            _column("history::forms", WORDS), _column("history::question"),
            _column("history::equals", VALUE), _column("history::tier", ids_of="tiers"),
            _column("history::window_days", NUMBER), _column("source"), _NOTE,
        ),
        open=frozenset({"history"}),
        aliases=_LABELS | {"relevant": "applies"},
    ),
    Sheet(
        "derived",
        (_column("name", width=22), *_TITLE, *_TYPE, _column("expr", width=70), _NOTE),
        aliases=_LABELS | {"calculation": "expr", "expression": "expr"},
    ),
    Sheet("populations", _GROUP, aliases=_LABELS | _WHEN),
    Sheet("tags", _GROUP, aliases=_LABELS | _WHEN),
    Sheet(
        "rules",
        (
            _column("id"), _column("dimension", ids_of="dimensions"), *_TITLE,
            _column("when", width=70), _column("score", NUMBER, 8),
            _column("floor", ids_of="tiers"), _column("tasks", USES, 40), _SOURCE,
            _column("because::zh", width=30), _column("because::en", width=30),
            _column("on", FLAG, 8, _FLAGS), _column("valid::from", DAY), _column("valid::to", DAY),
        ),
        aliases=_LABELS | _WHEN,
    ),
    Sheet(
        "tiers",
        (
            _column("id"), *_TITLE, _column("color", width=10), _column("min_score", NUMBER),
            _column("acts_at_once", FLAG, picks=_FLAGS), _column("visit_days", NUMBER),
            _column("first_contact_hours", NUMBER, 20),
            _column("lead_role", width=18, ids_of="roles"), _column("review_days", NUMBER),
            _column("downgrade::roles", WORDS, 34), _column("downgrade::approvals", NUMBER, 20),
            _column("verify_tasks", FLAG, 14, _FLAGS),
        ),
        aliases=_LABELS,
    ),
    Sheet(
        "tasks",
        (
            _column("id", width=22), *_TITLE, _column("dimension", ids_of="dimensions"),
            _column("assignee", width=18, ids_of="roles"), _column("with", WORDS, 20),
            _column("due", LIMIT, 22), _column("escalation", STEPS, 40),
            _column("close", CLOSE, 60), _column("evidence::zh", width=30),
            _column("evidence::en", width=30), _column("verify", FLAG, 8, _FLAGS),
            _column("priority", NUMBER, 8), _SOURCE, _NOTE,
        ),
        open=frozenset({"because"}),
        aliases=_LABELS,
    ),
    Sheet(
        "calendar",
        (
            _column("id", width=16), *_TITLE, _column("period::yearly", SPAN, 18),
            _column("period::dates", SPANS, 30), _column("trigger::kind", width=18),
            _column("trigger::dates", WORDS), _column("trigger::day", NUMBER, 10),
            _column("trigger::days", NUMBER, 10), _column("trigger::form", width=18),
            _column("trigger::question", width=18), _column("trigger::unanswered", WORDS, 24),
            _column("trigger::answers", PAIRS, 24), _column("trigger::periods", WORDS, 20),
            _column("trigger::age", NUMBER, 10), _column("trigger::days_before", NUMBER, 12),
            _column("trigger::months", NUMBERS, 20), _column("trigger::tier", ids_of="tiers"),
            _column("trigger::tiers", WORDS), _column("trigger::role", width=18, ids_of="roles"),
            _column("trigger::within", WORDS), _column("trigger::count", NUMBER, 10),
            _column("trigger::level", picks=("county", "town", "village", "group")),
            _column("trigger::of", WORDS), _column("trigger::born", width=16),
            _column("trigger::first", width=18), _column("trigger::for_days", NUMBER, 10),
            _column("when", width=50),
            _column("tasks", USES, 30), _column("actions", ACTIONS, 40), _SOURCE,
            _column("because::zh", width=30), _column("because::en", width=30),
            _column("on", FLAG, 8, _FLAGS), _NOTE,
        ),
        open=frozenset({"trigger", "period", "because"}),
        aliases=_LABELS | _WHEN,
    ),
    Sheet(
        "cases",
        (
            _column("case_id", width=26), _column("as_of", MOMENT), _column("submission", NUMBER),
            _column("form", width=18), _column("date", MOMENT), _column("question", width=24),
            _column("value", VALUE, 24), _column("expected::tier", ids_of="tiers"),
            _column("expected::acceptable_tiers", WORDS, 20),
            _column("expected::tasks_must", WORDS, 30), _column("expected::tasks_should", WORDS, 30),
            _column("expected::tasks_must_not", WORDS, 30), _column("expected::population", WORDS, 24),
            _column("expected::acceptable_population", LISTS, 24),
            _column("expected::rules", PAIRS, 24), _column("tiers", STAYS, 30),
            _column("story", width=50),
        ),
        open=frozenset({"expected"}),
    ),
)  # fmt: skip

SHEETS: dict[str, Sheet] = {sheet.name: sheet for sheet in _SHEETS}
# sections whose rows are the items of a list, each in a sheet of its own name
LISTS_OF_ROWS = (
    "roles", "tiers", "facts", "derived", "populations", "tags", "rules", "tasks", "calendar",
)  # fmt: skip
CONDITIONS = frozenset({"when", "expr", "applies"})  # columns that hold an expression
HELP = ("help", "说明")  # sheets for people, never read
