"""The OData service of a form: `forms/{xmlFormId}.svc` and the same for its draft."""

import re
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponseBase

from exports.edge import form_to_read, note_export
from exports.filters.conditions import condition_of, order_of
from exports.odata.protocol import (
    Query,
    Tail,
    answer_json,
    answer_rows,
    answer_xml,
    json_service,
    next_link,
    query_of,
    service_url,
    xml_service,
)
from exports.odata.selecting import wanted_of
from exports.problems import NOT_SUPPORTED
from exports.tables.counting import count_submissions
from exports.tables.odata import Manners, Repeat, Told, count_repeats, repeat_rows, submission_rows
from exports.tables.reading import COLUMNS, ROOT_COLUMNS, Source, Window, source_of
from exports.writers.edmx import form_edmx
from forms.form_cache import meaning_of
from forms.instance.odata import ROOT, parent_key
from server.problems import NOT_FOUND, Problem

_SEGMENT = re.compile(r"([^(]+)(?:\('([^']*)'\))?")


@json_service
def service_document(
    request: HttpRequest, project_id: int, xml_form_id: str, is_draft: bool = False
) -> HttpResponseBase:
    """Which tables there are."""
    _, _, version = form_to_read(request, project_id, xml_form_id, is_draft=is_draft)
    shape = meaning_of(version.pk, version.sha256).readout.shape
    tables = [{"kind": "EntitySet", "name": name, "url": name} for name in shape.tables]
    return answer_json({"@odata.context": f"{service_url(request)}/$metadata", "value": tables})


@xml_service
def metadata_document(
    request: HttpRequest, project_id: int, xml_form_id: str, is_draft: bool = False
) -> HttpResponseBase:
    """What the tables consist of."""
    _, _, version = form_to_read(request, project_id, xml_form_id, is_draft=is_draft)
    shape = meaning_of(version.pk, version.sha256).readout.shape
    return answer_xml(form_edmx(xml_form_id, shape))


@json_service
def data_document(
    request: HttpRequest, project_id: int, xml_form_id: str, table: str, is_draft: bool = False
) -> HttpResponseBase:
    """The rows of a table."""
    source, query = _source(request, project_id, xml_form_id, table, is_draft)
    return _rows(request, source, query, table)


@json_service
def single_document(
    request: HttpRequest,
    project_id: str,
    xml_form_id: str,
    instance_id: str,
    below: str | None = None,
    is_draft: bool = False,
) -> HttpResponseBase:
    """One submission, or the rows of a repeat inside it."""
    segments = [_SEGMENT.fullmatch(one) for one in (below or "").split("/") if one]
    if not all(segments):
        raise Problem(NOT_FOUND)
    named = [(one.group(1), one.group(2)) for one in segments if one]
    table = ".".join((ROOT, *(name for name, _ in named)))
    source, query = _source(request, int(project_id), xml_form_id, table, is_draft)
    rows = source.rows.filter(instance_id=instance_id)
    if not rows.exists():
        raise Problem(NOT_FOUND)
    one = source.narrowed(rows)
    return _rows(request, one, query, table, _place(named, source, table))


def _place(named: list[tuple[str, str | None]], source: Source, table: str) -> tuple[str, str]:
    """The property and value that the rows of an address like `…/child('46eb')/toys/toy` have."""
    if not named:
        return "", ""
    if named[-1][1] is not None:
        return "__id", named[-1][1]
    row_id = next((one for _, one in reversed(named) if one is not None), "")
    return parent_key(source.maker.shape.tables[table]), row_id


def _source(
    request: HttpRequest, project_id: int, xml_form_id: str, table: str, is_draft: bool
) -> tuple[Source, Query]:
    """What is read, and how. Notes the read in the journal."""
    reader, form, version = form_to_read(request, project_id, xml_form_id, is_draft=is_draft)
    query = query_of(request)
    if query.search:
        raise Problem(NOT_SUPPORTED, feature="$search")
    columns = COLUMNS if table == ROOT else ROOT_COLUMNS
    condition = condition_of(query.filter, columns)
    source = source_of(form, version, reader, condition, is_draft=is_draft)
    if table not in source.maker.shape.tables:
        raise Problem(NOT_FOUND)
    note_export(reader, f"form:{xml_form_id}", project_id, {"odata": table})
    return source, query


def _rows(
    request: HttpRequest,
    source: Source,
    query: Query,
    table: str,
    place: tuple[str, str] = ("", ""),
) -> HttpResponseBase:
    columns = COLUMNS if table == ROOT else ROOT_COLUMNS
    order = order_of(query.orderby, columns) if query.orderby else ()
    wanted = wanted_of(query.select, source.maker.shape, table)
    expand = query.expand and len(source.maker.shape.tables) > 1
    manners = Manners(wanted, wkt=query.wkt, expand=expand)
    token = query.token or {}
    after = source.key_of(token["instanceId"]) if "instanceId" in token else None
    window = Window(query.top, query.skip, after, order)
    told, tail = Told(), Tail()
    if table == ROOT:
        if token and after is None:
            window = Window(top=0)  # it continues behind a record that is not there
        rows = submission_rows(source, window, manners, told)
    else:
        repeat = Repeat(source, table, *place)
        rows = repeat_rows(repeat, window, manners, told, token.get("repeatId", ""))
    if query.count:
        tail.count = (
            count_submissions(source)
            if table == ROOT
            else count_repeats(Repeat(source, table, *place))
        )

    def ended() -> Iterator[str]:
        yield from rows
        if told.more and told.last:
            tail.next_link = next_link(request, query, told.last)

    return answer_rows(request, table, ended(), query, tail)
