"""What the style sheet must be told about each `itemset`: where its values, labels and translations are."""

import re

from lxml import etree

from forms.web.names import XF, find

_ITEXT = re.compile(r"itext\((.*)\)")
_FILTER = re.compile(r"\[.*?\]")


def mark_itemsets(xform: etree._Element) -> None:
    """Put valueRef, labelRef and itextPath on each itemset, and beside it the items' references to their texts."""
    for itemset in xform.iter(f"{{{XF}}}itemset"):
        label = _ref(itemset, "label")
        path = _items_path(itemset.get("nodeset") or "")
        itemset.set("valueRef", _ref(itemset, "value"))
        itemset.set("labelRef", label)
        itemset.set("itextPath", path)
        named = _ITEXT.search(label)
        if named:
            texts = find(xform, f'{path}/*[local-name() = "{named[1]}"]')
            itemset.extend(_copy(one) for one in texts)


def _ref(itemset: etree._Element, name: str) -> str:
    found = itemset.find(f"{{{XF}}}{name}")
    return "" if found is None else found.get("ref") or ""


def _items_path(nodeset: str) -> str:
    """The items inside the form's own model, without the filter: `instance('list')/root/item[...]`."""
    found = re.search(r"instance\(\s*(['\"])([^'\"]*)\1\s*\)([^,)]*)", nodeset)
    if not found:
        return "/h:html/h:head/xf:model/xf:instance[false()]"
    steps = _FILTER.sub("", nodeset[found.start(3) :])
    steps = re.split(r"[,)\s]", steps.strip(), maxsplit=1)[0]
    return f'/h:html/h:head/xf:model/xf:instance[@id="{found[2]}"]{steps.replace("/", "/xf:")}'


def _copy(node: etree._Element) -> etree._Element:
    made = etree.Element(node.tag)
    made.text = node.text
    return made
