"""An XForm that asks phones to encrypt: the public key in it, and a version that tells it from the
one before.
"""

import secrets

from lxml import etree

from forms.instance.hardened import attribute, child, local_name, parse_xml
from forms.xlsform.xform import MAX_ID, MAX_XFORM, XForm, read_xform


def new_suffix() -> str:
    """What is put behind the version of forms that are rewritten together, as Central does."""
    return f"[encrypted:{secrets.token_urlsafe(6)}]"


def with_key(xform: XForm, public: str, suffix: str) -> XForm:
    """The same form with the key and the longer version; all else in it stays. One that has a key of
    its own stays as it is. Problems: those of `read_xform`.
    """
    if xform.encryption_key:
        return xform
    html = parse_xml(xform.xml, MAX_XFORM)
    model = child(html, "head", "model")
    instance = child(html, "head", "model", "instance")
    assert model is not None  # noqa: S101  read_xform has accepted this XML
    assert instance is not None  # noqa: S101
    _submission_of(model).set("base64RsaPublicKey", public)
    _raise_version(instance[0], suffix)
    return read_xform(etree.tostring(html, encoding="UTF-8", xml_declaration=True))


def _submission_of(model: etree._Element) -> etree._Element:
    found = child(model, "submission")
    if found is not None:
        return found
    # in the model's own namespace, and behind the instances, where pyxform puts it
    made = etree.SubElement(model, str(model.tag).replace("}model", "}submission"))
    last = [at for at, node in enumerate(model) if local_name(node.tag) == "instance"][-1]
    model.insert(last + 1, made)
    return made


def _raise_version(root: etree._Element, suffix: str) -> None:
    name = next((key for key in root.keys() if local_name(key) == "version"), "version")  # noqa: SIM118
    version = attribute(root, "version").strip()
    root.set(name if root.get("version") is None else "version", _suffixed(version, suffix))


def _suffixed(version: str, suffix: str) -> str:
    return version[: MAX_ID - len(suffix)] + suffix
