"""The program of a converting child (`forms.xlsform.converter`): workbooks in by stdin, forms out by
stdout, one after another.

It ends by itself when its parent is gone or has asked nothing for a while. What a workbook makes it
write to stdout goes to stderr: stdout belongs to the answers.
"""

import os
import pickle
import resource
import select
import struct
import sys
from contextlib import suppress
from typing import IO, Any

from forms import problems
from forms.xlsform.workbook import read_workbook
from server.problems import Problem

LENGTH = struct.Struct(">Q")


def main(memory: int, idle: float) -> None:
    """Answer until stdin ends, or nothing was asked for `idle` seconds; `memory` in bytes of address
    space.
    """
    with suppress(ValueError, OSError):  # a host that knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    os.nice(5)  # whoever waits for a page goes first
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions = os.fdopen(os.dup(0), "rb", buffering=0)  # `select` must see all that is there
    while select.select([questions], [], [], idle)[0]:
        head = read_exactly(questions, LENGTH.size)
        if head is None:
            return
        said = read_exactly(questions, LENGTH.unpack(head)[0])
        if said is None:
            return
        write_block(answers, pickle.dumps(answer(*pickle.loads(said))))  # noqa: S301  from our parent


def answer(content: bytes, filename: str, fallback: str) -> tuple[str, Any]:
    """("form", Converted) or ("problem", its parts): an exception does not survive pickling."""
    try:
        return "form", read_workbook(content, filename, fallback)
    except Problem as fault:
        if isinstance(fault.__cause__, MemoryError):
            return "problem", parts_of(Problem(problems.WORKBOOK_TOO_HEAVY))
        return "problem", parts_of(fault)
    except MemoryError:
        return "problem", parts_of(Problem(problems.WORKBOOK_TOO_HEAVY))


def parts_of(fault: Problem) -> tuple[Any, ...]:
    """What `converter` makes the Problem of again."""
    return fault.kind, fault.places, fault.details, fault.tokens


def write_block(stream: IO[bytes], block: bytes) -> None:
    """A length, then so many bytes."""
    stream.write(LENGTH.pack(len(block)))
    stream.write(block)
    stream.flush()


def read_exactly(stream: Any, size: int) -> bytes | None:
    """So many bytes, or None when the stream ends before."""
    found = bytearray()
    while len(found) < size:
        piece = stream.read(min(size - len(found), 1 << 20))
        if not piece:
            return None
        found += piece
    return bytes(found)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
