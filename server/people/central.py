"""ODK Central's roles as `/v1/roles` tells them; what they open here is in `roles.CAPABILITIES`.

The numbers are those of a fresh Central, because clients have them built in (pyodk assigns role 2 to app users).
"""

from dataclasses import dataclass
from typing import Any

from server.people.roles import Role, Verb
from server.problems import NOT_FOUND, Problem

BORN = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class CentralRole:
    """A role with Central's names of verbs."""

    id: int
    system: str
    name: str
    verbs: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The contract's Role."""
        return {
            "id": self.id, "name": self.name, "system": self.system, "verbs": list(self.verbs),
            "createdAt": BORN, "updatedAt": None,
        }  # fmt: skip


def _verbs(text: str) -> tuple[str, ...]:
    """`form: create read` -> form.create, form.read"""
    found = []
    for line in text.strip().splitlines():
        thing, _, deeds = line.strip().partition(":")
        found += [f"{thing}.{deed}" for deed in deeds.split()]
    return tuple(sorted(found))


_VIEWER = """
project: read
form: list read
submission: list read
dataset: list read
entity: list read
"""
_MANAGER = """
project: read update delete
form: create delete list read restore update
submission: create delete list read restore update
dataset: create delete list read update
entity: create delete list read restore update
field_key: create delete list update
public_link: create delete list read update
session: end
assignment: create delete list
actor_property: list update
"""
_ADMIN = """
project: create
user: create delete list password.invalidate password.reset read update
audit: read
config: read set
role: create delete update
submission: purge
entity: purge
"""
_FORMFILL = """
project: read
form: list read
submission: create
"""
ROLES: tuple[CentralRole, ...] = (
    CentralRole(1, "admin", "Administrator", _verbs(_MANAGER + _ADMIN.lstrip())),
    CentralRole(2, "app-user", "App User", _verbs("form: list read\nsubmission: create")),
    CentralRole(3, "pwreset", "Password Reset Token", _verbs("user: password.reset")),
    CentralRole(4, "initbkup", "Initial Backup Configurator", _verbs("config: set")),
    CentralRole(5, "manager", "Project Manager", _verbs(_MANAGER)),
    CentralRole(6, "viewer", "Project Viewer", _verbs(_VIEWER)),
    CentralRole(7, "formfill", "Data Collector", _verbs(_FORMFILL)),
    CentralRole(8, "pub-link", "Public Link", _verbs("form: read\nsubmission: create")),
)
# those that a person can be given
FOR_PEOPLE = {role.value: role for role in (Role.ADMIN, Role.MANAGER, Role.VIEWER, Role.FORMFILL)}
APP_USER = ROLES[1]

# what each of our verbs is in Central's words, where one of ours stands for several
_WIDER: dict[Verb, str] = {
    Verb.PROJECT_UPDATE: "project: update delete",
    Verb.FORM_READ: "form: list read\ndataset: list read",
    Verb.FORM_UPDATE: "form: create delete restore update\ndataset: create delete update",
    Verb.FIELD_KEY_CREATE: "field_key: create delete list update\nsession: end\npublic_link: create delete list",
    Verb.USER_CREATE: "user: create delete list read update password.invalidate",
    Verb.ASSIGNMENT_CREATE: "assignment: create delete list",
    Verb.SUBMISSION_READ: "submission: list read",
    Verb.SUBMISSION_UPDATE: "submission: delete restore update",
    Verb.ENTITY_READ: "entity: list read",
    Verb.ENTITY_UPDATE: "entity: create delete restore update",
}


def central_verbs(held: set[Verb]) -> list[str]:
    """`held` with Central's names for what they open, in order: what extended metadata lists as `verbs`."""
    wider = {name for verb in held for name in _verbs(_WIDER.get(verb, ""))}
    return sorted({str(verb) for verb in held} | wider)


def role_named(said: str) -> CentralRole:
    """The role with this number or system name. Problem 404.1."""
    for role in ROLES:
        if said in (role.system, str(role.id)):
            return role
    raise Problem(NOT_FOUND)
