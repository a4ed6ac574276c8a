"""XML from outside, parsed so that it can do no harm (design.md §8; measured in stack.md §6).

Size first, then libxml2 without DTD, network or entities (which also stops at a depth of 256),
then DOCTYPE refused.
"""

from lxml import etree

from forms import problems
from server.problems import Problem

MB = 1024 * 1024
MAX_TAGS = 400_000  # start and end tags: a tree costs 50 times the memory of its text


def parse_xml(content: bytes, limit: int) -> etree._Element:
    """The root element of `content`, comments and processing instructions left out.

    Problems: XML_TOO_LARGE beyond `limit` bytes, XML_TOO_COMPLEX, NOT_XML, XML_WITH_DOCTYPE.
    """
    if len(content) > limit:
        raise Problem(problems.XML_TOO_LARGE, limit=limit // MB)
    if content.count(b"<") > MAX_TAGS:
        raise Problem(problems.XML_TOO_COMPLEX, limit=MAX_TAGS)
    # A parser per call: a shared one would make threads wait for each other.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise Problem(problems.NOT_XML, reason=str(fault)[:300]) from None
    if root is None:
        raise Problem(problems.NOT_XML, reason="no element")
    if root.getroottree().docinfo.internalDTD is not None:
        raise Problem(problems.XML_WITH_DOCTYPE)
    return root


def local_name(tag: object) -> str:
    """The name without its namespace: `meta` may be in none or in OpenRosa's (collect-checklist
    §8).
    """
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: etree._Element, *names: str) -> etree._Element | None:
    """The element found by going down through the first child of each local name, or None."""
    found: etree._Element | None = element
    for name in names:
        if found is None:
            return None
        found = next((node for node in found if local_name(node.tag) == name), None)
    return found


def attribute(element: etree._Element, name: str) -> str:
    """The attribute of that local name, whatever its namespace; "" when absent. No namespace
    wins.
    """
    plain = element.get(name)
    if plain is not None:
        return str(plain)
    return next((str(value) for key, value in element.items() if local_name(key) == name), "")


def all_text(element: etree._Element) -> str:
    """Every text inside the element, in order."""
    return "".join(str(text) for text in element.itertext())
