"""An XForm as Enketo runs it: the HTML of its questions, its model, and the lists and files that it wants.

The two style sheets do most of it; what enketo-transformer does around them in JavaScript is done here. Nothing in the
result loads from another host: media have addresses below `FILES`, which `WebForm.at` fills in, or none.
"""

import copy
import re
from dataclasses import dataclass
from functools import partial
from posixpath import basename
from urllib.parse import quote, unquote

from lxml import etree

from forms.instance.hardened import parse_xml
from forms.web.html import disarm, move_actions, name_appearances
from forms.web.itemsets import mark_itemsets
from forms.web.labels import render_labels
from forms.web.languages import tag_languages
from forms.web.names import NAMES, XF, find
from forms.web.sheets import to_html, to_model
from forms.xlsform.xform import MAX_XFORM

FILES = "anhu-files-of-this-form/"
_JR = re.compile(r"^jr://[\w-]+/(.+)$")


@dataclass(frozen=True, slots=True)
class OuterList:
    """A secondary instance that comes from a file: its id, and the file's name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class WebForm:
    """A form for the browser. `is_encrypted`: its records must leave a device encrypted, which a browser cannot."""

    form: str
    model: str
    lists: tuple[OuterList, ...]
    languages: tuple[str, ...]
    is_encrypted: bool = False

    def at(self, files: str) -> tuple[str, str]:
        """HTML and model with the form's files below the address `files`, which ends with a slash."""
        return self.form.replace(f'"{FILES}', f'"{files}'), self.model.replace(
            f'"{FILES}', f'"{files}'
        )


def transform(xml: bytes) -> WebForm:
    """Problems: those of `parse_xml`."""
    xform = parse_xml(xml, MAX_XFORM)
    is_encrypted = any(one.get("base64RsaPublicKey") for one in xform.iter(f"{{{XF}}}submission"))
    _mark_default_files(xform)
    mark_itemsets(xform)
    html, model = to_html(xform), to_model(xform)
    for step in (partial(move_actions, action="setgeopoint"), partial(move_actions, action="setvalue"),
                 name_appearances, _address_media):  # fmt: skip
        step(html)
    languages = tag_languages(html)
    render_labels(html)
    disarm(html)
    lists = _outer_lists(model)
    _fill_last_saved(model)
    _address_media(model)
    _name_record(model)
    return WebForm(_form_text(html), _model_text(model), lists, languages, is_encrypted)


def _mark_default_files(xform: etree._Element) -> None:
    """A picture that a question shows before anything is answered: Enketo looks for its address in `src`."""
    for bind in find(xform, '/h:html/h:head/xf:model/xf:bind[@type="binary"]'):
        steps = (bind.get("nodeset") or "").replace("/", "/xf:")
        for node in find(xform, f"/h:html/h:head/xf:model/xf:instance{steps}")[:1]:
            if _JR.match((node.text or "").strip()):
                node.set("src", (node.text or "").strip())


def _address_media(root: etree._Element) -> None:
    for element in root.iter():
        source = element.get("src") if isinstance(element.tag, str) else None
        if source is None or element.tag == f"{{{XF}}}instance":
            continue
        found = _JR.match(source.strip())
        if found:
            element.set("src", FILES + quote(basename(unquote(found[1]))))
        else:
            del element.attrib["src"]


def _outer_lists(model: etree._Element) -> tuple[OuterList, ...]:
    found = []
    for one in model.iter(f"{{{XF}}}instance"):
        source = (one.get("src") or "").strip()
        if source.startswith(("jr://file/", "jr://file-csv/")):
            found.append(OuterList(one.get("id") or "", basename(source)))
    return tuple(found)


def _fill_last_saved(model: etree._Element) -> None:
    """The browser keeps no last record: its place holds an empty one, so that expressions find nothing."""
    instances = list(model.iter(f"{{{XF}}}instance"))
    for one in instances[1:]:
        if (one.get("src") or "").startswith("jr://instance/"):
            del one.attrib["src"]
            one[:] = [copy.deepcopy(child) for child in instances[0]]


def _name_record(model: etree._Element) -> None:
    """Every record has an instanceID, also where the form forgot it."""
    root = next(iter(find(model, "/xf:root/xf:model/xf:instance[1]/*")), None)
    if root is None or find(root, "./xf:meta/xf:instanceID | ./orx:meta/orx:instanceID"):
        return
    meta = next(iter(find(root, "./xf:meta | ./orx:meta")), None)
    name = etree.QName(meta).namespace if meta is not None else XF
    if meta is None:
        meta = etree.SubElement(root, f"{{{XF}}}meta")
    etree.SubElement(meta, f"{{{name or NAMES['xf']}}}instanceID")


def _form_text(html: etree._Element) -> str:
    form = html[0]
    etree.cleanup_namespaces(html)
    form.tail = None
    for comment in form.xpath("comment()"):  # type: ignore[union-attr]
        form.remove(comment)  # type: ignore[arg-type]
    return str(etree.tostring(form, method="html", encoding="unicode"))


def _model_text(root: etree._Element) -> str:
    """From `model` on; the declarations of `root` come with it."""
    return str(etree.tostring(root[0], encoding="unicode", with_tail=False))
