"""Places by a code that is, or once was, theirs: phones send old codes until they have the new lists."""

from collections.abc import Iterable

from server.places.models import Area, FormerCode, School, Unit

MODELS: dict[str, type[Area] | type[School] | type[Unit]] = {
    "area": Area, "school": School, "unit": Unit,
}  # fmt: skip
HOPS = 20  # takeovers that are followed


def keys_of(noun: str, codes: Iterable[str]) -> dict[str, int]:
    """code -> key of the place that stands for it today: by its code, else a former one, then whoever took it over."""
    wanted = {one for one in codes if one}
    if not wanted:
        return {}
    model = MODELS[noun]
    rows = list(
        model._default_manager.filter(code__in=wanted).values_list("code", "pk", "successor_id")
    )
    found = {code: pk for code, pk, _ in rows}
    next_of = {pk: successor for _, pk, successor in rows if successor}
    if missing := wanted - found.keys():
        former = FormerCode.objects.filter(noun=noun, code__in=missing)
        old = dict(former.values_list("code", "place_id"))
        found.update(old)
        next_of.update(_successors(noun, old.values()))
    return _followed(noun, found, next_of)


def key_of(noun: str, code: str) -> int | None:
    """The same for one code."""
    return keys_of(noun, [code]).get(code)


def _successors(noun: str, keys: Iterable[int]) -> dict[int, int]:
    rows = MODELS[noun]._default_manager.filter(pk__in=list(keys)).exclude(successor=None)
    return dict(rows.values_list("pk", "successor_id"))


def _followed(noun: str, found: dict[str, int], next_of: dict[int, int]) -> dict[str, int]:
    for _ in range(HOPS):
        if not next_of:
            break
        found = {code: next_of.get(pk, pk) for code, pk in found.items()}
        next_of = _successors(noun, set(next_of.values()))
    return found
