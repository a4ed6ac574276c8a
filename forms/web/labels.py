"""Labels and hints with their Markdown rendered; the places of answers inside them stay as they are."""

import re

from lxml import etree
from lxml import html as lxml_html

from forms.web.markdown import markdown

_PLACE = re.compile("\ue020(\\d+)\ue021")


def render_labels(html: etree._Element) -> None:
    """Each `question-label` and `or-hint` of the form, in place."""
    for element in list(html.iter("span")):
        classes = (element.get("class") or "").split()
        if "question-label" in classes or "or-hint" in classes:
            _render(element)


def _render(element: etree._Element) -> None:
    outputs: list[etree._Element] = []
    source = _text(element, outputs)
    rendered = markdown(source.strip())
    if not outputs and rendered == source:
        return
    made = lxml_html.fragment_fromstring(f"<div>{rendered}</div>")
    tail, attributes = element.tail, list(element.attrib.items())
    element.clear()
    element.tail = tail
    for name, value in attributes:
        element.set(name, value)
    _fill(element, made, outputs)


def _text(element: etree._Element, outputs: list[etree._Element]) -> str:
    parts = [element.text or ""]
    for child in element:
        if "or-output" in (child.get("class") or ""):
            outputs.append(child)
            parts.append(f"\ue020{len(outputs) - 1}\ue021")
        elif isinstance(child.tag, str):
            parts.append("".join(str(text) for text in child.itertext()))
        parts.append(child.tail or "")
    return "".join(parts)


def _fill(target: etree._Element, source: etree._Element, outputs: list[etree._Element]) -> None:
    """Copy the text and children of `source`, with the outputs back in their places."""
    _put(target, source.text or "", outputs)
    for child in source:
        made = etree.SubElement(target, str(child.tag))
        for name, value in child.attrib.items():
            made.set(name, value)
        _fill(made, child, outputs)
        _put(target, child.tail or "", outputs)


def _put(target: etree._Element, text: str, outputs: list[etree._Element]) -> None:
    parts = _PLACE.split(text)
    _append(target, parts[0])
    for number, rest in zip(parts[1::2], parts[2::2], strict=True):
        if int(number) < len(outputs):
            place = outputs[int(number)]
            place.tail = None
            target.append(place)
        _append(target, rest)


def _append(target: etree._Element, text: str) -> None:
    if len(target):
        target[-1].tail = (target[-1].tail or "") + text
    else:
        target.text = (target.text or "") + text
