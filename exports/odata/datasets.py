"""The OData service of an entity list: `datasets/{name}.svc`."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponseBase

from exports.edge import note_export, reader_of
from exports.filters.conditions import condition_of, order_of
from exports.odata.protocol import (
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
from exports.problems import NOT_SUPPORTED
from exports.tables.entities import COLUMNS, entity_rows, list_source, wanted_properties
from exports.tables.odata import Told
from exports.tables.reading import Window
from exports.writers.edmx import dataset_edmx
from forms.models import Dataset
from forms.services.offers import project_for
from forms.services.visibility import dataset_for
from server.people.models import User
from server.people.roles import Verb
from server.problems import Problem


@json_service
def service_document(request: HttpRequest, project_id: int, name: str) -> HttpResponseBase:
    """The one table of the list."""
    _dataset(request, project_id, name)
    tables = [{"kind": "EntitySet", "name": "Entities", "url": "Entities"}]
    return answer_json({"@odata.context": f"{service_url(request)}/$metadata", "value": tables})


@xml_service
def metadata_document(request: HttpRequest, project_id: int, name: str) -> HttpResponseBase:
    """What the table consists of."""
    _, dataset = _dataset(request, project_id, name)
    published = dataset.properties.exclude(published_at=None)
    return answer_xml(dataset_edmx(name, list(published.values_list("name", flat=True))))


@json_service
def data_document(request: HttpRequest, project_id: int, name: str) -> HttpResponseBase:
    """The entities in the reader's scope."""
    reader, dataset = _dataset(request, project_id, name)
    query = query_of(request)
    if query.expand or query.wkt:
        raise Problem(NOT_SUPPORTED, feature="$expand" if query.expand else "$wkt")
    condition = condition_of(query.filter, COLUMNS)
    source = list_source(dataset, reader, condition, query.search)
    order = order_of(query.orderby, COLUMNS) if query.orderby else ()
    wanted = wanted_properties(query.select, source)
    note_export(reader, f"dataset:{name}", dataset.project_id, {"odata": "Entities"})
    window = Window(query.top, query.skip, None, order)
    if query.token:
        after = source.key_of(query.token.get("uuid", ""))
        window = Window(query.top, after=after) if after else Window(top=0)
    told, tail = Told(), Tail()
    if query.count:
        tail.count = source.rows.count()

    def ended() -> Iterator[str]:
        yield from entity_rows(source, window, wanted, told)
        if told.more and told.last:
            tail.next_link = next_link(request, query, told.last)

    return answer_rows(request, "Entities", ended(), query, tail)


def _dataset(request: HttpRequest, project_id: int, name: str) -> tuple[User, Dataset]:
    """Who asks, and the list. Problems: 401.2, 403.1, 404.1."""
    reader = reader_of(request, Verb.ENTITY_READ)
    return reader, dataset_for(project_for(reader, project_id, Verb.ENTITY_READ), name)
