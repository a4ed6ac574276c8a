"""The roles of the programme (domain report, section 7.1) and what each may do. Django-free but for translation.

A role is granted over an area (and all below it), a school, or a class of a school. `CAPABILITIES` is the whole of what
roles mean: views ask for a verb, never for a role.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMIN = "admin", _("Administrator")
    CHILD_DIRECTOR = "child_director", _("Village child director")
    CLASS_TEACHER = "class_teacher", _("Class teacher")
    SUBJECT_TEACHER = "subject_teacher", _("Subject teacher")
    SCHOOL_LEAD = "school_lead", _("School lead")
    TOWN_SUPERVISOR = "town_supervisor", _("Town child supervisor")
    TOWN_HEALTH = "town_health", _("Town health centre")
    TOWN_POLICE = "town_police", _("Police station")
    TOWN_LEGAL = "town_legal", _("Town judicial office")
    COUNTY_CIVIL = "county_civil", _("County civil affairs (protection centre)")
    COUNTY_EDU = "county_edu", _("County education")
    COUNTY_HEALTH = "county_health", _("County health")
    COUNTY_POLICE = "county_police", _("County police")
    COUNTY_LEGAL = "county_legal", _("County justice and legal aid")
    COUNTY_HOUSING = "county_housing", _("County housing")
    COUNTY_CULTURE = "county_culture", _("County culture and tourism")
    COUNTY_DPF = "county_dpf", _("County disabled persons' federation")
    COUNTY_WOMENS_FED = "county_womens_fed", _("County women's federation")
    COUNTY_YOUTH = "county_youth", _("County youth league")
    COUNTY_LEAD = "county_lead", _("County leading group")
    VOLUNTEER = "volunteer", _("Volunteer or surrogate parent")
    RULE_ADMIN = "rule_admin", _("Form and rule administrator")
    AUDITOR = "auditor", _("Auditor")
    DPO = "dpo", _("Data protection officer")
    # ODK Central's, held on the site, on a project or on a form; see `server.people.central`
    MANAGER = "manager", _("Project manager")
    VIEWER = "viewer", _("Project viewer")
    FORMFILL = "formfill", _("Data collector")


class Verb(models.TextChoices):
    """What can be done. Names follow ODK Central's verbs where it has them."""

    PROJECT_READ = "project.read"
    PROJECT_CREATE = "project.create"
    PROJECT_UPDATE = "project.update"  # its name, its archiving, its deletion
    FORM_READ = "form.read"
    FORM_UPDATE = "form.update"
    FIELD_KEY_CREATE = "field_key.create"
    USER_CREATE = "user.create"
    ASSIGNMENT_CREATE = "assignment.create"
    SUBMISSION_CREATE = "submission.create"
    SUBMISSION_READ = "submission.read"
    SUBMISSION_RESTRICTED = "submission.restricted"  # forms marked restricted: F06
    SUBMISSION_UPDATE = "submission.update"
    ENTITY_READ = "entity.read"
    ENTITY_UPDATE = "entity.update"
    TIER_REVIEW = "tier.review"  # confirm and override blue and yellow
    TIER_REVIEW_RED = "tier.review_red"
    TASK_READ = "task.read"
    TASK_ACT = "task.act"
    TASK_ASSIGN = "task.assign"
    TASK_VERIFY = "task.verify"
    RULES_READ = "rules.read"
    RULES_UPDATE = "rules.update"
    RULES_RELEASE = "rules.release"
    EXPORT_READ = "export.read"
    AUDIT_READ = "audit.read"
    PLACE_UPDATE = "place.update"  # master data: areas, schools, classes, units


_READ = {Verb.PROJECT_READ, Verb.FORM_READ}
_FIELD = _READ | {
    Verb.SUBMISSION_CREATE,
    Verb.ENTITY_READ,
    Verb.SUBMISSION_READ,
    Verb.TASK_READ,
    Verb.TASK_ACT,
}
_DESK = _READ | {
    Verb.ENTITY_READ,
    Verb.TASK_READ,
    Verb.TASK_ACT,
    Verb.SUBMISSION_CREATE,
}
_TOWN = _FIELD | {
    Verb.SUBMISSION_RESTRICTED,
    Verb.SUBMISSION_UPDATE,
    Verb.ENTITY_UPDATE,
    Verb.TIER_REVIEW,
    Verb.TASK_ASSIGN,
    Verb.TASK_VERIFY,
    Verb.EXPORT_READ,
    Verb.RULES_READ,
    Verb.FIELD_KEY_CREATE,  # for the workers of their own areas
}

