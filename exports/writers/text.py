"""Text on its way out as bytes."""

from collections.abc import Iterable, Iterator

CHUNK = 256 * 1024  # characters


def in_chunks(texts: Iterable[str]) -> Iterator[bytes]:
    """UTF-8 in chunks of some 256 KiB."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= CHUNK:
            yield "".join(waiting).encode()
            waiting.clear()
            size = 0
    if waiting:
        yield "".join(waiting).encode()


def begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks, the first one made already: what fails at once can still be refused."""
    first = next(chunks, b"")

    def whole() -> Iterator[bytes]:
        yield first
        yield from chunks

    return whole()
