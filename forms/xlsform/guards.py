"""What a workbook file must prove before openpyxl, xlrd or pyxform may open it (design.md §8).

A workbook is a zip of XML or an OLE container; both can carry macros, and a zip can inflate without
end. Declared sizes are summed first; then every entry is inflated, never beyond what it declared.
"""

import zipfile
from io import BytesIO
from zlib import error as ZlibError

from forms import problems
from server.problems import Problem

MB = 1024 * 1024
MAX_WORKBOOK = 10 * MB
MAX_INFLATED = 100 * MB
MAX_ENTRIES = 2000
MAX_RATIO = 200  # real sheets reach 30; only judged where it matters, above RATIO_FROM
RATIO_FROM = 5 * MB
MAX_RAW_ROWS = 60_000  # also empty formatted ones; the exact limit comes after reading

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLE_MACROS = ("_VBA_PROJECT".encode("utf-16-le"), "Macros".encode("utf-16-le"))
_DTD = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
_ACTIVE = ("/externallinks/", "/embeddings/", "/activex/", "/ctrlprops/")


def guard_file(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The kind of file by its content (".xlsx", ".xls" or "" for text) and what will be ignored
    in it.

    Problems: WORKBOOK_TOO_LARGE, WORKBOOK_UNREADABLE, WORKBOOK_HARMFUL, WORKBOOK_WITH_MACROS,
    WORKBOOK_ENCRYPTED, WORKBOOK_TOO_MANY_ROWS.
    """
    if len(content) > MAX_WORKBOOK:
        raise Problem(problems.WORKBOOK_TOO_LARGE, limit=f"{MAX_WORKBOOK // MB} MB")
    if content.startswith(b"PK\x03\x04"):
        return ".xlsx", _guard_zip(content)
    if content.startswith(_OLE):
        _guard_ole(content)
        return ".xls", ()
    if not content.strip():
        raise Problem(problems.WORKBOOK_UNREADABLE)
    return "", ()


def _guard_ole(content: bytes) -> None:
    if _ENCRYPTED in content:
        raise Problem(problems.WORKBOOK_ENCRYPTED)
    if any(mark in content for mark in _OLE_MACROS):
        raise Problem(problems.WORKBOOK_WITH_MACROS)


def _guard_zip(content: bytes) -> tuple[str, ...]:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            _guard_entries(entries)
            for entry in entries:
                _guard_entry(archive, entry)
    except (zipfile.BadZipFile, ZlibError, EOFError, OSError, NotImplementedError, ValueError):
        raise Problem(problems.WORKBOOK_UNREADABLE) from None
    ignored = {mark.strip("/") for mark in _ACTIVE for one in entries if mark in _folded(one)}
    return tuple(sorted(ignored))


def _folded(entry: zipfile.ZipInfo) -> str:
    return "/" + entry.filename.lower().replace("\\", "/")


def _guard_entries(entries: list[zipfile.ZipInfo]) -> None:
    names = {_folded(one) for one in entries}
    if len(entries) > MAX_ENTRIES or len(names) != len(entries):
        raise Problem(problems.WORKBOOK_HARMFUL, reason="entries")
    if sum(one.file_size for one in entries) > MAX_INFLATED:
        raise Problem(problems.WORKBOOK_HARMFUL, reason="size")
    if any(name.endswith(("vbaproject.bin", "vbadata.xml")) for name in names):
        raise Problem(problems.WORKBOOK_WITH_MACROS)
    if any(one.flag_bits & 1 for one in entries):
        raise Problem(problems.WORKBOOK_ENCRYPTED)
    if not {"/[content_types].xml", "/xl/workbook.xml"} <= names:
        raise Problem(problems.WORKBOOK_UNREADABLE)


def _guard_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Inflate one entry, which zipfile stops at its declared size, and refuse what is in it."""
    name, size, rows, tail = _folded(entry), 0, 0, b""
    is_xml = name.endswith((".xml", ".rels", ".vml"))
    with archive.open(entry) as stream:
        while chunk := stream.read(256 * 1024):
            size += len(chunk)
            if size > RATIO_FROM and size > MAX_RATIO * entry.compress_size:
                raise Problem(problems.WORKBOOK_HARMFUL, reason="size")
            if is_xml:
                window = tail + chunk
                _guard_text(name, window)
                rows += chunk.count(b"<row ") + chunk.count(b"<row>")
                tail = window[-32:]
    if rows > MAX_RAW_ROWS:
        raise Problem(problems.WORKBOOK_TOO_MANY_ROWS, sheet=name, limit=MAX_RAW_ROWS)


def _guard_text(name: str, window: bytes) -> None:
    if any(mark in window for mark in _DTD):
        raise Problem(problems.WORKBOOK_HARMFUL, reason="DOCTYPE")
    if name == "/[content_types].xml" and b"macroenabled" in window.lower():
        raise Problem(problems.WORKBOOK_WITH_MACROS)
