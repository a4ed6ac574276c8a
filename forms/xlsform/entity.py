"""Entities that a form declares: which list, which questions fill which property (ODK entities
spec 2022.1 to 2025.1).

A declaration is a `meta/entity` element of the primary instance; since 2025.1 it may stand in a
group or repeat, and a bind with `entities:saveto` belongs to the nearest container around it
that has one.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from lxml import etree

from forms import problems
from forms.instance.hardened import attribute, local_name
from server.problems import Problem

ENTITIES_NS = "http://www.opendatakit.org/xforms/entities"
_VERSION = re.compile(r"(2022|2023|2024|2025)\.1(\.\d+)*")
_NAME = re.compile(r"(?!__)[^\W\d][\w\-]*")
_PROPERTY = re.compile(r"(?!__)[^\W\d][\w.\-]*")


@dataclass(frozen=True, slots=True)
class EntityDeclaration:
    """One entity per submission, or per row of `repeat`, in the list `dataset`.

    `path` is that of the entity element ("/r/meta/entity"); `saves` maps property to the path of
    the question; `label` is the expression of the label; a form may both create and update
    (upsert).
    """

    dataset: str
    path: str = "/meta/entity"
    saves: dict[str, str] = field(default_factory=dict)
    creates: bool = False
    updates: bool = False
    label: str = ""
    repeat: str = ""

    @property
    def container(self) -> str:
        """The path of the survey (""), group or repeat that holds the declaration."""
        return self.path.removesuffix("/meta/entity")

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "EntityDeclaration":
        """The declaration that `to_json` described."""
        return cls(**data)


def read_entities(
    model: etree._Element,
    root: etree._Element,
    binds: dict[str, dict[str, str]],
    repeats: Iterable[str],
) -> tuple[EntityDeclaration, ...]:
    """The declarations of a form. Problems: ENTITIES_VERSION, ENTITY_* (version, list name, property
    name).
    """
    elements = list(_entity_elements(root, ""))
    saves = {path: bind["saveto"] for path, bind in binds.items() if bind.get("saveto")}
    if not elements and not saves:
        return ()
    _check_version(model.get(f"{{{ENTITIES_NS}}}entities-version"))
    by_container = _saves_by_container(saves, {path for path, _ in elements})
    return tuple(
        _declaration(container, element, by_container.get(container, {}), binds, tuple(repeats))
        for container, element in elements
    )


def _entity_elements(element: etree._Element, path: str) -> Iterable[tuple[str, etree._Element]]:
    seen: set[str] = set()  # a repeat stands twice in the instance: template and first row
    for child in element:
        name = local_name(child.tag)
        if name in seen:
            continue
        seen.add(name)
        if name == "meta":
            found = [one for one in child if local_name(one.tag) == "entity"]
            if len(found) > 1:
                raise Problem(problems.ENTITY_REPEATED, path=f"{path}/meta")
            yield from ((path, one) for one in found)
        elif len(child):
            yield from _entity_elements(child, f"{path}/{name}")


def _saves_by_container(saves: dict[str, str], containers: set[str]) -> dict[str, dict[str, str]]:
    grouped: dict[str, dict[str, str]] = {}
    for path, prop in saves.items():
        container = path.rpartition("/")[0]
        while container not in containers:
            if not container:
                raise Problem(problems.ENTITY_PROPERTY_NOWHERE, name=prop)
            container = container.rpartition("/")[0]
        if not _PROPERTY.fullmatch(prop) or prop.lower() in ("name", "label"):
            raise Problem(problems.ENTITY_PROPERTY_NAME, name=prop)
        mine = grouped.setdefault(container, {})
        if prop in mine:
            raise Problem(problems.ENTITY_PROPERTY_REPEATED, name=prop)
        mine[prop] = path
    return grouped


def _declaration(
    container: str,
    element: etree._Element,
    saves: dict[str, str],
    binds: dict[str, dict[str, str]],
    repeats: tuple[str, ...],
) -> EntityDeclaration:
    dataset = attribute(element, "dataset").strip()
    if not _NAME.fullmatch(dataset):
        raise Problem(problems.ENTITY_LIST_NAME, name=dataset)
    path = f"{container}/meta/entity"
    around = [one for one in repeats if container == one or container.startswith(f"{one}/")]
    return EntityDeclaration(
        dataset=dataset,
        path=path,
        saves=saves,
        creates="create" in element.attrib or f"{path}/@create" in binds,
        updates="update" in element.attrib or f"{path}/@update" in binds,
        label=binds.get(f"{path}/label", {}).get("calculate", ""),
        repeat=max(around, key=len, default=""),
    )


def _check_version(version: str | None) -> None:
    if not version or not _VERSION.fullmatch(version):
        raise Problem(problems.ENTITIES_VERSION, version=version or "")