_VIEW = _READ | {Verb.SUBMISSION_READ, Verb.ENTITY_READ, Verb.EXPORT_READ}

CAPABILITIES: dict[Role, frozenset[Verb]] = {
    Role.ADMIN: frozenset(Verb),
    Role.CHILD_DIRECTOR: frozenset(_FIELD),
    Role.CLASS_TEACHER: frozenset(_FIELD),
    Role.SUBJECT_TEACHER: frozenset(_READ | {Verb.SUBMISSION_CREATE}),
    Role.SCHOOL_LEAD: frozenset(_FIELD | {Verb.TASK_ASSIGN, Verb.TASK_VERIFY, Verb.EXPORT_READ}),
    Role.TOWN_SUPERVISOR: frozenset(_TOWN),
    Role.TOWN_HEALTH: frozenset(_DESK),
    Role.TOWN_POLICE: frozenset(_DESK | {Verb.SUBMISSION_RESTRICTED}),
    Role.TOWN_LEGAL: frozenset(_DESK),
    Role.COUNTY_CIVIL: frozenset(_TOWN | {Verb.TIER_REVIEW_RED, Verb.PLACE_UPDATE}),
    Role.COUNTY_EDU: frozenset(_DESK),
    Role.COUNTY_HEALTH: frozenset(_DESK),
    Role.COUNTY_POLICE: frozenset(_DESK | {Verb.SUBMISSION_RESTRICTED}),
    Role.COUNTY_LEGAL: frozenset(_DESK),
    Role.COUNTY_HOUSING: frozenset(_DESK),
    Role.COUNTY_CULTURE: frozenset(_DESK),
    Role.COUNTY_DPF: frozenset(_DESK),
    Role.COUNTY_WOMENS_FED: frozenset(_DESK),
    Role.COUNTY_YOUTH: frozenset(_DESK),
    Role.COUNTY_LEAD: frozenset(
        _READ | {Verb.ENTITY_READ, Verb.TASK_READ, Verb.TASK_ASSIGN, Verb.RULES_READ}
    ),
    Role.VOLUNTEER: frozenset({Verb.PROJECT_READ, Verb.SUBMISSION_CREATE}),
    Role.RULE_ADMIN: frozenset(
        _READ
        | {
            Verb.FORM_UPDATE,
            Verb.RULES_READ,
            Verb.RULES_UPDATE,
            Verb.RULES_RELEASE,
        }
    ),
    Role.AUDITOR: frozenset(_READ | {Verb.AUDIT_READ, Verb.RULES_READ}),
    Role.DPO: frozenset(_READ | {Verb.AUDIT_READ}),
    # Restricted forms are not opened by a role on the whole project: `RESTRICTED_BY_FORM`
    Role.MANAGER: frozenset(
        _VIEW
        | {
            Verb.PROJECT_UPDATE,
            Verb.FORM_UPDATE,
            Verb.FIELD_KEY_CREATE,
            Verb.ASSIGNMENT_CREATE,
            Verb.SUBMISSION_CREATE,
            Verb.SUBMISSION_UPDATE,
            Verb.ENTITY_UPDATE,
        }
    ),
    Role.VIEWER: frozenset(_VIEW),
    Role.FORMFILL: frozenset(_READ | {Verb.SUBMISSION_CREATE}),
}

# A role on one form opens it even where it is restricted: who gave it named that very form
RESTRICTED_BY_FORM: frozenset[Role] = frozenset({Role.MANAGER, Role.VIEWER})


def verbs_of(role: str, *, on_form: bool = False) -> frozenset[Verb]:
    """What a grant of `role` opens where it holds; `on_form`: it names one form."""
    verbs = CAPABILITIES[Role(role)]
    if on_form and role in RESTRICTED_BY_FORM:
        return verbs | {Verb.SUBMISSION_RESTRICTED}
    return verbs
