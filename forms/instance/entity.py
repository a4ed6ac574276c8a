"""Entity operations that a submission carries in its `meta/entity` elements (ODK entities spec;
collect-checklist §6).
"""

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from lxml import etree

from forms.instance.hardened import attribute, child

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class EntityOperation:
    """What a submission wants of one entity; both flags mean: update if it exists, else create.

    `id` is a lower-case uuid without prefix. `properties` holds the raw text of every question
    present in the XML: an irrelevant question is absent and leaves the property alone, an
    emptied one clears it. `fault` names what makes the operation impossible ("dataset", "id",
    "label", "base_version"), "" when nothing does. `path` tells which row.
    """

    dataset: str
    id: str
    label: str = ""
    is_create: bool = False
    is_update: bool = False
    base_version: int | None = None
    trunk_version: int | None = None
    branch_id: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    path: str = ""
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "EntityOperation":
        """The operation that `to_json` described."""
        return cls(**data)


def read_operation(
    element: etree._Element, declared: str, properties: dict[str, str], path: str
) -> EntityOperation | None:
    """The operation of one `entity` element, or None when it asks for nothing."""
    is_create, is_update = _flag(element, "create"), _flag(element, "update")
    if not (is_create or is_update):
        return None
    label_node = child(element, "label")
    operation = EntityOperation(
        dataset=attribute(element, "dataset").strip() or declared,
        id=attribute(element, "id").strip().lower().removeprefix("uuid:"),
        label=(label_node.text or "").strip() if label_node is not None else "",
        is_create=is_create,
        is_update=is_update,
        base_version=_version(element, "baseVersion"),
        trunk_version=_version(element, "trunkVersion"),
        branch_id=attribute(element, "branchId").strip().lower(),
        properties=properties,
        path=path,
        fault=_fault(element, declared),
    )
    if operation.is_create and not operation.is_update and not (operation.label or operation.fault):
        return EntityOperation(**{**asdict(operation), "fault": "label"})
    return operation


def _fault(element: etree._Element, declared: str) -> str:
    if attribute(element, "dataset").strip() not in ("", declared):
        return "dataset"
    entity_id = attribute(element, "id").strip().lower().removeprefix("uuid:")
    if not _UUID.fullmatch(entity_id):
        return "id"
    given = [attribute(element, name).strip() for name in ("baseVersion", "trunkVersion")]
    if any(text and not _WHOLE.fullmatch(text) for text in given):
        return "base_version"
    return ""


def _flag(element: etree._Element, name: str) -> bool:
    return attribute(element, name).strip().lower() in ("1", "true")


def _version(element: etree._Element, name: str) -> int | None:
    text = attribute(element, name).strip()
    return int(text) if _WHOLE.fullmatch(text) else None
