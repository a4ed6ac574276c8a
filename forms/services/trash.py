"""Forms in the trash: taken out again, or gone for good after a month (ODK Central's rule)."""

from django.db import IntegrityError, transaction

from forms import problems
from forms.models import Form, FormVersion
from forms.models.dataset import Dataset
from forms.services import projects
from forms.xlsform.entity import EntityDeclaration
from server.people.models import Actor
from server.problems import Problem


@transaction.atomic
def restore_form(form: Form, *, actor: Actor | None) -> None:
    """Take the form out of the trash. Problems: FORM_ID_IN_USE; FORM_LISTS_GONE where a list that it
    writes, or a property of one, is there no more.
    """
    gone = _lists_gone(form.current) if form.current else []
    if gone:
        raise Problem(problems.FORM_LISTS_GONE, names=", ".join(gone))
    try:
        with transaction.atomic():
            projects.restore_form(form, actor=actor)
    except IntegrityError:  # one living form of an id: the database holds it
        raise Problem(problems.FORM_ID_IN_USE, form=form.xml_form_id) from None


def _lists_gone(version: FormVersion) -> list[str]:
    declared = [EntityDeclaration.from_json(one) for one in version.entities]
    rows = Dataset.objects.filter(
        project=version.form.project_id, name__in=[one.dataset for one in declared]
    ).prefetch_related("properties")
    have = {one.name: {each.name.lower() for each in one.properties.all()} for one in rows}
    return [
        one.dataset
        for one in declared
        if one.dataset not in have or {name.lower() for name in one.saves} - have[one.dataset]
    ]
