"""Tools of the reading tests: a form with nested repeats, records of it, and readers with tokens."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.test import Client

from forms.models import Form, FormVersion, Project, Submission
from forms.services import receive_submission, upload_form
from server.people.authentication import open_session
from server.people.models import User

# a name, an age, children, and each child's toys
FAMILY = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>家庭</h:title><model><instance>
<data id="{form_id}" version="{version}"><name/><age/><home/><children><child jr:template=""><name/><age/>
<toys><toy jr:template=""><name/></toy></toys></child></children>{extra}<meta><instanceID/></meta></data></instance>
<bind nodeset="/data/name" type="string"/><bind nodeset="/data/age" type="int"/>
<bind nodeset="/data/home" type="geopoint"/>
<bind nodeset="/data/children/child/name" type="string"/><bind nodeset="/data/children/child/age" type="int"/>
<bind nodeset="/data/children/child/toys/toy/name" type="string"/>
<bind nodeset="/data/meta/instanceID" type="string" jr:preload="uid"/></model></h:head><h:body>
<input ref="/data/name"><label>姓名</label></input><input ref="/data/age"><label>年龄</label></input>
<input ref="/data/home"><label>住址</label></input>
<group ref="/data/children/child"><label>孩子</label><repeat nodeset="/data/children/child">
<input ref="/data/children/child/name"><label>姓名</label></input>
<input ref="/data/children/child/age"><label>年龄</label></input>
<group ref="/data/children/child/toys/toy"><label>玩具</label><repeat nodeset="/data/children/child/toys/toy">
<input ref="/data/children/child/toys/toy/name"><label>名称</label></input></repeat></group>
</repeat></group></h:body></h:html>"""


def publish_family(
    project: Project, form_id: str = "family", version: str = "1.0", extra: str = "", **options: Any
) -> FormVersion:
    """The form, published."""
    xml = FAMILY.format(form_id=form_id, version=version, extra=extra).encode()
    options = {"actor": None, "publish": True, "ignore_warnings": True, **options}
    return upload_form(project, xml, "application/xml", **options)


def family(
    instance_id: str,
    name: str = "Alice",
    age: str = "30",
    children: Mapping[str, tuple[str, list[str]]] | None = None,
    *,
    home: str = "",
    form_id: str = "family",
    version: str = "1.0",
    replaces: str = "",
    extra: str = "",
) -> bytes:
    """A record; `children`: name -> (age, names of toys)."""
    rows = "".join(
        f"<child><name>{child}</name><age>{years}</age><toys>"
        + "".join(f"<toy><name>{toy}</name></toy>" for toy in toys)
        + "</toys></child>"
        for child, (years, toys) in (children or {}).items()
    )
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        f'<data id="{form_id}" version="{version}"><name>{name}</name><age>{age}</age><home>{home}</home>'
        f"<children>{rows}</children>{extra}"
        f"<meta><instanceID>{instance_id}</instanceID>{deprecated}</meta></data>"
    ).encode()


def send(project: Project, xml: bytes, actor: Any, **options: Any) -> Submission:
    """Receive a record."""
    return receive_submission(project, xml, actor=actor, **options).submission


def send_three(project: Project, actor: Any) -> None:
    """rone without children, rtwo with two, rthree with one, in this order."""
    send(project, family("rone", "Alice", "30"), actor)
    send(project, family("rtwo", "Bob", "34", {"Billy": ("4", ["R2"]), "Blaine": ("6", [])}), actor)
    send(project, family("rthree", "Chelsea", "38", {"Candace": ("2", [])}), actor)


class Reader:
    """Somebody who reads a project with a session token, as scripts and office programs do."""

    def __init__(self, user: User | None, project: Project) -> None:
        self.client = Client(raise_request_exception=True)
        self.headers = {"Authorization": f"Bearer {open_session(user)[1]}"} if user else {}
        self.base = f"/v1/projects/{project.pk}"

    def get(self, path: str, query: Mapping[str, str] | None = None, **headers: str) -> Any:
        """GET below the project."""
        words = "&".join(f"{quote(k)}={quote(v)}" for k, v in (query or {}).items())
        address = f"{self.base}{path}" + (f"?{words}" if words else "")
        return self.client.get(address, headers={**self.headers, **headers})

    def follow(self, link: str) -> Any:
        """GET an absolute address that an answer named."""
        assert link.startswith("http://testserver/"), link
        return self.client.get(link.removeprefix("http://testserver"), headers=self.headers)

    def rows(self, path: str, query: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """The `value` of an OData answer."""
        rows: list[dict[str, Any]] = self.body(path, query)["value"]
        return rows

    def body(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON of an answer that must be 200."""
        answer = self.get(path, query)
        assert answer.status_code == 200, content_of(answer)
        body: dict[str, Any] = json.loads(content_of(answer))
        return body

    def refused(self, path: str, query: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and code of a refusal."""
        answer = self.get(path, query)
        return answer.status_code, json.loads(content_of(answer))["code"]


def content_of(answer: Any) -> bytes:
    """All bytes of an answer."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def zip_of(answer: Any) -> dict[str, str]:
    """The text files of an archive by name."""
    archive = zipfile.ZipFile(io.BytesIO(content_of(answer)))
    assert archive.testzip() is None
    return {one: archive.read(one).decode() for one in archive.namelist()}


def place(form: Form | int, area: Any) -> None:
    """Put all records of a form into an area."""
    Submission.objects.filter(form=form).update(area=area)
