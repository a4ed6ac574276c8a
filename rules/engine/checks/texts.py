"""Texts that are missing in a language, or that nobody translated."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules import problems
from rules.engine.document import Document
from rules.engine.findings import Findings, place_of
from server.problems import Phrase, Place
from server.problems import gettext_noop as _

LANGUAGES = ("zh", "en")
_SPOKEN = {("zh",): _("Chinese"), ("en",): _("English"), LANGUAGES: _("Chinese and English")}
_MUST = ("roles", "tiers", "facts", "derived", "populations", "tags", "rules", "tasks", "calendar")
_MAY = {"rules": ("because",), "tasks": ("evidence",)}

Text = tuple[Place, str, Any, bool]  # where, whose, the text in both languages, whether it must be


def check_texts(document: Document, findings: Findings) -> None:
    """Note every text of `document` that lacks a language or is the same in both."""
    for place, name, text, is_needed in _texts(document):
        found = {language: str((text or {}).get(language) or "").strip() for language in LANGUAGES}
        missing = [language for language in LANGUAGES if not found[language]]
        if missing and (is_needed or len(missing) < len(LANGUAGES)):
            findings.warn(
                problems.TEXT_MISSING, place, name=name, languages=Phrase(_SPOKEN[tuple(missing)])
            )
        elif not missing and found["zh"] == found["en"] and any(map(str.isalpha, found["zh"])):
            findings.warn(problems.TEXT_EQUAL, place, name=name, text=found["zh"][:60])


def _texts(document: Document) -> Iterator[Text]:
    settings = document["settings"]
    yield place_of("settings", None, "title"), settings["name"], settings["title"], True
    for one in settings["dimensions"]:
        yield place_of("settings", None, "dimensions"), one["id"], one["title"], True
    for index, (name, item) in enumerate((document.get("parameters") or {}).items()):
        yield place_of("parameters", index, "title"), name, item.get("title"), True
    yield from _choices(document)
    for sheet in _MUST:
        for index, item in enumerate(document.get(sheet) or []):
            yield from _of_item(sheet, index, item)


def _of_item(sheet: str, index: int, item: Mapping[str, Any]) -> Iterator[Text]:
    name = item.get("id") or item.get("name") or ""
    yield place_of(sheet, index, "title"), name, item.get("title"), True
    for column in _MAY.get(sheet, ()):
        if item.get(column):
            yield place_of(sheet, index, column), name, item[column], False
    for action in item.get("actions") or ():
        if isinstance(action, Mapping) and action.get("text"):
            yield place_of(sheet, index, "actions"), name, action["text"], True
    if "codes" in item and sheet in ("facts", "derived"):
        for code in item["codes"]:
            yield place_of(sheet, index, "codes"), f"{name}: {code['code']}", code, True


def _choices(document: Document) -> Iterator[Text]:
    """One row of the sheet for each code, list after list."""
    row = 0
    for name, codes in (document.get("choices") or {}).items():
        for code in codes:
            yield place_of("choices", row, "zh"), f"{name}: {code['code']}", code, True
            row += 1
