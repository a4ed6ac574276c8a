"""The texts of an XForm in all its languages: labels, hints and choices, with answers shown as
${name}.
"""

import re
from dataclasses import dataclass, field

from lxml import etree

from forms.instance.hardened import child, local_name

UNTRANSLATED = "default"
_ITEXT = re.compile(r"jr:itext\(\s*['\"]([^'\"]+)['\"]\s*\)")
_PATH = re.compile(r"[\w\-./]+")


@dataclass(frozen=True, slots=True)
class Texts:
    """Translations of a form: `texts[id][language]`, and the media files that texts show, as
    (form, jr:// address).
    """

    languages: tuple[str, ...] = ()
    default_language: str = ""
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    media: tuple[tuple[str, str], ...] = ()

    def of(self, element: etree._Element | None) -> dict[str, str]:
        """The text of a label or hint element per language: by reference, or written inside it."""
        if element is None:
            return {}
        reference = _ITEXT.search(element.get("ref", ""))
        if reference:
            return self.texts.get(reference.group(1), {})
        text = mixed_text(element)
        return {UNTRANSLATED: text} if text else {}


def mixed_text(element: etree._Element) -> str:
    """Text with its <output value="/data/g/name"/> shown as ${name}."""
    parts = [element.text or ""]
    for node in element:
        if local_name(node.tag) == "output":
            path = (node.get("value") or node.get("ref") or "").strip()
            name = path.rpartition("/")[2] if _PATH.fullmatch(path) else path
            parts.append(f"${{{name}}}")
        else:
            parts.append(mixed_text(node))  # markup inside a label
        parts.append(node.tail or "")
    return "".join(parts).strip()


def read_texts(model: etree._Element) -> Texts:
    """All translations of the model's itext; the default language is the marked one, else the
    first.
    """
    itext = child(model, "itext")
    if itext is None:
        return Texts()
    languages: list[str] = []
    default, texts, media = "", {}, {}  # type: str, dict[str, dict[str, str]], dict[tuple[str, str], None]
    for translation in itext:
        language = translation.get("lang", "")
        if local_name(translation.tag) != "translation" or not language:
            continue
        languages.append(language)
        if "default" in translation.attrib and not default:
            default = language
        for text in translation:
            _read_text(text, language, texts, media)
    return Texts(tuple(languages), default or next(iter(languages), ""), texts, tuple(media))


def _read_text(
    text: etree._Element,
    language: str,
    texts: dict[str, dict[str, str]],
    media: dict[tuple[str, str], None],
) -> None:
    for value in text:
        form = value.get("form", "")
        content = mixed_text(value)
        if form in ("image", "big-image", "audio", "video"):
            media[form, content] = None
        # pyxform writes "-" where a translation is missing: that is no text to show anybody
        elif not form and content and content != "-":
            texts.setdefault(text.get("id", ""), {})[language] = content
