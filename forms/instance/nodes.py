"""The tree of a form prepared for reading: one `Node` per field, walked together with the
submission's XML.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from forms.instance.entity import EntityOperation, read_operation
from forms.instance.hardened import all_text, child, local_name
from forms.instance.values import READERS, Odd
from forms.xlsform.entity import EntityDeclaration
from forms.xlsform.field import Field

MAX_ODDITIES = 500
MAX_ODD_TEXT = 1000


@dataclass(slots=True)
class Node:
    """One field: how to read its text, its children by name, the property that it saves to, its
    entity list.
    """

    name: str
    path: str
    is_leaf: bool = True
    is_repeat: bool = False
    is_binary: bool = False
    read: Callable[[str], Any] | None = None
    children: dict[str, "Node"] = field(default_factory=dict)
    saves: tuple[tuple[str, str], ...] = ()  # (container of the entity, property)
    dataset: str = ""  # of the entity that this container declares


@dataclass(slots=True)
class Notes:
    """What is gathered on the walk besides the answers."""

    files: list[str] = field(default_factory=list)
    entities: list[EntityOperation] = field(default_factory=list)
    oddities: list[tuple[str, str, str]] = field(default_factory=list)
    properties: dict[str, dict[str, str]] = field(default_factory=dict)

    def odd(self, path: str, value: str, reason: str) -> None:
        """Note an oddity; beyond the limit only the raw XML tells."""
        if len(self.oddities) < MAX_ODDITIES:
            self.oddities.append((path, value[:MAX_ODD_TEXT], reason))


def build(fields: Sequence[Field], declarations: Sequence[EntityDeclaration]) -> Node:
    """The root node for fields in document order."""
    root = Node(name="", path="", is_leaf=False)
    nodes = {"": root}
    for one in fields:
        node = Node(
            name=one.name,
            path=one.path,
            is_leaf=one.is_leaf,
            is_repeat=one.type == "repeat",
            is_binary=one.binary,
            read=READERS.get(one.type),
        )
        nodes[one.path] = node
        nodes[one.parent].children[one.name] = node
    for declaration in declarations:
        nodes[declaration.container].dataset = declaration.dataset
        for prop, path in declaration.saves.items():
            nodes[path].saves += ((declaration.container, prop),)
    return root


def blank(node: Node) -> dict[str, Any]:
    """A group in which nothing was answered."""
    return {name: _blank_child(below) for name, below in node.children.items()}


def _blank_child(node: Node) -> Any:
    if node.is_leaf:
        return None
    return [] if node.is_repeat else blank(node)


def read_group(element: etree._Element, node: Node, path: str, notes: Notes) -> dict[str, Any]:
    """The answers below `element`, in the form's order, every field present."""
    if node.dataset:
        notes.properties[node.path] = {}
    found: dict[str, Any] = {}
    if element.text and not element.text.isspace():
        notes.odd(path or "/", element.text, "not_group")
    children = node.children
    for below in element:
        name = local_name(below.tag)
        spec = children.get(name)
        if spec is None:
            _note_unknown(below, name, path, notes)
        elif spec.is_leaf:
            _add_leaf(below, spec, path, found, notes)
        else:
            _add_group(below, spec, path, found, notes)
    if node.dataset:
        _add_entity(element, node, path, notes)
        notes.properties.pop(node.path)
    return {
        name: found[name] if name in found else _blank_child(spec)
        for name, spec in children.items()
    }


def _add_leaf(
    element: etree._Element, node: Node, path: str, found: dict[str, Any], notes: Notes
) -> None:
    text = element.text or ""
    if len(element):
        text = all_text(element)
        notes.odd(f"{path}/{node.name}", text, "not_leaf")
    if node.name in found:
        notes.odd(f"{path}/{node.name}", text, "repeated")
        return
    for container, prop in node.saves:
        if container in notes.properties:
            notes.properties[container][prop] = text
    is_answered = bool(text.strip())
    value: Any = text if is_answered else None
    if is_answered and node.read is not None:
        try:
            value = node.read(text)
        except Odd as fault:
            notes.odd(f"{path}/{node.name}", text, str(fault))
    found[node.name] = value
    if node.is_binary and value:
        notes.files.append(value)


def _add_group(
    element: etree._Element, node: Node, path: str, found: dict[str, Any], notes: Notes
) -> None:
    if node.is_repeat:
        rows = found.setdefault(node.name, [])
        rows.append(read_group(element, node, f"{path}/{node.name}[{len(rows) + 1}]", notes))
    elif node.name in found:
        notes.odd(f"{path}/{node.name}", all_text(element), "repeated")
    else:
        below = f"{path}/{node.name}"
        found[node.name] = read_group(element, node, below, notes)


def _add_entity(element: etree._Element, node: Node, path: str, notes: Notes) -> None:
    entity = child(element, "meta", "entity")
    if entity is None:
        return  # irrelevant: the form did not ask for an entity here
    operation = read_operation(entity, node.dataset, notes.properties[node.path], path)
    if operation is not None:
        notes.entities.append(operation)
        if operation.fault:
            notes.odd(f"{path}/meta/entity", operation.id, f"entity_{operation.fault}")


def _note_unknown(element: etree._Element, name: str, path: str, notes: Notes) -> None:
    # Older clients write deprecatedID although the form has no such field: the envelope has it
    # already.
    if name in ("deprecatedID", "instanceID", "instanceName") and path == "/meta":
        return
    text = all_text(element).strip()
    if text:
        notes.odd(f"{path}/{name}", text, "unknown_node")
