"""Filled forms as a phone sends them: the published XForm's own instance with the answers written into it."""

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from forms.instance.hardened import local_name, parse_xml
from forms.models import Form, Project
from forms.xlsform.xform import MAX_XFORM


@dataclass(frozen=True, slots=True)
class Change:
    """What a filled form does to an entity. `version` None: it creates it."""

    id: str
    label: str = ""
    version: int | None = None
    branch: str = ""
    is_local: bool = (
        False  # the server's list does not have the entity yet: no version of ours is its trunk
    )


@dataclass(frozen=True, slots=True)
class Blank:
    """A published form, ready to be filled in. `conditional`: questions that are left out when they do not apply."""

    template: etree._Element
    questions: frozenset[str]
    conditional: frozenset[str]
    saves: Mapping[str, str]  # property of the entity -> the question that fills it

    def fill(
        self, answers: Mapping[str, str], meta: Mapping[str, str], change: Change | None
    ) -> bytes:
        """The submission's XML. KeyError for an answer to a question that the form does not have."""
        unknown = answers.keys() - self.questions
        if unknown:
            raise KeyError(f"{self.template.get('id')} has no {', '.join(sorted(unknown))}")
        root = etree.Element("data")
        for name, value in self.template.items():
            root.set(name, value)
        for node in self.template:
            if local_name(node.tag) == "meta":
                root.append(_meta(node, meta, change))
            else:
                self._copy(node, root, answers)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def _copy(
        self, node: etree._Element, parent: etree._Element, answers: Mapping[str, str]
    ) -> None:
        name = local_name(node.tag)
        if len(node):
            group = etree.SubElement(parent, name)
            for one in node:
                self._copy(one, group, answers)
            if not len(group):
                parent.remove(group)
        elif name in answers or name not in self.conditional:
            etree.SubElement(parent, name).text = answers.get(name) or None


def blanks(project: Project) -> dict[str, Blank]:
    """The published forms of `project` by their IDs."""
    published = Form.objects.published().filter(project=project).select_related("current")
    return {form.xml_form_id: _blank(form) for form in published}


def _blank(form: Form) -> Blank:
    version = form.current
    assert version is not None  # noqa: S101  published
    model = parse_xml(bytes(version.xml), MAX_XFORM)
    instance = next(node for node in model.iter() if local_name(node.tag) == "instance")
    leaves = [one for one in version.fields if one.get("type") not in ("structure", "repeat")]
    asked = [one for one in leaves if one.get("relevant") or one.get("kind") == "note"]
    saves = version.entities[0]["saves"] if version.entities else {}
    return Blank(
        template=instance[0],
        questions=frozenset(one["name"] for one in leaves),
        conditional=frozenset(one["name"] for one in asked),
        saves={name: path.rpartition("/")[2] for name, path in saves.items()},
    )


def _meta(node: etree._Element, values: Mapping[str, str], change: Change | None) -> etree._Element:
    meta = etree.Element("meta")
    for part in node:
        name = local_name(part.tag)
        if name == "entity":
            if change is not None:
                meta.append(_entity(part, change))
        elif name in values:
            etree.SubElement(meta, name).text = values[name]
    return meta


def _entity(part: etree._Element, change: Change) -> etree._Element:
    """As Collect fills it in: an update names the version it saw, its trunk and a branch of the phone's own."""
    entity = etree.Element("entity", dataset=part.get("dataset", ""), id=change.id)
    if change.version is None:
        entity.set("create", "1")
        etree.SubElement(entity, "label").text = change.label
        return entity
    entity.set("update", "1")
    entity.set("baseVersion", str(change.version))
    entity.set("trunkVersion", "" if change.is_local else str(change.version))
    entity.set("branchId", change.branch)
    return entity
