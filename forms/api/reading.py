"""Every read of personal data is a journal entry (design.md section 5.7)."""

from server.journal.services import record
from server.people.models import Actor


def note_read(actor: Actor, what: str, subject: str, project_id: int) -> None:
    """`what`: "submission.read", "entity.read", "entity.list"."""
    record(what, actor=actor, subject=subject, project_id=project_id)
