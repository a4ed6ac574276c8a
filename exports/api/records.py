"""`submissions.csv` and `submissions.csv.zip` of a form and of its draft, as ODK Central answers them.

`choiceLabels` is ours: `true` or a language writes the labels of choices in place of their codes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.parsers import BaseParser, FormParser, JSONParser
from rest_framework.request import Request
from rest_framework.views import APIView

from exports.edge import View, form_to_read, note_export, reading
from exports.filters.conditions import condition_of
from exports.tables.archive import archive_entries, safe_name
from exports.tables.opening import Opener
from exports.tables.reading import COLUMNS, source_of
from exports.tables.records import Tables, root_lines, tables_of
from exports.tables.reshaping import CsvOptions
from exports.writers.text import begun, in_chunks
from exports.writers.zip import write_zip
from forms.files import disposition
from forms.services.encryption import open_keys
from server.problems import UNEXPECTED, UNPARSEABLE, Problem

LONGEST = 1000  # characters of a passphrase
ZIP, CSV = "application/zip", "text/csv; charset=utf-8"


def csv_options(request: HttpRequest | Request) -> CsvOptions:
    """What the query says about the columns."""
    get = request.GET.get
    labels = get("choiceLabels", "").strip()
    return CsvOptions(
        group_paths=get("groupPaths", "").lower() != "false",
        split_multiples=get("splitSelectMultiples", "").lower() == "true",
        deleted_fields=get("deletedFields", "").lower() == "true",
        labels={"true": "default", "false": ""}.get(labels.lower(), labels[:100]),
    )


def plain_csv(
    request: HttpRequest | Request, project_id: int, xml_form_id: str, is_draft: bool = False
) -> HttpResponseBase:
    """The root table."""
    tables = _tables(request, project_id, xml_form_id, is_draft, "csv")
    chunks = in_chunks(root_lines(tables))
    return _file(begun(chunks), CSV, f"{safe_name(xml_form_id)}.csv")


def csv_zip(
    request: HttpRequest | Request, project_id: int, xml_form_id: str, is_draft: bool = False
) -> HttpResponseBase:
    """All tables, and the media unless `attachments=false`."""
    attachments = request.GET.get("attachments", "").lower() != "false"
    tables = _tables(request, project_id, xml_form_id, is_draft, "csv.zip")
    chunks = write_zip(archive_entries(tables, attachments=attachments))
    ending = "zip" if attachments else "csv.zip"
    return _file(begun(chunks), ZIP, f"{safe_name(xml_form_id)}.{ending}")


def _tables(
    request: HttpRequest | Request, project_id: int, xml_form_id: str, is_draft: bool, what: str
) -> Tables:
    reader, form, version = form_to_read(request, project_id, xml_form_id, is_draft=is_draft)
    condition = condition_of(request.GET.get("$filter"), COLUMNS)
    source = source_of(form, version, reader, condition, is_draft=is_draft)
    keys = open_keys(form, passphrases_of(request))
    if keys:
        source = replace(source, opener=Opener(keys))
    tables = tables_of(source, csv_options(request))
    told = {"file": what} | ({"decryptedWith": sorted(keys)} if keys else {})
    note_export(reader, f"form:{xml_form_id}", project_id, told)
    return tables


def passphrases_of(request: HttpRequest | Request) -> dict[int, str]:
    """What was sent as `keyId=passphrase`, in the query of a GET or the body of a POST. Problem: UNEXPECTED."""
    said = request.data if isinstance(request, Request) else request.GET
    if not isinstance(said, Mapping):
        raise Problem(UNPARSEABLE, format="JSON", reason="an object is expected")
    found: dict[int, str] = {}
    for name, value in said.items():
        if not (name.isascii() and name.isdigit() and len(name) < 19):
            continue  # an option of the export
        if not isinstance(value, str) or len(value) > LONGEST:
            raise Problem(UNEXPECTED, field=name, value="…", reason="a passphrase is expected")
        found[int(name)] = value
    return found


def _file(chunks: Iterator[bytes], content_type: str, name: str) -> HttpResponseBase:
    answer = StreamingHttpResponse(chunks, content_type=content_type)
    answer["Content-Disposition"] = disposition(name)
    answer["Cache-Control"] = "no-store"
    return answer


class _Posted(APIView):
    """The same by POST: passphrases of encryption keys stay out of addresses that way."""

    parser_classes: list[type[BaseParser]] = [FormParser, JSONParser]
    answer: Callable[..., HttpResponseBase]

    def post(self, request: Request, **named: Any) -> HttpResponseBase:
        return type(self).answer(request, **named)


class _PostedCsv(_Posted):
    answer = plain_csv


class _PostedZip(_Posted):
    answer = csv_zip


def _by_method(get: View, post: type[_Posted]) -> View:
    answers = {"POST": post.as_view()}
    otherwise = reading()(get)

    @csrf_exempt  # `post` asks for the token where a cookie is the login
    def view(request: HttpRequest, **named: Any) -> HttpResponseBase:
        return answers.get(request.method or "", otherwise)(request, **named)

    return view


submissions_csv = _by_method(plain_csv, _PostedCsv)
submissions_zip = _by_method(csv_zip, _PostedZip)
