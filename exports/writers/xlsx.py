"""Table -> XLSX file on disk, in constant memory: rows go to the writer one by one, text never becomes a formula."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import write_worksheet

from exports.writers.table import Table

ROWS_PER_SHEET = 1_048_575  # Excel's limit, less the heading


def write_xlsx(table: Table, path: Path) -> None:
    """Write `table` to `path`; an empty table is a sheet with its heading. Titles must differ from each other."""
    write_worksheet(
        _records(table),
        str(path),
        sheet_name=table.name[:31],
        freeze_row=1,
        bold_headers=True,
        autofilter=True,
    )


def _records(table: Table) -> Iterator[dict[str, Any]]:
    empty = True
    for count, row in enumerate(table.rows()):
        if count >= ROWS_PER_SHEET:
            return
        empty = False
        yield dict(zip(table.header, row, strict=True))
    if empty:
        yield dict.fromkeys(table.header)
