"""What can go wrong with accounts; codes follow ODK Central where it has one."""

from server.problems import Kind, gettext_noop

PASSWORD_SHORT = Kind(
    "400.21",
    400,
    gettext_noop("The password is too short: it must have at least 10 characters."),
)
PASSWORD_LONG = Kind(
    "400.38",
    400,
    gettext_noop("The password is too long: at most 72 bytes."),
)
PASSWORD_COMMON = Kind(
    "400.21",
    400,
    gettext_noop("The password is one that many people use, so it is soon guessed."),
    gettext_noop("Choose three or four words that do not belong together."),
)
LAST_ADMIN = Kind(
    "409.20",
    409,
    gettext_noop("This is the last administrator; without one nobody could manage this server."),
    gettext_noop("Make somebody else an administrator first."),
)
NO_SUCH_ACTOR = Kind(
    "404.1", 404, gettext_noop("There is nobody with this number to whom this role can be given.")
)
