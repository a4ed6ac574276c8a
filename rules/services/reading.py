"""What a reader may see of children, their evaluations and tasks: where the API of this floor
begins."""

from uuid import UUID

from django.db.models import Q, QuerySet

from forms.models import Entity, Form
from rules.models import Task
from server.people.access import person_of, require, scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem


def find_entity(reader: Actor | None, project_id: int, dataset: str, uuid: UUID) -> Entity:
    """The living entity, if it is in the reader's areas, schools or classes. Problems: 401.2,
    403.1, 404.1."""
    require(reader, Verb.ENTITY_READ)
    seen = scope_of(reader, Verb.ENTITY_READ).query()
    found = Entity.objects.alive().filter(
        seen,
        dataset__project_id=project_id,
        dataset__project__deleted_at=None,
        dataset__name=dataset,
        uuid=uuid,
    )
    entity = found.select_related("dataset", "area", "school").first()
    if entity is None:
        raise Problem(NOT_FOUND)
    return entity


def readable_tasks(reader: Actor | None, project_id: int) -> QuerySet[Task]:
    """One's own tasks wherever they are, and those in one's areas. Problems: 401.2, 403.1."""
    require(reader, Verb.TASK_READ)
    seen = scope_of(reader, Verb.TASK_READ).query("entity__") | Q(assignee=person_of(reader))
    return Task.objects.filter(
        seen,
        entity__deleted_at=None,
        entity__dataset__project_id=project_id,
        entity__dataset__project__deleted_at=None,
    )


def hidden_forms(reader: Actor | None, entity: Entity) -> frozenset[str]:
    """The restricted forms whose answers about this child `reader` may not read."""
    path = entity.area.path if entity.area else None
    place = (path, entity.school_id, entity.class_name)
    if scope_of(reader, Verb.SUBMISSION_RESTRICTED).covers(*place):
        return frozenset()
    restricted = Form.objects.alive().filter(
        project_id=entity.dataset.project_id, sensitivity=Form.Sensitivity.RESTRICTED
    )
    return frozenset(restricted.values_list("xml_form_id", flat=True))
