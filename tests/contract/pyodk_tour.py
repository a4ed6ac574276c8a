"""pyodk, unmodified, through everything that it can do, against a running server.

    python -m tests.contract.pyodk_tour http://127.0.0.1:8000 admin@example.org PASSWORD

The person must be an administrator. It makes a project of its own, and says what it has done.
"""

import io
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import openpyxl
from pyodk.client import Client
from pyodk.errors import PyODKError

NAME = "走访 v1.0/a"  # an id as the field has them: Chinese, a space, a full stop, a slash
ENTITIES = 'xmlns:entities="http://www.opendatakit.org/xforms/entities"'


def workbook(version: str, *more: tuple[str, str, str]) -> bytes:
    """The form as .xlsx: a choice from a file, a note, a photo, a place."""
    book = openpyxl.Workbook()
    survey = book.active
    survey.title = "survey"
    for row in (
        ("type", "name", "label"),
        ("select_one_from_file towns.csv", "town", "乡镇"),
        ("text", "note", "记录"),
        ("image", "photo", "照片"),
        ("geopoint", "place", "位置"),
        *more,
    ):
        survey.append(row)
    settings = book.create_sheet("settings")
    settings.append(("form_title", "form_id", "version"))
    settings.append(("走访", NAME, version))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def record(key: str, note: str, *, version: str = "2", replaces: str = "") -> str:
    """A submission's XML."""
    before = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        f'<data id="{NAME}" version="{version}"><town>t1</town><note>{note}</note>'
        "<photo>p.png</photo><place>23.1 113.3 5 4</place>"
        f"<meta><instanceID>{key}</instanceID>{before}</meta></data>"
    )


def tour(base: str, email: str, password: str, folder: Path) -> Iterator[str]:
    """Each step as it is done; AssertionError or PyODKError where it is not. `folder`: for files."""
    client = sign_in(base, email, password, folder)
    made = client.post("projects", json={"name": "pyodk"}).json()
    client.project_id = made["id"]
    client = sign_in(base, email, password, folder, made["id"])  # the session of the cache
    with client:
        yield from projects(client, made["id"])
        yield from forms(client, folder)
        yield from submissions(client, folder)
        yield from app_users(client)
        yield from entities(client)
        yield from refusals(client)


def sign_in(
    base: str, email: str, password: str, folder: Path, project: int | None = None
) -> Client:
    """A client configured as people do it, by a file."""
    (folder / "config.toml").write_text(
        f'[central]\nbase_url = "{base}"\nusername = "{email}"\npassword = "{password}"\n'
    )
    return Client(folder / "config.toml", folder / "cache.toml", project_id=project)


def projects(client: Client, number: int) -> Iterator[str]:
    assert client.projects.get().name == "pyodk"
    assert number in [one.id for one in client.projects.list()]
    yield "projects: list, get"


def forms(client: Client, folder: Path) -> Iterator[str]:
    towns = folder / "towns.csv"
    towns.write_text("name,label\nt1,河口镇\n")
    path = folder / "走访.xlsx"
    path.write_bytes(workbook("1"))
    form = client.forms.create(path, attachments=[towns])
    assert (form.xmlFormId, form.version, form.state) == (NAME, "1", "open")
    yield "forms: create from a workbook with a file, published"
    client.forms.update(NAME, definition=workbook("2"), attachments=[towns])
    assert client.forms.get(NAME).version == "2"
    xml = client.forms.get_xml(NAME)
    assert 'version="2"' in xml
    client.forms.update(NAME, definition=xml.replace('version="2"', 'version="2.1"'))
    yield "forms: update with a workbook and with XML"
    client.forms.update(NAME, attachments=[towns], version_updater=lambda old: old + "-a/b")
    assert client.forms.get(NAME).version == "2.1-a/b"
    client.forms.update(NAME, attachments=[towns])  # by the time of day
    assert [one.xmlFormId for one in client.forms.list()] == [NAME]
    yield "forms: update a file with a version given, and with one made; list, get, get_xml"


