"""Which forms and submissions a reader may see. Every page of this floor begins here."""

from django.db.models import Q, QuerySet

from forms.models import Form, Submission
from forms.services.visibility import submissions_within, verb_to_read
from server.people.access import can, readable_places
from server.people.models import Actor
from server.people.roles import Verb


def readable_forms(reader: Actor) -> QuerySet[Form]:
    """Every living form, or those of the projects where the reader holds a role; drafts that were never published only
    for who may change forms.
    """
    forms = Form.objects.alive().filter(project__deleted_at=None)
    if not can(reader, Verb.FORM_READ):
        projects, single = readable_places(reader, Verb.FORM_READ)
        forms = forms.filter(Q(project__in=projects) | Q(pk__in=single))
    return forms if can(reader, Verb.FORM_UPDATE) else forms.exclude(current=None)


def readable_submissions(form: Form, reader: Actor) -> QuerySet[Submission]:
    """The form's living submissions that `reader` may see; drafts' tests are left out."""
    here = Submission.objects.alive().filter(form=form, is_draft=False)
    return here.filter(submissions_within(reader, verb_to_read(form)))
