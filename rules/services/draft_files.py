"""A rule set in a file: the bytes of an upload -> a checked document; a document -> the bytes of a
download (design.md §6)."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import yaml

from rules.engine.document import Document, canonical
from rules.engine.findings import Findings
from rules.engine.rule_set import read_document
from rules.workbook import findings_of, read_workbook, workbook_bytes

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
YAML = "application/yaml; charset=utf-8"
JSON = "application/json"
TYPES = {"xlsx": XLSX, "yaml": YAML, "json": JSON}
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"  # the old XLS: told that XLSX is needed


def read_upload(content: bytes, kind: str) -> Document:
    """The document in an uploaded file, free of errors; `kind` is xlsx, yaml or json.

    Problems: those of `read_workbook`, `read_document`; RULE_SET_INVALID with all errors at once, each
    at its cell (in a workbook, sheet and row as they are in the file).
    """
    if kind == "xlsx":
        return read_workbook(content)
    document = read_document(content, kind)
    Findings(findings_of(document)).raise_errors()
    return document


def kind_of(content: bytes, name: str = "", content_type: str = "") -> str:
    """What kind of file this is: by its first bytes, then its name or type; JSON is the default."""
    suffix = PurePath(name).suffix.lower()
    if (
        content.startswith((_ZIP, _OLE))
        or suffix in (".xlsx", ".xls")
        or "spreadsheetml" in content_type
    ):
        return "xlsx"
    is_yaml = suffix in (".yaml", ".yml") or "yaml" in content_type
    return "yaml" if is_yaml else "json"


def file_of(document: Mapping[str, Any], kind: str) -> bytes:
    """The document as a file of a kind in TYPES; the same document gives the same cells or text."""
    if kind == "xlsx":
        return workbook_bytes(document)
    plain = canonical(document)
    if kind == "yaml":
        text: str = yaml.dump(plain, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
        return text.encode()
    raise ValueError(kind)


class _Dumper(yaml.SafeDumper):
    """YAML that `read_document` reads back: it knows no aliases, and unusual line ends are escaped."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if any(char in text for char in _LINE_ENDS) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_LINE_ENDS = "\x85\u2028\u2029\r"
_Dumper.add_representer(str, _represent_text)
