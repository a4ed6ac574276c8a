"""The translation catalogues of the four floors: collected from code and templates, compiled, and checked.

Works with Babel alone; the host needs no gettext tools. A floor's catalogue is
`<floor>/locale/zh_Hans/LC_MESSAGES/django.po`; the English text in the code is the msgid.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("server", "forms", "rules", "exports")
LOCALE = "zh_Hans"
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
SKIPPED = {"migrations", "node_modules", "build"}


@dataclass(frozen=True, slots=True)
class Gap:
    """A text that a reader of Chinese would see wrong, and where it comes from."""

    floor: str
    text: str
    reason: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.floor}: {self.reason}: {self.text!r} {self.place}".rstrip()


def catalogue_path(floor: str) -> Path:
    """Where the floor's translations are."""
    return ROOT / floor / "locale" / LOCALE / "LC_MESSAGES" / "django.po"


def extract_floor(floor: str) -> Catalog:
    """Every text to translate in the floor's Python and templates, with the files it stands in."""
    found = Catalog(project="anhu", charset="utf-8")
    for path in _sources(ROOT / floor):
        name = str(path.relative_to(ROOT))
        for message, comments, context in _messages(path):
            found.add(message, locations=[(name, 0)], context=context, auto_comments=comments)
    return found


def update_floor(floor: str) -> tuple[int, int]:
    """Bring the floor's catalogue up to date with its code; answers how many texts it has and how many lack Chinese."""
    found, path = extract_floor(floor), catalogue_path(floor)
    catalogue = read_catalogue(floor)
    created = catalogue.creation_date  # keeps the file the same where no text changed
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.creation_date = created
    catalogue.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(
            file, catalogue, sort_output=True, omit_header=False, include_lineno=False, width=100
        )
    texts = [message for message in catalogue if message.id]
    return len(texts), sum(not _is_translated(message) for message in texts)


def compile_floor(floor: str) -> bool:
    """Write the `.mo` beside the catalogue if it is older; answers whether it did."""
    path = catalogue_path(floor)
    target = path.with_suffix(".mo")
    if not path.exists() or (target.exists() and target.stat().st_mtime >= path.stat().st_mtime):
        return False
    with target.open("wb") as file:
        write_mo(file, read_catalogue(floor))
    return True


def gaps(floor: str) -> Iterator[Gap]:
    """What is missing, untranslated or wrongly formatted in the floor's catalogue."""
    catalogue = read_catalogue(floor)
    for wanted in extract_floor(floor):
        if not wanted.id:
            continue
        place = wanted.locations[0][0] if wanted.locations else ""
        known = catalogue.get(_key(wanted), wanted.context)
        if known is None or not _is_translated(known):
            yield Gap(floor, str(_key(wanted)), "no Chinese", place)
        elif known.fuzzy:
            yield Gap(floor, str(_key(wanted)), "marked fuzzy", place)
    for message, errors in catalogue.check():
        yield Gap(floor, str(_key(message)), str(errors[0]))


def read_catalogue(floor: str) -> Catalog:
    """The floor's catalogue, empty if there is none yet."""
    path = catalogue_path(floor)
    if not path.exists():
        return Catalog(locale=LOCALE, project="anhu", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE)


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        is_template = "templates" in path.parts and path.suffix in (".html", ".txt", ".xml")
        if (path.suffix == ".py" or is_template) and not SKIPPED & set(path.parts):
            yield path


def _messages(path: Path) -> Iterator[tuple[str | tuple[str, ...], list[str], str | None]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        text = templatize(
            text, origin=str(path)
        )  # Django's own reading of {% translate %} as Python calls
    source = io.BytesIO(text.encode())
    options = {"encoding": "utf-8"}
    for _line, message, comments, context in extract(
        "python", source, KEYWORDS, ("Translators:",), options
    ):
        yield message, comments, context


def _key(message: Message) -> str:
    return message.id[0] if isinstance(message.id, (tuple, list)) else message.id


def _is_translated(message: Message) -> bool:
    texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return bool(texts) and all(texts)
