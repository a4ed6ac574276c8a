"""A county for measurements: children with six submissions each, taken from the programme's own cases, in the tables of
a database that `anhu load` has filled with the programme. No phones, no evaluation.

    DATA_DIR=... python -m tests.bench.county 10000
"""

import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import count, islice
from typing import Any

import django

EACH = 6  # submissions of a child
BATCH = 500
VILLAGES = 50
CALM: dict[str, Any] = {"visit_kind": "routine", "child_seen": "yes", "mood_obs": "stable"}


def stories() -> list[list[Mapping[str, Any]]]:
    """The submissions of the programme's cases that tell a whole child, each padded with calm visits."""
    from rules.programme import programme_cases  # noqa: PLC0415  after django.setup
    from rules.programme.load import INSTRUMENTS  # noqa: PLC0415

    told = [case["submissions"] for case in programme_cases() if "tier" in case["expected"]]
    bundled = [one for one in told if {each["form"] for each in one} <= set(INSTRUMENTS)]
    return [_padded(list(one)) for one in bundled]


def _padded(submissions: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    last = date.fromisoformat(max(str(one["date"])[:10] for one in submissions))
    for number in range(len(submissions), EACH):
        day = last.replace(day=1 + number)
        submissions.insert(0, {"form": "home_visit", "date": day.isoformat(), "data": CALM})
    return submissions[-EACH:]


def fill(children: int) -> list[int]:
    """Make `children`; answers their keys."""
    from forms.models import Dataset, Entity  # noqa: PLC0415
    from rules.programme.load import find_programme  # noqa: PLC0415

    project = find_programme()
    assert project is not None, "load the programme first"
    dataset = Dataset.objects.get(project=project, name="child")
    villages, known, keys = _villages(), stories(), []
    numbers = iter(range(children))
    while numbers_now := list(islice(numbers, BATCH)):
        made = Entity.objects.bulk_create(
            Entity(
                dataset=dataset,
                uuid=uuid.uuid4(),
                label=f"儿童{number}",
                data={"child_name": f"儿童{number}", "dob": "2015-05-01"},
                area=villages[number % len(villages)],
            )
            for number in numbers_now
        )
        _submit(project.pk, [(child, known[child.pk % len(known)]) for child in made])
        keys += [child.pk for child in made]
    return keys


def _villages() -> Sequence[Any]:
    from server.places.models import Area  # noqa: PLC0415

    kind = Area.Kind
    county = _area("528801", "量县", kind.COUNTY, None)
    towns = [_area(f"5288011{n:02}", f"镇{n}", kind.TOWN, county) for n in range(5)]
    return [
        _area(f"{towns[n % 5].code}2{n:02}", f"村{n}", kind.VILLAGE, towns[n % 5])
        for n in range(VILLAGES)
    ]


def _area(code: str, name: str, kind: Any, parent: Any) -> Any:
    from server.places.models import Area  # noqa: PLC0415

    fields = {"name": name, "kind": kind, "parent": parent, "path": Area.path_of(code, parent)}
    return Area.objects.get_or_create(code=code, defaults=fields)[0]


def _submit(project: int, told: Sequence[tuple[Any, list[Mapping[str, Any]]]]) -> None:
    from forms.models import Subject, Submission, SubmissionVersion  # noqa: PLC0415

    forms = _versions(project)
    rows = list(_rows(told))
    submissions = Submission.objects.bulk_create(
        Submission(form=forms[form].form, instance_id=f"uuid:{uuid.uuid4()}", area=child.area, created_at=at)
        for child, form, at, _ in rows
    )  # fmt: skip
    SubmissionVersion.objects.bulk_create(
        SubmissionVersion(
            submission=submission,
            form_version=forms[form],
            form=forms[form].form,
            instance_id=submission.instance_id,
            xml=b"<data/>",
            xml_sha256="0" * 64,
            data={name: _text(value) for name, value in data.items()},
            occurred_on=at.date(),
            created_at=at,
        )
        for submission, (_, form, at, data) in zip(submissions, rows, strict=True)
    )
    Subject.objects.bulk_create(
        Subject(submission=submission, entity=child)
        for submission, (child, *_) in zip(submissions, rows, strict=True)
    )


def _rows(
    told: Sequence[tuple[Any, list[Mapping[str, Any]]]],
) -> Iterator[tuple[Any, str, datetime, Any]]:
    for child, submissions in told:
        for number, one in zip(count(), submissions):
            day = date.fromisoformat(str(one["date"])[:10])
            yield child, one["form"], datetime.combine(day, time(4, number), UTC), one["data"]


def _versions(project: int) -> dict[str, Any]:
    """The current version of each form."""
    from forms.models import Form  # noqa: PLC0415

    rows = Form.objects.filter(project_id=project, current__isnull=False)
    return {form.xml_form_id: form.current for form in rows.select_related("current")}


def _text(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value


if __name__ == "__main__":
    django.setup()
    fill(int(sys.argv[1]))
