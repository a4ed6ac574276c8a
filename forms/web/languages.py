"""The languages of a form under the tags that browsers know: "中文 (zh)" is zh, called 中文."""

import re
import unicodedata

from lxml import etree

from forms.web.names import find

_TAGGED = re.compile(r"^\s*(.*?)\s*\(\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)\s*\)\s*$")
_KNOWN = {
    **dict.fromkeys(("中文", "汉语", "简体中文", "chinese"), "zh"),
    **dict.fromkeys(("英文", "英语", "english"), "en"),
}


def tag_languages(html: etree._Element) -> tuple[str, ...]:
    """Rewrite the chooser and every `lang`; answers the tags in the form's order."""
    options = find(html, '/root/form/select[@id="form-languages"]/option')
    sources = [one.get("value") or "" for one in options]
    tags = _tags(sources)
    for option, source in zip(options, sources, strict=True):
        option.set("data-dir", _direction(html, source))
        option.set("value", tags[source])
        option.text = _name(source)
    for element in html.iter():
        for attribute in ("lang", "data-default-lang"):
            said = element.get(attribute)
            if said and said in tags:
                element.set(attribute, tags[said])
    return tuple(tags[source] for source in sources)


def _tags(sources: list[str]) -> dict[str, str]:
    """Of two languages with the same tag the second keeps its whole name."""
    tags: dict[str, str] = {}
    for source in sources:
        found = _TAGGED.match(source)
        tag = str(found[2]) if found else _KNOWN.get(source.strip().lower(), source)
        tags[source] = source if tag in tags.values() else tag
    return tags


def _name(source: str) -> str:
    found = _TAGGED.match(source)
    return (str(found[1]) if found else source.strip()) or source


def _direction(html: etree._Element, source: str) -> str:
    for element in html.iter("span"):
        if element.get("lang") == source:
            for sign in "".join(str(text) for text in element.itertext()):
                kind = unicodedata.bidirectional(sign)
                if kind in ("L", "R", "AL"):
                    return "ltr" if kind == "L" else "rtl"
    return "ltr"
