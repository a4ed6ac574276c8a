"""OData metadata documents (EDMX CSDL 4.0) of a form's tables and of an entity list, as ODK Central
describes them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from forms.instance.odata import ROOT, Member, ODataShape, odata_name, parent_key

_USER = "org.opendatakit.user"
_TYPES = {
    "int": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "boolean": "Edm.Boolean",
    "geopoint": "Edm.GeographyPoint",
    "geotrace": "Edm.GeographyLineString",
    "geoshape": "Edm.GeographyPolygon",
    "date": "Edm.Date",
    "dateTime": "Edm.DateTimeOffset",
}
_SUBMISSION = (
    ("submissionDate", "Edm.DateTimeOffset"),
    ("updatedAt", "Edm.DateTimeOffset"),
    ("deletedAt", "Edm.DateTimeOffset"),
    ("submitterId", "Edm.String"),
    ("submitterName", "Edm.String"),
    ("attachmentsPresent", "Edm.Int64"),
    ("attachmentsExpected", "Edm.Int64"),
    ("status", "org.opendatakit.submission.Status"),
    ("reviewState", "org.opendatakit.submission.ReviewState"),
    ("deviceId", "Edm.String"),
    ("edits", "Edm.Int64"),
    ("formVersion", "Edm.String"),
)
_ENTITY = (
    ("createdAt", "Edm.DateTimeOffset"),
    ("creatorId", "Edm.String"),
    ("creatorName", "Edm.String"),
    ("updates", "Edm.Int64"),
    ("updatedAt", "Edm.DateTimeOffset"),
    ("deletedAt", "Edm.DateTimeOffset"),
    ("version", "Edm.Int64"),
    ("conflict", "Edm.String"),
)
_STATES = {
    "Status": ("notDecrypted", "missingEncryptedFormData"),
    "ReviewState": ("hasIssues", "edited", "rejected", "approved"),
}
_CAPABILITY = "Org.OData.Capabilities.V1"
Property = tuple[str, str]  # name and type


@dataclass(frozen=True, slots=True)
class _Type:
    """An entity type (a table) or a complex type (a group)."""

    name: str
    properties: tuple[Property, ...]
    links: tuple[Property, ...] = ()
    is_table: bool = False


def form_edmx(xml_form_id: str, shape: ODataShape) -> str:
    """The metadata document of a form."""
    space = f"{_USER}.{odata_name(xml_form_id)}"
    types = [_root(shape, space), *_below(shape.members, (), space)]
    return "\n".join(
        _document(
            [
                '<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" '
                'Namespace="org.opendatakit.submission">',
                *_complex(_Type("metadata", _SUBMISSION)),
                *_enums(),
                "</Schema>",
            ],
            space,
            types,
            odata_name(xml_form_id),
        )
    )


def dataset_edmx(name: str, properties: Sequence[str]) -> str:
    """The metadata document of an entity list."""
    space = f"{_USER}.{odata_name(name)}"
    own = tuple((odata_name(one), "Edm.String") for one in properties)
    entities = _Type(
        "Entities",
        (("__system", "org.opendatakit.entity.metadata"), ("label", "Edm.String"), *own),
        is_table=True,
    )
    system = [
        '<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" '
        'Namespace="org.opendatakit.entity">',
        *_complex(_Type("metadata", _ENTITY)),
        "</Schema>",
    ]
    return "\n".join(_document(system, space, [entities], odata_name(name)))


def _document(system: list[str], space: str, types: list[_Type], container: str) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">'
    yield "<edmx:DataServices>"
    yield from system
    yield (f'<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace={quoteattr(space)}>')
    for one in types:
        yield from _entity(one) if one.is_table else _complex(one)
    yield f"<EntityContainer Name={quoteattr(container)}>"
    for one in types:
        if one.is_table:
            yield from _entity_set(one, space)
    yield "</EntityContainer>"
    yield "</Schema>"
    yield "</edmx:DataServices>"
    yield "</edmx:Edmx>"


def _root(shape: ODataShape, space: str) -> _Type:
    properties, links = _properties(shape.members, (), space)
    system = ("__system", "org.opendatakit.submission.metadata")
    return _Type(ROOT, (system, *properties), links, is_table=True)


def _below(members: tuple[Member, ...], above: tuple[Member, ...], space: str) -> Iterator[_Type]:
    """The types of all groups and repeats, depth first."""
    for one in members:
        if one.field.type not in ("structure", "repeat"):
            continue
        chain = (*above, one)
        properties, links = _properties(one.members, chain, space)
        name = ".".join(each.label for each in chain)
        if one.is_repeat:
            parent = (parent_key(chain), "Edm.String")
            yield _Type(f"{ROOT}.{name}", (parent, *properties), links, is_table=True)
        else:
            yield _Type(name, properties, links)
        yield from _below(one.members, chain, space)


def _properties(
    members: tuple[Member, ...], above: tuple[Member, ...], space: str
) -> tuple[tuple[Property, ...], tuple[Property, ...]]:
    """(properties, links to tables) of one type."""
    properties: list[Property] = []
    links: list[Property] = []
    for one in members:
        name = ".".join(each.label for each in (*above, one))
        if one.is_repeat:
            links.append((one.label, f"Collection({space}.{ROOT}.{name})"))
        elif one.field.type == "structure":
            properties.append((one.label, f"{space}.{name}"))
        else:
            properties.append((one.label, _TYPES.get(one.field.type, "Edm.String")))
    return tuple(properties), tuple(links)


def _complex(one: _Type) -> Iterator[str]:
    yield f"<ComplexType Name={quoteattr(one.name)}>"
    yield from _listed(one)
    yield "</ComplexType>"


def _entity(one: _Type) -> Iterator[str]:
    yield f"<EntityType Name={quoteattr(one.name)}>"
    yield '<Key><PropertyRef Name="__id"/></Key>'
    yield '<Property Name="__id" Type="Edm.String"/>'
    yield from _listed(one)
    yield "</EntityType>"


def _listed(one: _Type) -> Iterator[str]:
    for name, kind in one.properties:
        yield f"<Property Name={quoteattr(name)} Type={quoteattr(kind)}/>"
    for name, kind in one.links:
        yield f"<NavigationProperty Name={quoteattr(name)} Type={quoteattr(kind)}/>"


def _enums() -> Iterator[str]:
    for name, members in _STATES.items():
        yield f'<EnumType Name="{name}">'
        for one in members:
            yield f'<Member Name="{one}"/>'
        yield "</EnumType>"


def _entity_set(one: _Type, space: str) -> Iterator[str]:
    yield f"<EntitySet Name={quoteattr(one.name)} EntityType={quoteattr(f'{space}.{one.name}')}>"
    if one.name in (ROOT, "Entities"):
        yield from _capabilities(
            [name for name, _ in (*one.properties, *one.links) if name != "__system"]
        )
    yield "</EntitySet>"


def _capabilities(unfiltered: list[str]) -> Iterator[str]:
    """What the service can and cannot do, in the Capabilities vocabulary."""
    level = f"{_CAPABILITY}.ConformanceLevel"
    yield f'<Annotation Term="{level}" EnumMember="{level}Type/Minimal"/>'
    yield f'<Annotation Term="{_CAPABILITY}.BatchSupported" Bool="false"/>'
    yield from _record("CountRestrictions", ['<PropertyValue Property="Countable" Bool="true"/>'])
    yield from _record(
        "FilterFunctions",
        [
            '<PropertyValue Property="NonCountableProperties">',
            "<Collection><String>eq</String></Collection>",
            "</PropertyValue>",
        ],
    )
    yield from _record(
        "FilterFunctions",
        [
            '<PropertyValue Property="Filterable" Bool="true"/>',
            '<PropertyValue Property="RequiresFilter" Bool="false"/>',
            '<PropertyValue Property="NonFilterableProperties"><Collection>',
            *(f"<PropertyPath>{quoteattr(name)[1:-1]}</PropertyPath>" for name in unfiltered),
            "</Collection></PropertyValue>",
        ],
    )
    yield from _record("SortRestrictions", ['<PropertyValue Property="Sortable" Bool="false"/>'])
    yield from _record(
        "ExpandRestrictions", ['<PropertyValue Property="Expandable" Bool="false"/>']
    )


def _record(term: str, values: list[str]) -> Iterator[str]:
    yield f'<Annotation Term="{_CAPABILITY}.{term}"><Record>'
    yield from values
    yield "</Record></Annotation>"
