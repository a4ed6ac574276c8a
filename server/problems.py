"""What can go wrong, said so that the reader can mend it. Django-free: pure packages raise these
too.

A `Kind` is one line of a floor's catalogue (`forms/problems.py`, `rules/problems.py`, ...): a
numbered code in the style of ODK Central ("404.1"), the HTTP status, and an English message with
`%(token)s` places, which is the msgid that the catalogues translate. A `Problem` is one occurrence.
Edges render it (JSON, OpenRosaResponse, page); nobody else formats.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


def gettext_noop(message: str) -> str:
    """Mark `message` for extraction without importing Django."""
    return message


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to fail: its code, HTTP status, message template and what to do about it."""

    code: str
    status: int
    message: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a document the fault is: sheet, row (1 = heading) and column of a workbook, or a
    path or expression offset."""

    sheet: str = ""
    row: int | None = None
    column: str = ""
    path: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Only what is known, for JSON details."""
        known = {
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "path": self.path,
        }
        return {key: value for key, value in known.items() if value not in ("", None)}


class Phrase(str):
    """A text inside a message that is translated with it: English as a string, `msgid` and `tokens`
    kept."""

    msgid: str
    tokens: dict[str, Any]

    def __new__(cls, msgid: str, **tokens: Any) -> "Phrase":
        phrase = super().__new__(cls, msgid % tokens)
        phrase.msgid = msgid
        phrase.tokens = tokens
        return phrase

    def message_in(self, translate: Any) -> str:
        """The text in the language of `translate` (a gettext)."""
        return str(translate(self.msgid)) % spoken_in(self.tokens, translate)


def spoken_in(tokens: Mapping[str, Any], translate: Any) -> dict[str, Any]:
    """`tokens` with what can say itself in a language (phrases, findings) said in that of `translate`."""
    return {
        key: value.message_in(translate) if hasattr(value, "message_in") else value
        for key, value in tokens.items()
    }


def told_in(details: Any, translate: Any) -> Any:
    """`details` as plain JSON: findings inside (whatever has `as_dict`) told in the language of `translate`."""
    if isinstance(details, Mapping):
        return {key: told_in(value, translate) for key, value in details.items()}
    if isinstance(details, list | tuple):
        return [told_in(value, translate) for value in details]
    return details.as_dict(translate) if hasattr(details, "as_dict") else details


class Problem(Exception):
    """One failure with the values that fill its message; `places` says where, `details` goes to API
    clients as it is."""

    def __init__(
        self,
        kind: Kind,
        *,
        places: tuple[Place, ...] = (),
        details: Mapping[str, Any] | None = None,
        **tokens: Any,
    ) -> None:
        self.kind = kind
        self.tokens = tokens
        self.places = places
        self.details = dict(details or {})
        super().__init__(f"{kind.code} {self.message_in(lambda text: text)}")

    def message_in(self, translate: Any) -> str:
        """The message in the language of `translate` (a gettext), with the cure after it."""
        tokens = spoken_in(self.tokens, translate)
        message = translate(self.kind.message) % tokens
        cure = translate(self.kind.cure) % tokens if self.kind.cure else ""
        return f"{message} {cure}".strip()


# The codes of ODK Central that every floor shares.
UNPARSEABLE = Kind("400.1", 400, gettext_noop("The %(format)s could not be read: %(reason)s"))
MISSING = Kind(
    "400.2",
    400,
    gettext_noop("The field %(field)s is missing."),
    gettext_noop("Add it and send again."),
)
UNEXPECTED = Kind("400.8", 400, gettext_noop("%(field)s cannot be '%(value)s': %(reason)s"))
UNAUTHENTICATED = Kind(
    "401.2",
    401,
    gettext_noop("You are not logged in, or your access has ended."),
    gettext_noop("Log in again."),
)
FORBIDDEN = Kind(
    "403.1",
    403,
    gettext_noop("You may not do this."),
    gettext_noop("Ask your administrator if you need it."),
)
NOT_FOUND = Kind("404.1", 404, gettext_noop("There is nothing here that you can see."))
CONFLICT = Kind("409.3", 409, gettext_noop("A %(what)s with %(field)s '%(value)s' exists already."))
TOO_LARGE = Kind(
    "413.1",
    413,
    gettext_noop("This is larger than the %(limit)s that this server takes."),
    gettext_noop("Send it in smaller parts."),
)
