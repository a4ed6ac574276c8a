"""The tables of the forms floor, one module per noun."""

from forms.models.blob import Blob
from forms.models.dataset import (
    Dataset,
    DatasetProperty,
    Entity,
    EntityVersion,
    HeldUpdate,
    Subject,
)
from forms.models.form import Form, FormAttachment, FormVersion
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
    "Dataset",
    "DatasetProperty",
    "Entity",
    "EntityVersion",
    "Form",
    "FormAttachment",
    "FormVersion",
    "HeldUpdate",
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
