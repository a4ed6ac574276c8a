"""The body of an XForm: for each path the control that asks for it, with texts and choices."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from forms.instance.hardened import attribute, child, local_name
from forms.xlsform.field import Choice
from forms.xlsform.itext import Texts

_INSTANCE = re.compile(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)")
_TAGS = frozenset(
    (
        "input",
        "select",
        "select1",
        "rank",
        "upload",
        "trigger",
        "range",
        "secret",
        "group",
        "repeat",
    )
)


@dataclass(frozen=True, slots=True)
class Control:
    """What the body says of one node; `nodeset` is the expression that lists its choices,
    `count` that of a repeat.
    """

    tag: str
    appearance: str = ""
    mediatype: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    hints: dict[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    choices_from: str = ""
    nodeset: str = ""
    count: str = ""


@dataclass(frozen=True, slots=True)
class Secondary:
    """The secondary instances of a form: items written in it, and the files that others stand
    for.
    """

    items: dict[str, tuple[etree._Element, ...]]
    files: dict[str, str]


def read_controls(
    body: etree._Element, texts: Texts, secondary: Secondary, root_path: str
) -> dict[str, Control]:
    """Controls by the path of their node without the root's name ("/g/child")."""
    controls: dict[str, Control] = {}
    for element, path in _walk(body, root_path):
        found = _control(element, texts, secondary)
        known = controls.get(path)
        if known is None:
            controls[path] = found
        elif found.tag == "repeat":  # <group ref="/data/r"><label/><repeat nodeset="/data/r">
            controls[path] = Control(
                "repeat",
                found.appearance or known.appearance,
                labels=known.labels,
                count=found.count,
            )
    return {path.removeprefix(root_path): control for path, control in controls.items()}


def _walk(element: etree._Element, context: str) -> Iterator[tuple[etree._Element, str]]:
    for node in element:
        tag = local_name(node.tag)
        if tag not in _TAGS:
            continue
        reference = (node.get("ref") or node.get("nodeset") or "").strip()
        path = reference if reference.startswith("/") else f"{context}/{reference}"
        if reference:
            yield node, path
        if tag in ("group", "repeat"):
            yield from _walk(node, path if reference else context)


def _control(element: etree._Element, texts: Texts, secondary: Secondary) -> Control:
    itemset = child(element, "itemset")
    query = element.get("query", "")
    nodeset = itemset.get("nodeset", "") if itemset is not None else query
    if itemset is not None:
        choices, source = _itemset_choices(itemset, texts, secondary)
    else:
        choices, source = _inline_choices(element, texts), "itemsets.csv" if query else ""
    return Control(
        tag=local_name(element.tag),
        appearance=element.get("appearance", ""),
        mediatype=element.get("mediatype", ""),
        labels=texts.of(child(element, "label")),
        hints=texts.of(child(element, "hint")),
        choices=choices,
        choices_from=source,
        nodeset=nodeset,
        count=attribute(element, "count"),
    )


def _itemset_choices(
    itemset: etree._Element, texts: Texts, secondary: Secondary
) -> tuple[tuple[Choice, ...], str]:
    named = _INSTANCE.search(itemset.get("nodeset", ""))
    if named is None:
        return (), ""  # choices from a repeat of the same form
    name = named.group(1)
    if name in secondary.files:
        return (), secondary.files[name]
    value, label = child(itemset, "value"), child(itemset, "label")
    value_ref = value.get("ref", "name") if value is not None else "name"
    label_ref = label.get("ref", "label") if label is not None else "label"
    items = (
        _item_choice(item, value_ref, label_ref, texts) for item in secondary.items.get(name, ())
    )
    return tuple(one for one in items if one.name), ""


def _item_choice(item: etree._Element, value_ref: str, label_ref: str, texts: Texts) -> Choice:
    value, itext = child(item, value_ref), child(item, "itextId")
    name = (value.text or "").strip() if value is not None else ""
    if "itext" in label_ref and itext is not None:
        return Choice(name, texts.texts.get(itext.text or "", {}))
    return Choice(name, texts.of(child(item, label_ref)))


def _inline_choices(element: etree._Element, texts: Texts) -> tuple[Choice, ...]:
    items = (node for node in element if local_name(node.tag) == "item")
    pairs = ((child(item, "value"), child(item, "label")) for item in items)
    return tuple(
        Choice((value.text or "").strip(), texts.of(label))
        for value, label in pairs
        if value is not None
    )
