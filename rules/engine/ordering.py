"""In which order to compute names, and circles among them (design.md §6: "no cycles")."""

from collections.abc import Iterator, Mapping


def dependency_order(reads: Mapping[str, frozenset[str]]) -> tuple[list[str], list[str]]:
    """The keys of `reads`, each after the keys it reads, otherwise in the given order; and the keys
    that stand in or behind a circle. Not recursive: a chain may be long."""
    waiting = {name: {other for other in needs if other in reads} for name, needs in reads.items()}
    order: list[str] = []
    ready = [name for name, needs in waiting.items() if not needs]
    readers: dict[str, list[str]] = {}
    for name, needs in waiting.items():
        for other in needs:
            readers.setdefault(other, []).append(name)
    for name in _grow(ready):
        order.append(name)
        for reader in readers.get(name, []):
            waiting[reader].discard(name)
            if not waiting[reader]:
                ready.append(reader)
    done = set(order)
    return order, [name for name in reads if name not in done]


def _grow(queue: list[str]) -> Iterator[str]:
    """The items of `queue`, those too that are added meanwhile."""
    index = 0
    while index < len(queue):
        yield queue[index]
        index += 1


def circle_in(stuck: list[str], reads: Mapping[str, frozenset[str]]) -> list[str]:
    """One circle among `stuck`, as the names on the way round."""
    left = set(stuck)
    path = [min(left)]
    while True:
        following = min(name for name in reads[path[-1]] if name in left)
        if following in path:
            return path[path.index(following) :]
        path.append(following)
