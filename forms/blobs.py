"""Files in and out of storage, addressed by their SHA-256 (design.md section 4).

A file is stored durably before the transaction that speaks of it begins, so a committed row never
names a missing file; a file that no row names (the transaction failed) does no harm and is the same
file when the upload is tried again.
"""

import hashlib
import mimetypes
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.storage.base import Storage

from forms.models import Blob

CHUNK = 256 * 1024
ABANDONED = 86_400.0  # seconds after which nobody goes on writing a file


class Readable(Protocol):
    """What can be stored: Django's uploaded files and any open binary file."""

    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, /) -> object: ...


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is in storage; `blob_of` makes the row inside the caller's transaction."""

    sha256: str
    md5: str
    size: int
    content_type: str


def store_file(source: bytes | Readable, name: str = "", content_type: str = "") -> StoredFile:
    """Put `source` into storage, durably; costs one read when it is there already. Call before the
    transaction.
    """
    stored = _measure(source, content_type or guess_type(name))
    place = Blob(sha256=stored.sha256).storage_name
    storage = _storage()
    if isinstance(storage, FileSystemStorage):
        target = Path(storage.path(place))
        if not _is_there(target, stored.size):
            _write_durably(source, target)
    elif not storage.exists(place):
        content = ContentFile(source) if isinstance(source, bytes) else File(source)  # type: ignore[arg-type]
        storage.save(place, content)
    return stored


def _is_there(target: Path, size: int) -> bool:
    """Whether the file is there whole; its time then says that somebody counts on it (`remove_stored`)."""
    try:
        if target.stat().st_size != size:
            return False
        os.utime(target)
    except FileNotFoundError:
        return False
    return True


def stored_at(blob: Blob) -> float | None:
    """When the file was last stored or found to be there, in seconds since 1970; None if it is gone."""
    storage = _storage()
    try:
        return float(storage.get_modified_time(blob.storage_name).timestamp())
    except FileNotFoundError:
        return None


def remove_stored(blob: Blob, fresh: float) -> bool:
    """Remove the file of a row that is gone, unless an upload has counted on it within the last
    `fresh` seconds; answers whether it was removed.

    It is put aside first: an upload that looks now stores it anew, one that looked before has left
    its time on it, and then it is put back.
    """
    storage = _storage()
    if not isinstance(storage, FileSystemStorage):
        storage.delete(blob.storage_name)
        return True
    target = Path(storage.path(blob.storage_name))
    aside = target.with_name(f".gone-{target.name}")
    try:
        target.replace(aside)
    except FileNotFoundError:
        return False
    if time.time() - aside.stat().st_mtime < fresh and not target.exists():
        aside.replace(target)
        return False
    aside.unlink()
    return True


def stored_names() -> Iterator[str]:
    """The hashes of all stored files, with and without a row; also clears what killed uploads have
    left half-written. Nothing where storage is not a folder.
    """
    storage = _storage()
    if not isinstance(storage, FileSystemStorage):
        return
    for path in Path(storage.location).glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
        if len(path.name) == 64:
            yield path.name
        elif path.name.startswith("."):
            with suppress(FileNotFoundError):  # whoever was writing it has just finished
                if time.time() - path.stat().st_mtime > ABANDONED:
                    path.unlink()


def blob_of(stored: StoredFile) -> Blob:
    """The row of a stored file, made if it is new."""
    row = Blob(
        sha256=stored.sha256,
        md5=stored.md5,
        size=stored.size,
        content_type=stored.content_type,
    )
    Blob.objects.bulk_create([row], ignore_conflicts=True)
    return row


def open_blob(blob: Blob) -> File:
    """The file of `blob`, open for reading; the caller (or the response) closes it."""
    return _storage().open(blob.storage_name, "rb")


def read_blob(blob: Blob) -> bytes:
    """All bytes of `blob`."""
    with open_blob(blob) as file:
        content: bytes = file.read()
    return content


def verify_blob(blob: Blob) -> bool:
    """Whether the stored file still has the hash that is its name."""
    digest = hashlib.sha256()
    with open_blob(blob) as file:
        for chunk in file.chunks(CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == blob.sha256


def guess_type(name: str) -> str:
    """The MIME type by the file name's ending."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _storage() -> Storage:
    return default_storage


def _measure(source: bytes | Readable, content_type: str) -> StoredFile:
    sha, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    for chunk in _chunks(source):
        sha.update(chunk)
        md5.update(chunk)
        size += len(chunk)
    return StoredFile(sha.hexdigest(), md5.hexdigest(), size, content_type[:100])


def _chunks(source: bytes | Readable) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    source.seek(0)
    while chunk := source.read(CHUNK):
        yield chunk
    source.seek(0)


def _write_durably(source: bytes | Readable, target: Path) -> None:
    """Under another name, synced, then renamed, then the folder synced: after a power cut it is
    whole or absent.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in _chunks(source):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
