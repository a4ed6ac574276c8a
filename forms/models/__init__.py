"""The tables of the forms floor, one module per noun."""

from forms.models.blob import Blob
from forms.models.client_audit import ClientAudit
from forms.models.comment import Comment
from forms.models.dataset import (
    Dataset,
    DatasetProperty,
    Entity,
    EntityVersion,
    HeldUpdate,
    Subject,
)
from forms.models.form import Form, FormAttachment, FormVersion
from forms.models.key import Key
from forms.models.project import Project, ProjectAppUser
from forms.models.public_link import PublicLink, PublicLinkUse
from forms.models.submission import (
    Submission,
    SubmissionAttachment,
    SubmissionReadout,
    SubmissionVersion,
)
from forms.models.tally import RecordTally, RecordTallyPart

__all__ = [
    "Blob",
    "ClientAudit",
    "Comment",
    "Dataset",
    "DatasetProperty",
    "Entity",
    "EntityVersion",
    "Form",
    "FormAttachment",
    "FormVersion",
    "HeldUpdate",
    "Key",
    "Project",
    "ProjectAppUser",
    "PublicLink",
    "PublicLinkUse",
    "RecordTally",
    "RecordTallyPart",
    "Subject",
    "Submission",
    "SubmissionAttachment",
    "SubmissionReadout",
    "SubmissionVersion",
]
