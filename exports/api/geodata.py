"""GeoJSON of submissions and entities, as ODK Central answers it."""

import uuid
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from exports.edge import form_to_read, note_export, reader_of, reading
from exports.filters.conditions import EVERYTHING, condition_of
from exports.tables import entities
from exports.tables.geodata import (
    chosen_fields,
    collection,
    entity_feature,
    entity_features,
    feature_of,
    submission_features,
)
from exports.tables.reading import COLUMNS, source_of
from exports.writers.text import begun, in_chunks
from forms.form_cache import meaning_of
from forms.instance.readout import to_json
from forms.models import SubmissionVersion
from forms.services.offers import project_for
from forms.services.visibility import dataset_for
from server.people.roles import Verb
from server.problems import NOT_FOUND, UNEXPECTED, Problem

JSON = "application/json; charset=utf-8"


@reading()
def submissions(request: HttpRequest, project_id: int, xml_form_id: str) -> HttpResponseBase:
    """One place of each submission, or all that `fieldpath` names."""
    reader, form, version = form_to_read(request, project_id, xml_form_id)
    condition = condition_of(request.GET.get("$filter"), COLUMNS)
    source = source_of(form, version, reader, condition)
    path = request.GET.get("fieldpath", "")
    chosen_fields(source.maker, path)
    features = submission_features(source, path, _limit(request))
    note_export(reader, f"form:{xml_form_id}", project_id, {"file": "geojson"})
    return _answer(features)


@reading()
def submission(
    request: HttpRequest,
    project_id: int,
    xml_form_id: str,
    instance_id: str,
    version_id: str = "",
) -> HttpResponseBase:
    """The place of one submission's current version, or of the version named."""
    reader, form, version = form_to_read(request, project_id, xml_form_id)
    rows = source_of(form, version, reader, EVERYTHING).rows
    versions = SubmissionVersion.objects.filter(
        submission__in=rows.filter(instance_id=instance_id)
    ).select_related("form_version")
    found = (
        versions.filter(instance_id=version_id) if version_id else versions.filter(is_current=True)
    ).first()
    if found is None:
        raise Problem(NOT_FOUND)
    maker = meaning_of(found.form_version_id, found.form_version.sha256).readout
    path = request.GET.get("fieldpath", "")
    feature = feature_of(found.data, found.instance_id, chosen_fields(maker, path), path)
    note_export(reader, f"submission:{instance_id}", project_id, {"file": "geojson"})
    return _answer(iter([to_json(feature)] if feature else []))


@reading()
def dataset(request: HttpRequest, project_id: int, name: str) -> HttpResponseBase:
    """The `geometry` of each entity of a list."""
    reader = reader_of(request, Verb.ENTITY_READ)
    found = dataset_for(project_for(reader, project_id, Verb.ENTITY_READ), name)
    condition = condition_of(request.GET.get("$filter"), entities.COLUMNS)
    search = request.GET.get("$search", "").strip()
    source = entities.list_source(found, reader, condition, search)
    note_export(reader, f"dataset:{name}", project_id, {"file": "geojson"})
    return _answer(entity_features(source, _limit(request)))


@reading()
def entity(request: HttpRequest, project_id: int, name: str, entity_id: str) -> HttpResponseBase:
    """The `geometry` of one entity."""
    reader = reader_of(request, Verb.ENTITY_READ)
    found = dataset_for(project_for(reader, project_id, Verb.ENTITY_READ), name)
    source = entities.list_source(found, reader, EVERYTHING)
    key = source.key_of(entity_id)
    one = source.rows.filter(pk=key).values_list("data", flat=True).first() if key else None
    if one is None:
        raise Problem(NOT_FOUND)
    feature = entity_feature(str(uuid.UUID(entity_id)), one.get("geometry"))
    note_export(reader, f"entity:{entity_id}", project_id, {"file": "geojson"})
    return _answer(iter([to_json(feature)] if feature else []))


def _answer(features: Iterator[str]) -> HttpResponseBase:
    return StreamingHttpResponse(begun(in_chunks(collection(features))), content_type=JSON)


def _limit(request: HttpRequest) -> int | None:
    text = request.GET.get("limit", "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Problem(
            UNEXPECTED, field="limit", value=text[:40], reason="a whole number is expected"
        )
    return int(text)
