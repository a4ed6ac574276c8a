"""`$select` -> what is wanted of each row."""

from collections.abc import Sequence

from exports.problems import SELECT_REPEATED, SELECT_UNKNOWN
from exports.tables.odata import SYSTEM_FIELDS, Wanted
from forms.instance.odata import ROOT, Member, ODataShape, parent_key
from server.problems import Problem


def wanted_of(select: str, shape: ODataShape, table: str) -> Wanted | None:
    """The properties that `$select` names, None for all. Problems: SELECT_UNKNOWN, SELECT_REPEATED."""
    if not select:
        return None
    chain = shape.tables[table]
    members = chain[-1].members if chain else shape.members
    system = {"__id"} if table == ROOT else {"__id", parent_key(chain)}
    wanted: Wanted = {}
    for name in (one.strip() for one in select.split(",")):
        if name in system:
            wanted[name] = None
        elif table == ROOT and name.partition("/")[0] == "__system":
            _want_system(wanted, name)
        else:
            _want(wanted, name.split("/"), members, name)
    return wanted


def _want_system(wanted: Wanted, name: str) -> None:
    _, _, below = name.partition("/")
    if name == "__system":
        wanted["__system"] = None
    elif below not in SYSTEM_FIELDS:
        raise Problem(SELECT_UNKNOWN, property=name[:120])
    elif wanted.get("__system", {}) is not None:
        wanted.setdefault("__system", {})[below] = None


def _want(wanted: Wanted, labels: Sequence[str], members: Sequence[Member], name: str) -> None:
    one = next((each for each in members if each.label == labels[0]), None)
    if one is None:
        raise Problem(SELECT_UNKNOWN, property=name[:120])
    if len(labels) == 1:
        wanted[one.label] = None
        return
    if one.is_repeat:
        raise Problem(SELECT_REPEATED, property=name[:120])
    if wanted.get(one.label, {}) is None:
        return  # the whole group is wanted already
    _want(wanted.setdefault(one.label, {}), labels[1:], one.members, name)
