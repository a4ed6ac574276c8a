"""Both sides of a child's transfer are told of it: those who must answer, those who asked, those who lose or get the
child.
"""

from forms.models import Transfer
from rules.services.notices import notify
from server.people.access import holders
from server.people.models import User
from server.people.roles import Role

KIND = "transfer"
# who answers for an area, the closest first
_OFFICES = (Role.TOWN_SUPERVISOR, Role.COUNTY_CIVIL)
_FIELD = (Role.CHILD_DIRECTOR, Role.CLASS_TEACHER)
_WORDS = {
    "request": ("申请转入，请在15日内答复：{name}", "Asks to move here, please answer within 15 days: {name}"),
    "accept": ("转移已接收：{name}", "The transfer was accepted: {name}"),
    "refuse": ("转移被退回：{name}", "The transfer was refused: {name}"),
    "withdraw": ("转移申请已撤回：{name}", "The transfer was taken back: {name}"),
}  # fmt: skip


def tell_transfer(transfer_id: int, action: str) -> None:
    """A Reaction's job: a notice to each who must know of `action` ("request", "accept", "refuse", "withdraw"); nobody
    is told of what they did themselves.
    """
    transfer = Transfer.objects.select_related(
        "entity", "from_area", "to_area", "to_school__area"
    ).get(pk=transfer_id)
    people = _there(transfer) if action in ("request", "withdraw") else _here(transfer)
    if action == "accept":
        people += _holders(transfer, _FIELD, there=True)
    doer = transfer.decided_by_id or transfer.requested_by_id
    zh, en = _WORDS[action]
    text = {
        "zh": zh.format(name=transfer.entity.label),
        "en": en.format(name=transfer.entity.label),
    }
    told = [user for user in people if user.pk != doer]
    notify(told, KIND, text, entity=transfer.entity)


def _there(transfer: Transfer) -> list[User]:
    return _holders(transfer, _OFFICES, there=True)[:5]


def _here(transfer: Transfer) -> list[User]:
    asked = User.objects.filter(pk=transfer.requested_by_id, is_active=True, deleted_at=None)
    return [*asked, *_holders(transfer, _FIELD, there=False)]


def _holders(transfer: Transfer, roles: tuple[Role, ...], *, there: bool) -> list[User]:
    area = transfer.to_area if there else transfer.from_area
    school = transfer.to_school_id if there else transfer.from_school_id
    if there and area is None and transfer.to_school is not None:
        area = transfer.to_school.area
    name = transfer.to_class if there else transfer.from_class
    found: list[User] = []
    for role in roles:
        closest = holders(role.value, area.path if area else None, school, name)
        found += closest[:2]
    return found
