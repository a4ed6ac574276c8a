"""The workers of the sample county: logins, roles and phones."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from django.contrib.auth.hashers import make_password

from forms.models import Project
from forms.services import create_app_user
from rules.programme.sample import names
from rules.programme.sample.places import County, Town
from server.people.models import Actor, AppUser, RoleGrant, User
from server.people.roles import Role
from server.places.models import Area, School

SAMPLE_PASSWORD = "anhu-sample-2026"  # noqa: S105  printed for everybody; such logins exist only in sample counties


@dataclass(frozen=True, slots=True)
class Login:
    """A login to show to newcomers."""

    email: str
    title: str


def _address(name: str) -> str:
    return f"{name}@{names.EMAIL_DOMAIN}"


SAMPLE_LOGINS = (
    Login(_address("village"), "村儿童主任（有手机）"),
    Login(_address("town"), "镇儿童督导员（复核蓝黄、派任务）"),
    Login(_address("county"), "县民政、未保中心（复核红色）"),
    Login(_address("teacher"), "班主任（有手机）"),
    Login(_address("school"), "学校负责人"),
    Login(_address("police"), "派出所"),
    Login(_address("rules"), "表单规则管理员"),
    Login(_address("admin"), "系统管理员"),
)
TOWN_ROLES = (Role.TOWN_HEALTH, Role.TOWN_POLICE, Role.TOWN_LEGAL)
COUNTY_ROLES = (
    Role.COUNTY_CIVIL, Role.COUNTY_CIVIL, Role.COUNTY_EDU, Role.COUNTY_HEALTH, Role.COUNTY_POLICE, Role.COUNTY_LEGAL,
    Role.COUNTY_HOUSING, Role.COUNTY_CULTURE, Role.COUNTY_DPF, Role.COUNTY_WOMENS_FED, Role.COUNTY_YOUTH,
    Role.COUNTY_LEAD, Role.VOLUNTEER,
)  # fmt: skip
PLACELESS = (Role.RULE_ADMIN, Role.RULE_ADMIN, Role.AUDITOR, Role.DPO, Role.ADMIN)
# the first of each role gets the address of its sample login
FIRST = {
    Role.CHILD_DIRECTOR: "village", Role.TOWN_SUPERVISOR: "town", Role.COUNTY_CIVIL: "county",
    Role.CLASS_TEACHER: "teacher", Role.SCHOOL_LEAD: "school", Role.TOWN_POLICE: "police",
    Role.RULE_ADMIN: "rules", Role.ADMIN: "admin",
}  # fmt: skip


@dataclass(slots=True)
class People:
    """Who works where: phones by village, town and class, supervisors by town, the county's reviewers."""

    by_village: dict[int, AppUser] = field(default_factory=dict)
    by_town: dict[int, AppUser] = field(default_factory=dict)
    by_class: dict[tuple[int, str], AppUser] = field(default_factory=dict)
    supervisors: dict[int, User] = field(default_factory=dict)
    county: list[User] = field(default_factory=list)
    phones: dict[int, AppUser] = field(default_factory=dict)  # by the worker's key


@dataclass(slots=True)
class _Office:
    """Makes people: one draw, one password for all, addresses by role and number."""

    project: Project
    draw: Random
    admin: Actor | None = None
    password: str = ""
    counts: dict[Role, int] = field(default_factory=dict)

    def hire(
        self,
        role: Role,
        area: Area | None = None,
        school: School | None = None,
        class_name: str = "",
    ) -> User:
        """A new user with that role there."""
        number = self.counts[role] = self.counts.get(role, 0) + 1
        first = FIRST.get(role) if number == 1 else None
        login = first or f"{role.value.replace('_', '-')}-{number:03d}"
        user = User.objects.create(
            type=Actor.Type.USER,
            email=_address(login),
            display_name=names.person(self.draw),
            password=self.password,
            phone=names.mobile(self.draw),
            language="zh-hans",
        )
        RoleGrant.objects.create(
            user=user, role=role, area=area, school=school, class_name=class_name
        )
        return user

    def equip(self, worker: User, place: str) -> AppUser:
        """A phone for `worker`."""
        name = f"{worker.display_name}（{place}）"
        return create_app_user(self.project, name, worker, actor=self.admin)


def make_people(
    project: Project, county: County, classes: Iterable[tuple[School, str]], draw: Random
) -> People:
    """Somebody for each role everywhere; phones for those who visit, teach and assess."""
    # hashing is slow by design, and the password is known: once for all
    office = _Office(project, draw, password=make_password(SAMPLE_PASSWORD))
    people = People()
    placeless = [office.hire(role) for role in PLACELESS]
    office.admin = placeless[-1]
    for role in COUNTY_ROLES:
        user = office.hire(role, county.area)
        if role == Role.COUNTY_CIVIL:
            people.county.append(user)
    for town in county.towns:
        _staff_town(office, people, town)
    _staff_schools(office, people, county, classes)
    for phone in [*people.by_village.values(), *people.by_town.values(), *people.by_class.values()]:
        people.phones[phone.worker_id or 0] = phone
    return people


def _staff_town(office: _Office, people: People, town: Town) -> None:
    supervisor = office.hire(Role.TOWN_SUPERVISOR, town.area)
    people.supervisors[town.area.pk] = supervisor
    people.by_town[town.area.pk] = office.equip(supervisor, town.area.name)
    for role in TOWN_ROLES:
        office.hire(role, town.area)
    for village in town.villages:
        director = office.hire(Role.CHILD_DIRECTOR, village)
        people.by_village[village.pk] = office.equip(director, village.name)


def _staff_schools(
    office: _Office, people: People, county: County, classes: Iterable[tuple[School, str]]
) -> None:
    for town in county.towns:
        for school in (town.kindergarten, town.primary, town.junior):
            if school is not None:
                office.hire(Role.SCHOOL_LEAD, school=school)
    office.hire(Role.SCHOOL_LEAD, school=county.senior)
    for school, name in classes:
        teacher = office.hire(Role.CLASS_TEACHER, school=school, class_name=name)
        people.by_class[school.pk, name] = office.equip(teacher, f"{school.name}{name}")
