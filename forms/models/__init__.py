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
from forms.models.likeness import DuplicatePair, LikenessKey
from forms.models.merge import Merge, MergedSubject
from forms.models.project import Project, ProjectAppUser
from forms.models.public_link import PublicLink, PublicLinkUse
from forms.models.responsible import Network, ResponsiblePerson
from forms.models.submission import (
    Submission,
    SubmissionAttachment,
    SubmissionReadout,
    SubmissionVersion,
)
from forms.models.tally import RecordTally, RecordTallyPart
from forms.models.transfer import Transfer

__all__ = [
    "Blob",
    "ClientAudit",
    "Comment",
    "Dataset",
    "DatasetProperty",
    "DuplicatePair",
    "Entity",
    "EntityVersion",
    "Form",
    "FormAttachment",
    "FormVersion",
    "HeldUpdate",
    "Key",
    "LikenessKey",
    "Merge",
    "MergedSubject",
    "Network",
    "Project",
    "ProjectAppUser",
    "PublicLink",
    "PublicLinkUse",
    "RecordTally",
    "RecordTallyPart",
    "ResponsiblePerson",
    "Subject",
    "Submission",
    "SubmissionAttachment",
    "SubmissionReadout",
    "SubmissionVersion",
    "Transfer",
]
