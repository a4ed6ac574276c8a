"""Namespaces, and looking things up without failing on a form's odd expressions."""

from lxml import etree

XF = "http://www.w3.org/2002/xforms"
NAMES = {
    "xf": XF,
    "h": "http://www.w3.org/1999/xhtml",
    "orx": "http://openrosa.org/xforms",
}


def find(root: etree._Element, path: str) -> list[etree._Element]:
    """The elements at `path`; none where the path is no XPath."""
    try:
        found = root.xpath(path, namespaces=NAMES)
    except etree.XPathError:
        return []
    return (
        [one for one in found if isinstance(one, etree._Element)] if isinstance(found, list) else []
    )
