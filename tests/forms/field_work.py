"""Tools of the forms floor's tests: a project with published forms, a phone, and the XML that a
phone would send.
"""

import uuid
from typing import Any
from xml.sax.saxutils import escape

from django.test import Client

from forms.models import Form, FormVersion, Project
from forms.services import create_app_user, upload_form
from server.people.models import AppUser, User

VISIT = """
| survey |
| | type | name | label |
| | date | visit_date | Date |
| | text | note | Note |
| | image | photo | Photo |
| settings |
| | form_title | form_id | version |
| | Visit | visit | 1 |
"""

# registers a child and places it in a village
ENUM = """
| survey |
| | type | name | label | save_to |
| | date | enum_date | Date | |
| | text | child_name | Name | child_name |
| | text | village_code | Village | village_code |
| settings |
| | form_title | form_id | version |
| | Enumeration | enum | 1 |
| entities |
| | list_name | label |
| | child | ${child_name} |
"""

# selects a child from its list and updates it
HOME_VISIT = """
| survey |
| | type | name | label | save_to |
| | select_one_from_file child.csv | child | Child | |
| | date | visit_date | Date | last_visit |
| | text | phone | Phone | phone |
| settings |
| | form_title | form_id | version |
| | Home visit | home_visit | 1 |
| entities |
| | list_name | label | entity_id |
| | child | | ${child} |
"""


def make_project(name: str = "关爱") -> Project:
    """A project."""
    return Project.objects.create(name=name)


def publish(project: Project, markdown: str, **options: Any) -> FormVersion:
    """Upload a form written as a Markdown table, and publish it."""
    options = {"actor": None, "ignore_warnings": True, "publish": True, **options}
    return upload_form(project, markdown.encode(), "text/markdown", filename="form.md", **options)


def make_phone(project: Project, worker: User | None = None, **options: Any) -> AppUser:
    """A phone of `worker`."""
    return create_app_user(project, f"phone of {worker}", worker, actor=None, **options)


def new_id() -> str:
    """A fresh instanceID."""
    return f"uuid:{uuid.uuid4()}"


def instance(
    form: Form | str,
    answers: str | dict[str, str],
    *,
    instance_id: str = "",
    version: str = "1",
    replaces: str = "",
    entity: str = "",
) -> bytes:
    """A submission's XML. `answers`: XML, or question -> text; `entity`: the meta/entity
    element.
    """
    form_id = form if isinstance(form, str) else form.xml_form_id
    if isinstance(answers, dict):
        answers = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in answers.items())
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    namespace = 'xmlns:entities="http://www.opendatakit.org/xforms/entities"'
    return (
        f'<data {namespace} id="{form_id}" version="{version}">{answers}'
        f"<meta><instanceID>{instance_id or new_id()}</instanceID>{deprecated}{entity}</meta></data>"
    ).encode()


def create_entity(uuid_: str, label: str = "张小明", dataset: str = "child", **branch: str) -> str:
    """The element that creates an entity."""
    return _entity(dataset, uuid_, 'create="1"', label, branch)


def update_entity(
    uuid_: str, base: int, label: str = "", dataset: str = "child", **branch: str
) -> str:
    """The element that updates an entity; `branch`: trunkVersion, branchId."""
    return _entity(dataset, uuid_, f'update="1" baseVersion="{base}"', label, branch)


def _entity(dataset: str, uuid_: str, action: str, label: str, more: dict[str, str]) -> str:
    extra = "".join(f' {name}="{value}"' for name, value in more.items())
    inner = f"<label>{label}</label>" if label else ""
    return f'<entity dataset="{dataset}" id="{uuid_}" {action}{extra}>{inner}</entity>'


class Phone:
    """Speaks OpenRosa to the server as Collect does, over Django's test client."""

    def __init__(self, app_user: AppUser, project: Project) -> None:
        self.base = f"/v1/key/{app_user.key}/projects/{project.pk}"
        self.client = Client()

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(f"{self.base}{path}", **options)

    def send(
        self, xml: bytes, files: dict[str, bytes] | None = None, incomplete: bool = False
    ) -> Any:
        """POST a submission."""
        body, content_type = multipart(xml, files or {}, incomplete)
        return self.client.post(
            f"{self.base}/submission?deviceID=collect%3Atest", body, content_type=content_type
        )


def multipart(
    xml: bytes | None, files: dict[str, bytes], incomplete: bool = False
) -> tuple[bytes, str]:
    """The body that Collect sends, and its content type."""
    boundary = "test-boundary-7MA4YWxk"
    parts = []
    if xml is not None:
        parts.append(_part('name="xml_submission_file"; filename="记录.xml"', "text/xml", xml))
    parts += [
        _part(f'name="{name}"; filename="{name}"', "image/png", content)
        for name, content in files.items()
    ]
    if incomplete:
        parts.append(_part('name="*isIncomplete*"', "text/plain", b"yes"))
    body = b"".join(f"--{boundary}\r\n".encode() + part for part in parts)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _part(disposition: str, content_type: str, content: bytes) -> bytes:
    head = f"Content-Disposition: form-data; {disposition}\r\nContent-Type: {content_type}\r\n\r\n"
    return head.encode() + content + b"\r\n"
