"""How many queries each request below /v1 makes, with one record and with fifty more: printed as `docs/queries.txt`.

    python -m pytest tests/bench/queries.py -q > /dev/null     (writes the file)

Asked by an administrator with a session's token; what phones ask, by a phone. Savepoints and the
test's own transaction are left out; each address is asked once before it is counted, as on a server that has run for a
minute. `tests/test_queries.py` holds what is asked most to these figures in the suite.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from forms.registry import register_submission
from forms.services import receive_submission
from server.people.authentication import open_session
from tests.forms.field_work import create_entity, instance
from tests.test_permissions import Country, addresses, ask, methods_of

FILE = Path(__file__).resolve().parents[2] / "docs" / "queries.txt"
MORE = 50
HEAD = """\
Queries of each request: with one record and entity, and with fifty more of each. Made by
`python -m pytest tests/bench/queries.py`; SQLite and PostgreSQL are asked the same. Writes are sent an empty
body, which most refuse: their figure is that of the checks. `*`: it grows with the rows that it returns.

"""
BY_PHONE = ("/formList", "/manifest", "/submission", ".xml", "/integrity")


def told(client: Client, world: Country, headers: dict[str, str], method: str, route: str) -> Any:
    """(status, queries) of one request."""
    letter = "t" if route.startswith("v1/test/") else "a"
    path = re.sub(r"<(\w+)>", lambda m: str(world.values(route, letter)[m[1]]), route[2:])
    path += world.query(route)
    is_phones = letter == "a" and route.endswith(BY_PHONE) and "/draft" not in route
    before = f"/v1/key/{world.phone.key}" if is_phones else "/v1"
    sent = {} if is_phones else headers
    ask(client, method, before + path, world.body(method, route), sent)
    with CaptureQueriesContext(connection) as found:
        status, _ = ask(client, method, before + path, world.body(method, route), sent)
    words = [one["sql"].split(" ", 1)[0] for one in found.captured_queries]
    return status, sum(one not in ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN") for one in words)


def grow(world: Country, country: Any) -> None:
    """Fifty more records and children."""
    for number in range(MORE):
        child = f"22222222-2222-4222-8222-{number:012}"
        answers = {"child_name": f"c{number}", "village_code": country.village.code}
        xml = instance("enum", answers, entity=create_entity(child, f"c{number}"))
        register_submission(
            receive_submission(world.project, xml, actor=world.people["w"]).version.pk
        )
        note = instance("visit", {"note": "n"})
        receive_submission(world.project, note, actor=world.people["w"])


@pytest.mark.bench
@pytest.mark.django_db
def test_write_the_table(country: Any) -> None:
    world = Country(country)
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {open_session(world.people['a'])[1]}"}
    calls = [(method, route) for route, one in addresses() for method in methods_of(one)]
    calls = sorted(
        {one for one in calls if "sessions/current" not in one[1]}, key=lambda one: (one[1], one[0])
    )
    first = {one: told(client, world, headers, *one) for one in calls}
    grow(world, country)
    lines = []
    for call in calls:
        status, before = first[call]
        if status == 405:
            continue
        _, after = told(client, world, headers, *call)
        mark = " *" if after > before else ""
        lines.append(f"{call[0]:6} {call[1]:100} {status} {before:3} {after:3}{mark}".rstrip())
    FILE.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
