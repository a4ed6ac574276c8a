"""Table -> CSV in chunks, in constant memory.

Two kinds of readers: programs want the contract's plain UTF-8; people open the file in a spreadsheet, which needs a
byte
order mark to see UTF-8 and must not take a name that begins with "=" for a formula.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime

from exports.writers.table import Cell, Table

CHUNK = 64 * 1024
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: Table, *, for_people: bool = False) -> Iterator[bytes]:
    """Chunks of about 64 KiB of the whole file, heading first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    cell = _safe if for_people else _plain
    if for_people:
        buffer.write("\ufeff")
    writer.writerow(table.header)
    for row in table.rows():
        writer.writerow([cell(value) for value in row])
        if buffer.tell() >= CHUNK:
            yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _plain(value: Cell) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    return value.isoformat() if isinstance(value, date) else value


def _safe(value: Cell) -> object:
    """As `_plain`, with a leading apostrophe where a spreadsheet would calculate; numbers stay numbers."""
    plain = _plain(value)
    if isinstance(plain, str) and plain.startswith(_FORMULA_STARTS):
        return "'" + plain
    return plain
