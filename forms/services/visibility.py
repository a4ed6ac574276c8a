"""Which submissions and entities a person may see and change: the forms floor's part of the
permission matrix.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from forms.models import Dataset, Entity, Form, Project, Subject, Submission
from forms.registry.placing import is_placed
from server.people.access import person_of, require, scope_of
from server.people.models import Actor
from server.people.roles import Verb
from server.problems import NOT_FOUND, Problem


def submissions_within(actor: Actor, verb: Verb) -> Q:
    """A filter on Submission: those placed in the actor's areas and schools, about a child of the
    actor's class, or sent by them.
    """
    scope = scope_of(actor, verb)
    if scope.everywhere:
        return Q()
    wanted = own_submissions(actor) if verb == Verb.SUBMISSION_READ else Q(pk__in=[])
    classless = type(scope)(paths=scope.paths, schools=scope.schools)
    if classless:
        wanted |= classless.query()
    for school, name in scope.classes:
        links = Subject.objects.filter(
            submission=OuterRef("pk"), entity__school=school, entity__class_name=name
        )
        wanted |= Q(Exists(links))
    return wanted


def own_submissions(actor: Actor) -> Q:
    """A filter on Submission: those that the person, or their phone, has sent."""
    person = person_of(actor)
    return Q(submitter=person) | Q(submitter__appuser__worker=person) if person else Q(pk__in=[])


def verb_to_read(form: Form) -> Verb:
    """What reading submissions of `form` asks for: a restricted one has a verb of its own."""
    is_restricted = form.sensitivity == Form.Sensitivity.RESTRICTED
    return Verb.SUBMISSION_RESTRICTED if is_restricted else Verb.SUBMISSION_READ


def visible_submissions(
    actor: Actor, form: Form, verb: Verb = Verb.SUBMISSION_READ
) -> QuerySet[Submission]:
    """The submissions of `form` within the actor's scope for `verb`; to change those of a
    restricted form, the right to read it is needed too. Problems: 401.2, 403.1.
    """
    rows = Submission.objects.filter(form=form)
    for needed in {
        verb_to_read(form) if verb == Verb.SUBMISSION_READ else verb,
        verb_to_read(form),
    }:
        require(actor, needed)
        rows = rows.filter(submissions_within(actor, needed))
    return rows


def visible_in_lists(actor: Actor) -> Q:
    """A filter on Submission for counts over all forms: restricted ones only where that right
    holds.
    """
    is_normal = Q(form__sensitivity=Form.Sensitivity.NORMAL)
    normal = submissions_within(actor, Verb.SUBMISSION_READ)
    restricted = submissions_within(actor, Verb.SUBMISSION_RESTRICTED)
    return (is_normal & normal) | (~is_normal & restricted)


def entities_for(actor: Actor, dataset: Dataset, verb: Verb = Verb.ENTITY_READ) -> QuerySet[Entity]:
    """The entities of `dataset` within the actor's scope, deleted ones included. Problems: 401.2,
    403.1.
    """
    require(actor, verb)
    rows = Entity.objects.filter(dataset=dataset)
    return (
        rows.filter(scope_of(actor, verb).query())
        if is_placed(dataset)
        else _unplaced(rows, actor, verb)
    )


def _unplaced(rows: QuerySet[Entity], actor: Actor, verb: Verb) -> QuerySet[Entity]:
    """Lists that stand in no area are everybody's, but rows that were placed or given to a worker
    are theirs.
    """
    scope = scope_of(actor, verb)
    if scope.everywhere:
        return rows
    person = person_of(actor)
    free = Q(area=None, school=None, worker=None)
    return rows.filter(free | Q(worker=person) | scope.query())


def dataset_for(project: Project, name: str) -> Dataset:
    """The list of that name. Problem 404.1."""
    found = Dataset.objects.filter(project=project, name=name).select_related("project").first()
    if found is None:
        raise Problem(NOT_FOUND)
    return found
