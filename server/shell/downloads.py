"""Names of downloads that browsers keep whole, Chinese ones too."""

from urllib.parse import quote


def disposition(filename: str) -> str:
    """Content-Disposition for any name, by RFC 6266: an ASCII stand-in and the true one."""
    plain = "".join(
        char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in filename
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
