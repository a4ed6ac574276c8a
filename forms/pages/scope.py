"""Which submissions and which phones a reader may see. Every page of this floor begins here."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from forms.models import Form, ProjectAppUser, Submission
from forms.services.visibility import submissions_within
from server.people.access import Scope, can, scope_of
from server.people.models import Actor, RoleGrant
from server.people.roles import Verb


def readable_forms(reader: Actor) -> QuerySet[Form]:
    """Every living form; drafts that were never published only for who may change forms."""
    forms = Form.objects.alive().filter(project__deleted_at=None)
    return forms if can(reader, Verb.FORM_UPDATE) else forms.exclude(current=None)


def verb_to_read(form: Form) -> Verb:
    """What reading submissions of `form` asks for: a restricted one has a verb of its own."""
    is_restricted = form.sensitivity == Form.Sensitivity.RESTRICTED
    return Verb.SUBMISSION_RESTRICTED if is_restricted else Verb.SUBMISSION_READ


def readable_submissions(form: Form, reader: Actor) -> QuerySet[Submission]:
    """The form's living submissions that `reader` may see; drafts' tests are left out."""
    here = Submission.objects.alive().filter(form=form, is_draft=False)
    return here.filter(submissions_within(reader, verb_to_read(form)))


def readable_phones(reader: Actor) -> QuerySet[ProjectAppUser]:
    """The phones that `reader` may hand out: those of workers whose every role lies in the reader's own areas.

    A key carries all of its worker's access, so one role outside is one too many.
    """
    links = ProjectAppUser.objects.filter(app_user__deleted_at=None, project__deleted_at=None)
    scope = scope_of(reader, Verb.FIELD_KEY_CREATE)
    if scope.everywhere:
        return links
    granted = RoleGrant.objects.filter(user=OuterRef("app_user__worker"))
    outside = granted.exclude(grants_in(scope))
    return links.filter(Exists(granted), ~Exists(outside))


def grants_in(scope: Scope) -> Q:
    """The role grants that lie wholly inside `scope`, which is not everywhere."""
    wanted = Q(pk__in=[])
    for path in scope.paths:
        wanted |= Q(area__path__startswith=path) | Q(school__area__path__startswith=path)
    return wanted | Q(school__in=scope.schools)
