"""A phone in a test: what Collect does on the wire, and forms filled by naming the answers.

No calculation is run; the answers that a form would calculate are given like the others.
"""

import csv
import io
import uuid
from copy import deepcopy
from dataclasses import dataclass, field

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import etree

XF = "{http://www.w3.org/2002/xforms}"
LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"


@dataclass(slots=True)
class Phone:
    """One app user's phone: `base` is the server URL of its settings."""

    base: str
    client: Client = field(default_factory=Client)

    def get(self, url: str):
        """GET as Collect does: an absolute URL, with its device id appended."""
        path = url.removeprefix("http://testserver")
        path += ("&" if "?" in path else "?") + "deviceID=collect%3Aabcdefgh12345678"
        return self.client.get(path, headers={"X-OpenRosa-Version": "1.0"})

    def forms(self) -> dict[str, dict[str, str]]:
        """form id -> {name, version, hash, downloadUrl, manifestUrl} of formList."""
        answer = self.get(f"{self.base}/formList")
        assert answer.status_code == 200, answer.content
        entries = etree.fromstring(answer.content).iter(f"{LIST}xform")
        told = [{etree.QName(one).localname: one.text or "" for one in entry} for entry in entries]
        return {entry["formID"]: entry for entry in told}

    def form(self, form_id: str) -> bytes:
        """The form's XML as the list says to fetch it."""
        answer = self.get(self.forms()[form_id]["downloadUrl"])
        assert answer.status_code == 200
        return b"".join(answer) if answer.streaming else answer.content

    def media(self, form_id: str) -> dict[str, str]:
        """file name -> download URL of the form's manifest."""
        answer = self.get(self.forms()[form_id]["manifestUrl"])
        files = etree.fromstring(answer.content).iter(f"{MANIFEST}mediaFile")
        told = [{etree.QName(part).localname: part.text or "" for part in one} for one in files]
        return {one["filename"]: one["downloadUrl"] for one in told}

    def rows(self, form_id: str, name: str) -> list[dict[str, str]]:
        """The rows of one list that the form carries."""
        answer = self.get(self.media(form_id)[name])
        assert answer.status_code == 200
        body = b"".join(answer) if answer.streaming else answer.content
        return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))

    def fill(self, form_id: str, entity: dict[str, str] | None = None, **answers: str) -> bytes:
        """An instance of the form with `answers` by question name and the entity block's attributes and label."""
        xform = etree.fromstring(self.form(form_id))
        instance = next(xform.iter(f"{XF}instance"))
        root = deepcopy(instance[0])
        for node in list(root.iter()):
            name = etree.QName(node).localname
            if name in answers and not len(node):
                node.text = answers.pop(name)
            elif name == "instanceID":
                node.text = f"uuid:{uuid.uuid4()}"
            elif name == "entity":
                self._declare(node, entity or {})
        assert not answers, f"the form has no {sorted(answers)}"
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    @staticmethod
    def _declare(node, entity: dict[str, str]) -> None:
        for key, value in entity.items():
            if key == "label":
                label = node.find("{*}label")
                assert label is not None
                label.text = value
            else:
                node.set(key, value)

    def send(self, xml: bytes, **files: bytes):
        """HEAD, then POST; answers the response of the POST."""
        url = f"{self.base}/submission?deviceID=collect%3Aabcdefgh12345678"
        assert self.client.head(url).status_code == 204
        parts: dict[str, SimpleUploadedFile] = {
            "xml_submission_file": SimpleUploadedFile("s.xml", xml, content_type="text/xml")
        }
        for name, content in files.items():
            file_name = name.replace("_jpg", ".jpg")
            parts[file_name] = SimpleUploadedFile(file_name, content, content_type="image/jpeg")
        return self.client.post(url, parts, headers={"X-OpenRosa-Version": "1.0"})
