"""Files as answers: streamed, named in Chinese too, and each one a line in the journal."""

import tempfile
from pathlib import Path

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from exports.writers.csv import write_csv
from exports.writers.table import Table
from exports.writers.xlsx import write_xlsx
from forms.files import disposition
from server.journal.services import record
from server.people.models import Actor

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_answer(table: Table, filename: str, *, for_people: bool = False) -> HttpResponseBase:
    """`table` as a CSV download that is made while it is sent."""
    answer = StreamingHttpResponse(
        write_csv(table, for_people=for_people), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = disposition(filename)
    answer["Cache-Control"] = "no-store"
    return answer


def xlsx_answer(table: Table, filename: str) -> HttpResponseBase:
    """`table` as an XLSX download; the file is made on disk and is gone once sent."""
    folder = tempfile.TemporaryDirectory(prefix="anhu-export-")
    path = Path(folder.name) / "table.xlsx"
    write_xlsx(table, path)
    answer = FileResponse(path.open("rb"), content_type=XLSX)
    folder.cleanup()  # the open file lives on until it is sent
    answer["Content-Disposition"] = disposition(filename)
    answer["Cache-Control"] = "no-store"
    return answer


def note_export(reader: Actor, what: str, project_id: int) -> None:
    """Say in the journal that personal data left the system."""
    record("export.download", actor=reader, subject=what, project_id=project_id)
