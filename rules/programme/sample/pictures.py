"""Small pictures, so that submissions have files: a plain colour with a band, as PNG."""

import struct
import zlib
from random import Random


def picture(draw: Random, width: int = 64, height: int = 48) -> bytes:
    """A valid PNG of a drawn colour."""
    colour = bytes(draw.randrange(90, 230) for _ in range(3))
    band = bytes(value // 2 for value in colour)
    rows = b"".join(
        b"\0" + (band if height // 3 <= row < height // 2 else colour) * width
        for row in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
