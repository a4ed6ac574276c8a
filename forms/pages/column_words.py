"""What the columns of an entity list are called, and their values: in the words of the form that fills them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from forms.form_cache import meaning_of
from forms.models import Dataset, Form
from forms.pages.words import in_language
from forms.xlsform.field import Field

MOST_FORMS = 30
# columns that are calculated: no question has their name
_CALCULATED: dict[str, Promise] = {
    "last_visit_date": _("Last visit"),
    "last_assess_date": _("Last assessment"),
    "last_school_check": _("Last school check"),
}


@dataclass(frozen=True, slots=True)
class ColumnWords:
    """By property, the question that fills it."""

    questions: Mapping[str, Field] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, dataset: Dataset) -> "ColumnWords":
        """Of the published forms of the project that have a question of a property's name; the one with choices or a
        label wins. Two queries, besides forms not seen yet.
        """
        names = tuple(dataset.properties.values_list("name", flat=True))
        versions = Form.objects.alive().filter(project_id=dataset.project_id, current__isnull=False)
        found: dict[str, Field] = {}
        rows = versions.order_by("pk").values_list("current_id", "current__sha256")[:MOST_FORMS]
        for pk, sha256 in rows:
            for one in meaning_of(pk, sha256).fields:
                if one.name in names and one.is_leaf and one.labels:
                    found.setdefault(one.name, one)
        return cls(found, names)

    def title(self, name: str) -> str:
        """The question's text, else the column's name."""
        known = self.questions.get(name)
        return (in_language(known.labels) if known else "") or str(_CALCULATED.get(name, name))

    def place(self, name: str) -> tuple[int, str]:
        """For sorting: in the order of the list's columns, what is none of them first."""
        return (self.names.index(name) if name in self.names else -1, name)

    def answer(self, name: str, text: str) -> str:
        """A value as people read it: codes by the texts of their choices."""
        known = self.questions.get(name)
        texts = {one.name: in_language(one.labels) for one in known.choices} if known else {}
        if not texts:
            return text
        codes = text.split() if known and known.select_multiple else [text]
        return "、".join(texts.get(code) or code for code in codes)
