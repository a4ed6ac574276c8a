"""Where the documents point to: published forms and drafts under test have different addresses for
the same things.
"""

from dataclasses import dataclass
from urllib.parse import quote

from forms.lists import entity_list
from forms.models import FormAttachment, FormVersion
from forms.openrosa.documents import Listed, Media
from forms.place_lists import places_list
from forms.registry.placing import Reach
from server.people.access import Scope


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses below `base` (with the phone's key, or the test token). `is_draft`: of the draft
    under test.
    """

    base: str
    project_id: int
    is_draft: bool = False

    def form(self, xml_form_id: str) -> str:
        end = "/draft" if self.is_draft else ""
        return f"{self.base}/projects/{self.project_id}/forms/{quote(xml_form_id, safe='')}{end}"

    def version(self, row: FormVersion) -> str:
        """The current version is at the form's own address, older ones below it."""
        if self.is_draft or row.form.current_id == row.pk:
            return self.form(row.form.xml_form_id)
        return f"{self.form(row.form.xml_form_id)}/versions/{quote(row.version, safe='') or '___'}"

    def listed(self, row: FormVersion, *, is_verbose: bool = False) -> Listed:
        here = self.version(row)
        has_files = getattr(row, "has_files", False)
        return Listed(
            form_id=row.form.xml_form_id,
            name=row.title or row.form.xml_form_id,
            version=row.version,
            md5=row.md5,
            download_url=f"{here}.xml",
            manifest_url=f"{here}/manifest" if has_files else "",
            description=row.title if is_verbose else "",
        )

    def media(
        self, row: FormVersion, file: FormAttachment, reach: Reach, places: Scope
    ) -> Media | None:
        """The manifest's line for a file; None while there is nothing to download."""
        url = f"{self.version(row)}/attachments/{quote(file.name, safe='')}"
        if file.source == FormAttachment.Source.DATASET and file.dataset:
            dataset = file.dataset
            kind = "approvalEntityList" if dataset.approval_required else "entityList"
            check = f"{self.base}/projects/{self.project_id}/datasets/{quote(dataset.name, safe='')}/integrity"
            md5 = entity_list(dataset, reach).md5
            return Media(file.name, md5, f"{url}?md5={md5}", kind, check)
        if file.source == FormAttachment.Source.PLACES:
            return Media(file.name, places_list(file.name, places).md5, url)
        return Media(file.name, file.blob.md5, url) if file.blob else None
