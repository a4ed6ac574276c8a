"""The primary instance with its binds and controls -> Central's flat list of fields, in document
order.
"""

from collections.abc import Iterator

from lxml import etree

from forms.instance.hardened import local_name
from forms.xlsform.controls import Control
from forms.xlsform.field import Field

_TYPES = {
    "integer": "int",
    "long": "int",
    "datetime": "dateTime",
    "double": "decimal",
    "float": "decimal",
    "select": "string",
    "select1": "string",
    "select_one": "string",
    "text": "string",
    "rank": "odk:rank",
}
_KINDS_BY_TAG = {
    "select1": "select_one",
    "select": "select_multiple",
    "rank": "rank",
    "trigger": "acknowledge",
    "range": "range",
    "group": "group",
    "repeat": "repeat",
    "secret": "text",
}
_KINDS_BY_TYPE = {"int": "integer", "string": "text", "unknown": "text", "binary": "file"}
_NO_CONTROL = Control("")


def read_fields(
    root: etree._Element, binds: dict[str, dict[str, str]], controls: dict[str, Control]
) -> tuple[Field, ...]:
    """All nodes below `root`, groups before what they hold; a repeat's template and first row
    are one.
    """
    nodes = list(_nodes(root, "", set()))
    groups = {path.rpartition("/")[0] for path in nodes}
    return tuple(
        _field(path, order, path in groups, binds.get(path, {}), controls.get(path, _NO_CONTROL))
        for order, path in enumerate(nodes)
    )


def _nodes(element: etree._Element, path: str, seen: set[str]) -> Iterator[str]:
    for node in element:
        below = f"{path}/{local_name(node.tag)}"
        if below not in seen:
            seen.add(below)
            yield below
        yield from _nodes(node, below, seen)


def _field(path: str, order: int, is_group: bool, bind: dict[str, str], control: Control) -> Field:
    type_ = _type(path, is_group, bind, control)
    return Field(
        path=path,
        name=path.rpartition("/")[2],
        type=type_,
        binary=type_ == "binary",
        select_multiple=control.tag == "select" or bind.get("type") == "select",
        order=order,
        labels=control.labels,
        hints=control.hints,
        choices=control.choices,
        choices_from=control.choices_from,
        relevant=bind.get("relevant", ""),
        constraint=bind.get("constraint", ""),
        required=bind.get("required", "false()") not in ("false()", ""),
        calculate=bind.get("calculate", ""),
        appearance=control.appearance,
        kind=_kind(type_, path, bind, control),
    )


def _type(path: str, is_group: bool, bind: dict[str, str], control: Control) -> str:
    if control.tag == "repeat":
        return "repeat"
    # an entity that is only updated has attributes and no children
    if is_group or control.tag == "group" or path.endswith("/meta/entity"):
        return "structure"
    declared = bind.get("type", "")
    bare = declared.removeprefix("odk:").rpartition(":")[2]
    if bare:
        return _TYPES.get(bare.lower(), _TYPES.get(bare, bare))
    # Central: a node without a bind is unknown, but clients expect instanceID to be a string
    return "string" if path.startswith("/meta/") and path.count("/") == 2 else "unknown"


def _kind(type_: str, path: str, bind: dict[str, str], control: Control) -> str:
    if type_ in ("structure", "repeat"):
        return "group" if type_ == "structure" else "repeat"
    if control.tag in _KINDS_BY_TAG:
        return _KINDS_BY_TAG[control.tag]
    if control.tag == "upload":
        family = control.mediatype.partition("/")[0]
        return family if family in ("image", "audio", "video") else "file"
    if control.tag:
        is_note = type_ == "string" and bind.get("readonly") == "true()" and "calculate" not in bind
        return "note" if is_note else _KINDS_BY_TYPE.get(type_, type_)
    if path.startswith("/meta/") or "/meta/" in path:
        return "meta"
    if bind.get("preload") and bind.get("preload") != "uid":
        return bind.get("preloadParams", "") or bind["preload"]
    return "calculate" if "calculate" in bind else "hidden"
