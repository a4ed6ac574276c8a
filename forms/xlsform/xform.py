"""XForm XML in, everything the server needs to know of it out: identity, fields, files, entities
(design.md §5.1).

What Collect requires (collect-checklist §5: title, model, primary instance with id) is required
here, so that no published form fails on a phone.
"""

import hashlib
from dataclasses import dataclass
from posixpath import basename

from lxml import etree

from forms import problems
from forms.instance.hardened import attribute, child, local_name, parse_xml
from forms.xlsform.controls import Control, Secondary, read_controls
from forms.xlsform.entity import EntityDeclaration, read_entities
from forms.xlsform.field import Field
from forms.xlsform.fields import read_fields
from forms.xlsform.itext import Texts, mixed_text, read_texts
from server.problems import Problem

MAX_XFORM = 5 * 1024 * 1024
MAX_ID = 255
_MEDIA = {"image": "image", "big-image": "image", "audio": "audio", "video": "video"}

Binds = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """A file that the form needs beside it. `type` as in Central (image, audio, video, file);
    `is_list`: a CSV, which an entity list may stand for.
    """

    name: str
    type: str = "file"
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class XForm:
    """One form definition, read. `md5` is of the very bytes in `xml`: that is what phones
    compare.
    """

    form_id: str
    version: str
    title: str
    xml: bytes
    fields: tuple[Field, ...]
    languages: tuple[str, ...]
    default_language: str
    attachments: tuple[ExpectedFile, ...]
    entities: tuple[EntityDeclaration, ...]
    encryption_key: str
    md5: str
    submission_url: str = ""
    client_editable: bool = False


def read_xform(xml: bytes) -> XForm:
    """Read an XForm of at most 5 MB.

    Problems: XML_TOO_LARGE, NOT_XML, XML_WITH_DOCTYPE, XFORM_* (no title, model, instance
    or id; several primary instances), ENTITIES_VERSION, ENTITY_*.
    """
    html = parse_xml(xml, MAX_XFORM)
    model, body = _model_and_body(html)
    title = _title(html)
    root, form_id, version = _primary(model)
    root_path = f"/{local_name(root.tag)}"
    binds, texts, secondary = _binds(model, root_path), read_texts(model), _secondary(model)
    controls = read_controls(body, texts, secondary, root_path)
    repeats = [path for path, control in controls.items() if control.tag == "repeat"]
    fields = read_fields(root, binds, controls)
    entities = read_entities(model, root, binds, repeats)
    _check_saves(entities, fields)
    submission = child(model, "submission")
    options = {} if submission is None else {k: str(v) for k, v in submission.items()}
    return XForm(
        form_id=form_id,
        version=version,
        title=title,
        xml=xml,
        fields=fields,
        languages=texts.languages,
        default_language=texts.default_language,
        attachments=_attachments(model, texts, controls),
        entities=entities,
        encryption_key=options.get("base64RsaPublicKey", ""),
        md5=hashlib.md5(xml, usedforsecurity=False).hexdigest(),
        submission_url=options.get("action", ""),
        client_editable=submission is not None
        and attribute(submission, "client-editable") == "true",
    )


def _model_and_body(html: etree._Element) -> tuple[etree._Element, etree._Element]:
    model, body = child(html, "head", "model"), child(html, "body")
    if local_name(html.tag) != "html" or model is None or body is None:
        raise Problem(problems.XFORM_WITHOUT_MODEL)
    return model, body


def _title(html: etree._Element) -> str:
    title = child(html, "head", "title")
    text = mixed_text(title) if title is not None else ""
    if not text:
        raise Problem(problems.XFORM_WITHOUT_TITLE)
    return text


def _primary(model: etree._Element) -> tuple[etree._Element, str, str]:
    instances = [node for node in model if local_name(node.tag) == "instance"]
    if not instances or not len(instances[0]):
        raise Problem(problems.XFORM_WITHOUT_INSTANCE)
    if len(instances[0]) > 1 or any(not (one.get("id") or one.get("src")) for one in instances[1:]):
        raise Problem(problems.XFORM_INSTANCES_REPEATED)
    names = [one.get("id") for one in instances[1:]]
    if len(names) != len(set(names)):
        raise Problem(problems.XFORM_INSTANCES_REPEATED)
    root = instances[0][0]
    form_id, version = root.get("id", "").strip(), attribute(root, "version").strip()
    if not form_id:
        raise Problem(problems.XFORM_WITHOUT_ID)
    if max(len(form_id), len(version)) > MAX_ID or not (form_id + version).isprintable():
        raise Problem(problems.XFORM_ID_UNUSABLE, limit=MAX_ID)
    return root, form_id, version


def _binds(model: etree._Element, root_path: str) -> Binds:
    binds: Binds = {}
    for node in model:
        if local_name(node.tag) != "bind":
            continue
        nodeset = (node.get("nodeset") or node.get("ref") or "").strip()
        path = nodeset if nodeset.startswith("/") else f"{root_path}/{nodeset}"
        values = {local_name(key): str(value).strip() for key, value in node.items()}
        binds.setdefault(path.removeprefix(root_path), {}).update(values)
    return binds


def _check_saves(entities: tuple[EntityDeclaration, ...], fields: tuple[Field, ...]) -> None:
    leaves = {one.path for one in fields if one.is_leaf}
    for entity in entities:
        for prop, path in entity.saves.items():
            if path not in leaves:
                kind = problems.ENTITY_PROPERTY_NO_QUESTION
                raise Problem(kind, name=prop, path=path)


def _secondary(model: etree._Element) -> Secondary:
    items: dict[str, tuple[etree._Element, ...]] = {}
    files: dict[str, str] = {}
    for node in model:
        if local_name(node.tag) != "instance" or not node.get("id"):
            continue
        if node.get("src"):
            files[node.get("id", "")] = _file_name(node.get("src", ""))
        else:
            items[node.get("id", "")] = tuple(one for holder in node for one in holder)
    return Secondary(items, files)


def _attachments(
    model: etree._Element, texts: Texts, controls: dict[str, Control]
) -> tuple[ExpectedFile, ...]:
    found: dict[str, ExpectedFile] = {}
    for node in model:
        source = node.get("src", "") if local_name(node.tag) == "instance" else ""
        # jr://instance/last-saved is kept by the phone itself; a served file would break it
        # (collect-checklist §5)
        if source.startswith(("jr://file/", "jr://file-csv/")):
            name = _file_name(source)
            found.setdefault(name, ExpectedFile(name, "file", name.lower().endswith(".csv")))
    if any(control.choices_from == "itemsets.csv" for control in controls.values()):
        found.setdefault("itemsets.csv", ExpectedFile("itemsets.csv"))
    for form, address in texts.media:
        name = _file_name(address)
        found.setdefault(name, ExpectedFile(name, _MEDIA[form]))
    if any(len(name) > MAX_ID for name in found):
        raise Problem(problems.FILE_NAME_UNUSABLE, limit=MAX_ID)
    return tuple(one for one in found.values() if one.name)


def _file_name(address: str) -> str:
    return basename(address.strip())
