"""Which forms and submissions a reader may see. Every page of this floor begins here."""

from django.db.models import QuerySet

from forms.models import Form, Submission
from forms.services.visibility import submissions_within, verb_to_read
from server.people.access import can
from server.people.models import Actor
from server.people.roles import Verb


def readable_forms(reader: Actor) -> QuerySet[Form]:
    """Every living form; drafts that were never published only for who may change forms."""
    forms = Form.objects.alive().filter(project__deleted_at=None)
    return forms if can(reader, Verb.FORM_UPDATE) else forms.exclude(current=None)


def readable_submissions(form: Form, reader: Actor) -> QuerySet[Submission]:
    """The form's living submissions that `reader` may see; drafts' tests are left out."""
    here = Submission.objects.alive().filter(form=form, is_draft=False)
    return here.filter(submissions_within(reader, verb_to_read(form)))
