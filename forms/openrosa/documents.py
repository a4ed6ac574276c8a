"""The three XML documents of OpenRosa, as text."""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Listed:
    """One form of the list; `description` only when the phone asked for verbose."""

    form_id: str
    name: str
    version: str
    md5: str
    download_url: str
    manifest_url: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """One file of a manifest; `kind`: "", entityList or approvalEntityList."""

    name: str
    md5: str
    download_url: str
    kind: str = ""
    integrity_url: str = ""


def form_list(forms: Iterable[Listed]) -> str:
    """The formList document."""
    body = "".join(
        "<xform>"
        + _tag("formID", one.form_id)
        + _tag("name", one.name)
        + _tag("version", one.version)
        + _tag("hash", f"md5:{one.md5}")
        + (_tag("descriptionText", one.description) if one.description else "")
        + _tag("downloadUrl", one.download_url)
        + (_tag("manifestUrl", one.manifest_url) if one.manifest_url else "")
        + "</xform>"
        for one in forms
    )
    return f'{_HEAD}<xforms xmlns="http://openrosa.org/xforms/xformsList">{body}</xforms>'


def manifest(files: Iterable[Media]) -> str:
    """The manifest document."""
    body = "".join(
        (f"<mediaFile type={quoteattr(one.kind)}>" if one.kind else "<mediaFile>")
        + _tag("filename", one.name)
        + _tag("hash", f"md5:{one.md5}")
        + _tag("downloadUrl", one.download_url)
        + (_tag("integrityUrl", one.integrity_url) if one.integrity_url else "")
        + "</mediaFile>"
        for one in files
    )
    return f'{_HEAD}<manifest xmlns="http://openrosa.org/xforms/xformsManifest">{body}</manifest>'


def integrity(deleted: Iterable[tuple[str, bool]]) -> str:
    """The integrity document: uuid -> deleted."""
    body = "".join(
        f"<entity id={quoteattr(uuid)}><deleted>{'true' if gone else 'false'}</deleted></entity>"
        for uuid, gone in deleted
    )
    return f"{_HEAD}<data><entities>{body}</entities></data>"


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"
