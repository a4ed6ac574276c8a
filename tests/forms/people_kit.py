"""Children registered by a form that asks for mother and number, as the programme's own does."""

import uuid

from forms.models import Dataset, Entity, Project
from forms.registry import register_submission
from forms.services import create_dataset, receive_submission
from server.people.models import User
from tests.forms.field_work import HOME_VISIT, create_entity, instance, make_project, publish

CHILD_ENUM = """
| survey |
| | type | name | label | save_to |
| | text | child_name | Name | child_name |
| | text | dob | Born | dob |
| | text | sex | Sex | sex |
| | text | child_id_no | Number | |
| | text | mother_name | Mother | |
| | text | village_code | Village | village_code |
| settings |
| | form_title | form_id | version |
| | Enumeration | child_enum | 1 |
| entities |
| | list_name | label |
| | child | ${child_name} |
"""
MING = {"child_name": "张小明", "dob": "2015-05-01", "sex": "male", "mother_name": "王秀英"}


def people_project() -> Project:
    """A project with the forms above."""
    project = make_project()
    create_dataset(
        project, "child", actor=None, area_property="village_code", school_property="school_code"
    )
    publish(project, CHILD_ENUM)
    publish(project, HOME_VISIT)
    return project


def register(project: Project, by: User, village: str, **told: str) -> Entity:
    """A child, registered by a form."""
    key = str(uuid.uuid4())
    answers = {**MING, "village_code": village, **told}
    xml = instance("child_enum", answers, entity=create_entity(key, answers["child_name"]))
    register_submission(receive_submission(project, xml, actor=by).version.pk)
    return Entity.objects.select_related("dataset__project", "area").get(uuid=key)


def fresh(entity: Entity) -> Entity:
    """The entity as it is now."""
    return Entity.objects.select_related("dataset__project", "area").get(pk=entity.pk)


def children(project: Project) -> Dataset:
    """The list of children."""
    return project.datasets.get(name="child")
