"""Lists and entities as the contract's JSON objects."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from forms.models import Dataset, Entity, EntityVersion, FormVersion
from forms.services.summaries import DatasetSummary
from server.people.access import actor_json, api_time

Json = dict[str, Any]


def dataset_json(dataset: Dataset, summary: DatasetSummary | None = None) -> Json:
    """Dataset, or ExtendedDataset with a summary."""
    shape: Json = {
        "id": dataset.pk,
        "name": dataset.name,
        "projectId": dataset.project_id,
        "approvalRequired": dataset.approval_required,
        "ownerOnly": False,
        "createdAt": api_time(dataset.created_at),
    }
    if summary is None:
        return shape
    return shape | {
        "entities": summary.entities,
        "conflicts": summary.conflicts,
        "lastEntity": api_time(summary.last_entity),
    }


def dataset_details(dataset: Dataset) -> Json:
    """A list with its properties and the forms that write and read it."""
    current = FormVersion.objects.filter(
        current_of__isnull=False, form__project_id=dataset.project_id, form__deleted_at=None
    ).select_related("form")
    sources = [one for one in current.defer("xml", "fields") if _declares(one, dataset.name)]
    linked = current.filter(attachments__dataset=dataset).defer("xml", "fields").distinct()
    return dataset_json(dataset) | {
        "lastUpdate": api_time(dataset.changed_at),
        "sourceForms": [_form(one) for one in sources],
        "linkedForms": [_form(one) for one in linked],
        "properties": [
            {
                "name": one.name,
                "odataName": one.name.replace(".", "_").replace("-", "_"),
                "publishedAt": api_time(one.published_at),
                "forms": [
                    _form(form) for form in sources if _declares(form, dataset.name, one.name)
                ],
            }
            for one in dataset.properties.all()
        ],
    }


def _declares(version: FormVersion, name: str, saved: str = "") -> bool:
    return any(
        one["dataset"] == name and (not saved or saved in one.get("saves", {}))
        for one in version.entities
    )


def _form(version: FormVersion) -> Json:
    return {"xmlFormId": version.form.xml_form_id, "name": version.title}


def entity_json(
    entity: Entity, current: EntityVersion, *, extended: bool = False, with_data: bool = True
) -> Json:
    """An entity with its current version; the list leaves the data out."""
    shape: Json = {
        "uuid": str(entity.uuid),
        "createdAt": api_time(entity.created_at),
        "updatedAt": api_time(entity.updated_at),
        "deletedAt": api_time(entity.deleted_at),
        "creatorId": entity.created_by_id,
        "conflict": entity.conflict or None,
        "currentVersion": version_json(
            current, entity.version, extended=extended, with_data=with_data
        ),
    }
    if extended:
        shape["creator"] = actor_json(entity.created_by) if entity.created_by else None
    return shape


def version_json(
    version: EntityVersion, newest: int, *, extended: bool = False, with_data: bool = True
) -> Json:
    """One version of an entity."""
    shape: Json = {
        "label": version.label,
        "current": version.version == newest,
        "createdAt": api_time(version.created_at),
        "creatorId": version.created_by_id,
        "userAgent": "",  # a text to clients; that of a submission stands with the submission
        "version": version.version,
        "baseVersion": version.base_version,
        "branchId": version.branch_id or None,
        "trunkVersion": version.trunk_version,
        "branchBaseVersion": version.branch_base_version,
        "conflictingProperties": version.conflicting_properties or None,
    }
    if with_data:
        shape |= {
            "data": version.data,
            "dataReceived": {**version.data_received, "label": version.label},
        }
    if extended:
        shape["creator"] = actor_json(version.created_by) if version.created_by else None
    return shape


def history_json(
    versions: Sequence[EntityVersion], *, is_in_conflict: bool, extended: bool = False
) -> list[Json]:
    """All versions, oldest first, with what each changed against its base and against the one
    before.
    """
    newest = versions[-1].version if versions else 0
    by_number = {one.version: one for one in versions}
    since = _conflict_start(versions) if is_in_conflict else newest + 1
    rows = []
    for before, one in pairwise([None, *versions]):
        assert one is not None  # noqa: S101  only the first of a pair can be None
        base = by_number.get(one.base_version or 0)
        rows.append(
            version_json(one, newest, extended=extended)
            | {
                "conflict": one.conflict or None,
                "resolved": bool(one.conflict) and not is_in_conflict,
                "baseDiff": _diff(base, one),
                "serverDiff": _diff(before, one),
                "source": {"submission": one.source.instance_id} if one.source else {},
                "lastGoodVersion": one.version == since,
                "relevantToConflict": one.version >= since,
            }
        )
    return rows


def _conflict_start(versions: Iterable[EntityVersion]) -> int:
    """The last version before the first conflict."""
    first = next((one for one in versions if one.conflict), None)
    return min(first.base_version or 1, first.version - 1) if first else 1


def _diff(before: EntityVersion | None, after: EntityVersion) -> list[str]:
    if before is None:
        return []
    old, new = {**before.data, "label": before.label}, {**after.data, "label": after.label}
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
