"""GeoJSON of submissions and entities: Central's documented shapes, and who may read."""

from uuid import UUID

import pytest

from forms.models import Entity, Form, Project
from forms.services import add_property, create_dataset
from forms.services.entities import NewEntity, create_entity, delete_entity
from server.people.models import User
from tests.exports.reading_kit import Reader, family, place, publish_family, send
from tests.forms.field_work import instance, make_project, publish

PLACES = """
| survey |
| | type | name | label |
| | begin_repeat | visits | Visits |
| | geopoint | seen | Seen |
| | end_repeat | | |
| | begin_group | g | G |
| | geotrace | way | Way |
| | geopoint | home | Home |
| | end_group | | |
| settings |
| | form_title | form_id | version |
| | Places | places | 1 |
"""
GEO = "/forms/places/submissions.geojson"
KEY = "06f1b19a-a14e-4916-b850-b5a5155ea4b7"


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


@pytest.fixture
def reader(project: Project, admin: User) -> Reader:
    publish(project, PLACES)
    answers = (
        "<visits><seen>1 2 3 4</seen></visits><visits><seen>5 6</seen></visits>"
        "<g><way>51 1 1 0; 52 2 2 0</way><home>50 0 0 0</home></g>"
    )
    send(project, instance("places", answers, instance_id="uuid:full"), admin)
    send(project, instance("places", "", instance_id="uuid:empty"), admin)
    return Reader(admin, project)


def test_the_first_place_outside_of_repeats_is_told_with_its_path(reader: Reader) -> None:
    assert reader.body(GEO) == {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "uuid:full",
                "geometry": {"type": "LineString", "coordinates": [[1.0, 51.0, 1.0], [2.0, 52.0, 2.0]]},
                "properties": {"fieldpath": "/g/way"},
            }
        ],
    }  # fmt: skip


def test_a_field_may_be_named_also_inside_a_repeat(reader: Reader) -> None:
    (feature,) = reader.body(GEO, {"fieldpath": "/g/home"})["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [0.0, 50.0, 0.0]}
    assert feature["properties"] is None
    (feature,) = reader.body(GEO, {"fieldpath": "/visits/seen"})["features"]
    assert feature["geometry"] == {
        "type": "GeometryCollection",
        "geometries": [
            {"type": "Point", "coordinates": [2.0, 1.0, 3.0]},
            {"type": "Point", "coordinates": [6.0, 5.0]},
        ],
    }
    (feature,) = reader.body(GEO, {"fieldpath": "all"})["features"]
    assert len(feature["geometry"]["geometries"]) == 4
    assert reader.refused(GEO, {"fieldpath": "/nowhere"}) == (400, "400.8")


def test_filter_and_limit_cut_the_features(reader: Reader) -> None:
    assert reader.body(GEO, {"$filter": "__id eq 'uuid:empty'"})["features"] == []
    assert reader.body(GEO, {"limit": "0"})["features"] == []
    assert reader.refused(GEO, {"limit": "x"}) == (400, "400.8")
    assert reader.refused(GEO, {"$filter": "x"}) == (400, "400.18")


def test_one_submission_and_each_of_its_versions(
    reader: Reader, project: Project, admin: User
) -> None:
    moved = instance(
        "places", "<g><way/><home>1 1</home></g>", instance_id="uuid:moved", replaces="uuid:full"
    )
    send(project, moved, admin)
    base = "/forms/places/submissions/uuid:full"
    (now,) = reader.body(f"{base}.geojson", {"fieldpath": "/g/home"})["features"]
    assert (now["id"], now["geometry"]["coordinates"]) == ("uuid:moved", [1.0, 1.0])
    (then,) = reader.body(f"{base}/versions/uuid:full.geojson")["features"]
    assert (then["id"], then["geometry"]["type"]) == ("uuid:full", "LineString")
    assert reader.body("/forms/places/submissions/uuid:empty.geojson")["features"] == []
    assert reader.refused("/forms/places/submissions/uuid:none.geojson") == (404, "404.1")
    assert reader.refused(f"{base}/versions/uuid:none.geojson") == (404, "404.1")


def test_a_form_without_places_has_no_features(project: Project, admin: User) -> None:
    publish_family(project)
    send(project, family("uuid:1"), admin)
    assert Reader(admin, project).body("/forms/family/submissions.geojson")["features"] == []


def test_the_geometry_of_entities(project: Project, admin: User) -> None:
    dataset = create_dataset(project, "geofun", actor=admin)
    add_property(dataset, "geometry", actor=admin)
    texts = [
        "1 2 3 0",
        "1 2; 1 2 3; 1 2 3 4",
        "1 2; 3 4; 5 6; 1 2",
        "1 2 no-altitude",
        "100 200",
        "",
    ]
    for number, text in enumerate(texts):
        key = UUID(f"{KEY[:-1]}{number}")
        create_entity(dataset, NewEntity(key, "x", {"geometry": text}), actor=admin)
    reader = Reader(admin, project)
    features = reader.body("/datasets/geofun/entities.geojson")["features"]
    assert [one["geometry"]["type"] for one in features] == ["Polygon", "LineString", "Point"]
    assert features[2] == {
        "type": "Feature",
        "id": f"{KEY[:-1]}0",
        "properties": None,
        "geometry": {"type": "Point", "coordinates": [2.0, 1.0, 3.0]},
    }
    (one,) = reader.body(f"/datasets/geofun/entities/{KEY[:-1]}0/geojson")["features"]
    assert one == features[2]
    query = {"$filter": f"__id eq '{KEY[:-1]}1'"}
    assert len(reader.body("/datasets/geofun/entities.geojson", query)["features"]) == 1
    delete_entity(Entity.objects.get(uuid=f"{KEY[:-1]}0"), actor=admin)
    assert reader.refused(f"/datasets/geofun/entities/{KEY[:-1]}0/geojson") == (404, "404.1")
    assert reader.refused("/datasets/geofun/entities/nonsense/geojson") == (404, "404.1")
    assert reader.refused("/datasets/nonsense/entities.geojson") == (404, "404.1")


def test_places_are_for_those_who_may_read_the_records(
    reader: Reader, project: Project, admin: User, county: User, stranger: User, country
) -> None:
    place(Form.objects.get(), country.village)
    single = "/forms/places/submissions/uuid:full.geojson"
    assert len(Reader(county, project).body(GEO)["features"]) == 1
    outside = Reader(stranger, project)
    assert outside.body(GEO)["features"] == []
    assert outside.refused(single) == (404, "404.1")
    for path in (
        GEO,
        single,
        "/datasets/x/entities.geojson",
        f"/datasets/x/entities/{KEY}/geojson",
    ):
        assert Reader(None, project).get(path).status_code == 401