def submissions(client: Client, folder: Path) -> Iterator[str]:
    photo = folder / "p.png"
    photo.write_bytes(b"\x89PNG" + b"x" * 100_000)
    first, second = (f"uuid:{uuid.uuid4()}" for _ in range(2))
    sent = client.submissions.create(
        record(first, "一"), form_id=NAME, device_id="py", attachments=[photo]
    )
    assert (sent.instanceId, sent.deviceId) == (first, "py")
    assert [(one.name, one.exists) for one in sent.attachments] == [("p.png", True)]
    assert [one.instanceId for one in client.submissions.list(NAME)] == [first]
    yield "submissions: create with a photo, list"
    client.submissions.edit(
        first, record(second, "二", replaces=first), form_id=NAME, comment="改过"
    )
    client.submissions.review(first, "approved", form_id=NAME, comment="好")
    client.submissions.add_comment(first, "再看", form_id=NAME)
    told = [one.body for one in client.submissions.list_comments(first, form_id=NAME)]
    assert sorted(told) == ["再看", "好", "改过"]
    assert client.submissions.get(first, form_id=NAME).reviewState == "approved"
    yield "submissions: edit, review, comment, list_comments, get"
    table = client.submissions.get_table(NAME, count=True, top=10, wkt=True, expand="*")
    (row,) = table["value"]
    assert (table["@odata.count"], row["__id"], row["note"]) == (1, first, "二")
    assert row["place"].startswith("POINT")
    assert row["__system"]["edits"] == 1
    none = client.submissions.get_table(NAME, filter="__system/reviewState eq 'rejected'")
    assert none["value"] == []
    yield "submissions: get_table with count, top, wkt, expand, filter"


def app_users(client: Client) -> Iterator[str]:
    made = client.projects.create_app_users(["手机 1", "手机 2"], forms=[NAME])
    assert all(one.token for one in made)
    assert client.projects.create_app_users(["手机 1"]) == []
    key = made[0].token
    listed = client.get(f"key/{key}/projects/{client.project_id}/formList")
    assert NAME in listed.text
    yield "app users: created and given a form, not made twice"


def entities(client: Client) -> Iterator[str]:
    name = client.entity_lists.create(entity_list_name="people").name
    client.entity_lists.default_entity_list_name = name
    client.entities.default_entity_list_name = name
    client.entity_lists.add_property("age")
    assert [one.name for one in client.entity_lists.get().properties] == ["age"]
    assert [one.name for one in client.entity_lists.list()] == [name]
    one = client.entities.create(label="张小明", data={"age": "7"})
    client.entities.update(one.uuid, label="张小明 2", data={"age": "8"}, base_version=1)
    client.entities.update(one.uuid, data={"age": "9"}, force=True)
    yield "entity lists and entities: create, add_property, list, get, update"
    client.entities.create_many([{"label": "甲", "age": "1"}, {"label": "乙", "age": "2"}])
    client.entities.merge(
        [{"label": "甲", "age": "3", "village": "柳树村"}, {"label": "丙", "age": "4"}],
        match_keys=["label"],
        delete_not_matched=True,
    )
    rows = client.entities.get_table()["value"]
    assert {one["label"]: one.get("age") for one in rows} == {"甲": "3", "丙": "4"}
    assert len(client.entities.list()) == 2
    yield "entities: create_many, merge (insert, update, delete, new property), get_table"


def refusals(client: Client) -> Iterator[str]:
    told = ""
    try:
        client.forms.get("no such form")
    except PyODKError as error:
        told = str(error)
    assert '"code": "404.1"' in told
    yield "what is not there: PyODKError with Central's code"


def main(words: list[str]) -> int:
    """From the command line."""
    with tempfile.TemporaryDirectory() as folder:
        base, email, password = words
        for line in tour(base, email, password, Path(folder)):
            print(line)  # noqa: T201  a command speaks to the terminal
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:4]))
