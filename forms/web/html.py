"""The steps after the style sheet: actions and appearances as Enketo wants them, and nothing that could run."""

from lxml import etree

from forms.web.names import find

_FORBIDDEN = ("script", "iframe", "object", "embed", "link", "style", "base", "meta")


def move_actions(html: etree._Element, action: str) -> None:
    """An action (setvalue, setgeopoint) belongs on its question; one of a calculation stands by itself."""
    inside = f'//*[contains(@class, "question")]//label/input[@data-{action}]'
    for element in find(html, inside):
        parent = element.getparent()
        if parent is not None:
            _replace(parent, element)
    for element in find(html, f'//label[contains(@class, "{action}")]/input[@data-{action}]'):
        question = _question(html, element.get("name") or "")
        if question is not None:
            for name in (f"data-{action}", "data-event"):
                question.set(name, element.get(name) or name)
            _remove(element.getparent())


def _question(html: etree._Element, name: str) -> etree._Element | None:
    for element in html.iter():
        if element.get("name") != name or element.get("type") == "hidden":
            continue
        parent = element.getparent()
        above = parent.getparent() if parent is not None else None
        in_question = parent is not None and "question" in (parent.get("class") or "")
        if in_question or (above is not None and "option-wrapper" in (above.get("class") or "")):
            return element
    return None


def name_appearances(html: etree._Element) -> None:
    """Appearances become classes in place of the style sheet's placeholder."""
    for element in find(html, "//*[@data-appearances]"):
        is_select = element.attrib.pop("data-appearances-select-type", "no") != "no"
        words = str(element.attrib.pop("data-appearances")).lower().split()
        wanted = [name for word in words for name in _classes(word, is_select)]
        classes = [
            name
            for one in (element.get("class") or "").split()
            for name in (wanted if one == "or-appearances-placeholder" else [one])
        ]
        element.set("class", " ".join(classes))


def _classes(word: str, is_select: bool) -> list[str]:
    own = [f"or-appearance-{word}"]
    if not is_select:
        return own
    if word == "horizontal":
        return [*own, "or-appearance-columns"]
    if word == "horizontal-compact":
        return [*own, "or-appearance-columns-pack"]
    if word == "compact":
        return [*own, "or-appearance-columns-pack", "or-appearance-no-buttons"]
    if word.startswith("compact-"):
        return [*own, word.removeprefix("compact-"), "or-appearance-no-buttons"]
    return own


def disarm(html: etree._Element) -> None:
    """Nothing that runs, whatever way it came in: no script element, no handler, no address of one."""
    for element in list(html.iter(*_FORBIDDEN)):
        _remove(element)
    for element in html.iter():
        for name, value in list(element.attrib.items()):
            is_address = name in ("href", "src", "action", "formaction")
            runs = str(value).strip().lower().startswith(("javascript:", "vbscript:"))
            if str(name).lower().startswith("on") or (is_address and runs):
                del element.attrib[name]


def _replace(old: etree._Element, new: etree._Element) -> None:
    parent = old.getparent()
    if parent is not None:
        new.tail = old.tail
        parent.replace(old, new)


def _remove(element: etree._Element | None) -> None:
    parent = element.getparent() if element is not None else None
    if element is None or parent is None:
        return
    before, tail = element.getprevious(), element.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)
