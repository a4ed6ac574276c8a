"""Encrypted records on their way out: their answers and files in plain, for whom the passphrase is known.

Nothing of it is stored. A record whose signature does not fit what came, or whose files are damaged,
shows no answers and says so; the rest of the export is worth more than this one.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from exports.tables.statements import Record
from forms.blobs import CHUNK, open_blob
from forms.encryption.records import Manifest, Opened, plain_name, read_manifest
from forms.form_cache import meaning_of
from forms.instance.parse import MAX_XML, open_submission
from forms.models import Blob, FormVersion, SubmissionAttachment, SubmissionVersion
from forms.problems import UNDECRYPTABLE
from server.problems import Problem

KEPT = 5000  # records remembered between the tables of an export: a private key works a millisecond for each
Files = dict[str, Blob]
Answers = tuple[dict[str, Any], bool]  # and: has oddities


class Opener:
    """Opens the records of one export; `keys` are private keys by number."""

    def __init__(self, keys: Mapping[int, RSAPrivateKey]) -> None:
        self._keys = keys
        self._versions: dict[int, FormVersion] = {}
        self._seen: dict[int, Opened | None] = {}

    def opened(self, records: list[Record]) -> Iterator[tuple[Record, Opened | None, Answers]]:
        """Each of `records` for which there is a key, with what opens its files, and its answers;
        None and nothing where it cannot be decrypted. Three queries.
        """
        self._look_up({one.form_version_id for one in records})
        mine = [one for one in records if self._key_of(one) is not None]
        ids = [one.version_id for one in mine]
        xmls = dict(SubmissionVersion.objects.filter(pk__in=ids).values_list("pk", "xml"))
        files = _files(ids)
        for record in mine:
            try:
                manifest = read_manifest(bytes(xmls[record.version_id]))
                there = files.get(record.version_id, {})
                opened = self._open(record, manifest, there)
                yield record, opened, self._answers(record, manifest, opened, there)
            except (Problem, FileNotFoundError):
                self._remember(record, None)
                yield record, None, ({}, False)

    def _look_up(self, version_ids: set[int]) -> None:
        rows = FormVersion.objects.filter(pk__in=version_ids - self._versions.keys())
        self._versions |= {one.pk: one for one in rows.only("key_id", "sha256")}

    def _key_of(self, record: Record) -> RSAPrivateKey | None:
        return self._keys.get(self._versions[record.form_version_id].key_id or 0)

    def _open(self, record: Record, manifest: Manifest, files: Files) -> Opened:
        if record.version_id in self._seen:
            known = self._seen[record.version_id]
            if known is None:
                raise Problem(UNDECRYPTABLE)
            return known
        key = self._key_of(record)
        assert key is not None  # noqa: S101  the caller has looked
        opened = Opened(manifest, key)
        # while a photo is still on its way, nobody can say whether the signature fits
        if manifest.files and all(name in files for name in manifest.files):
            digests = [(plain_name(one), _md5(opened, one, files[one])) for one in manifest.files]
            if not opened.is_signed(digests):
                raise Problem(UNDECRYPTABLE)
        self._remember(record, opened)
        return opened

    def _remember(self, record: Record, opened: Opened | None) -> None:
        if len(self._seen) < KEPT or record.version_id in self._seen:
            self._seen[record.version_id] = opened

    def _answers(self, record: Record, manifest: Manifest, opened: Opened, files: Files) -> Answers:
        blob = files.get(manifest.xml_file)
        if blob is None or blob.size > MAX_XML + 16:
            raise Problem(UNDECRYPTABLE)
        said = open_submission(b"".join(plain_chunks(opened, manifest.xml_file, blob)))
        told = said.envelope
        names = (told.form_id, told.instance_id)
        if told.is_encrypted or names != (manifest.form_id, manifest.instance_id):
            raise Problem(UNDECRYPTABLE)  # the inside of another record
        version = self._versions[record.form_version_id]
        instance = meaning_of(version.pk, version.sha256).reader.read_opened(said)
        return instance.data, bool(instance.oddities)


def plain_chunks(opened: Opened, name: str, blob: Blob) -> Iterator[bytes]:
    """The plain content of an encrypted file, piece by piece. Problem UNDECRYPTABLE."""
    with open_blob(blob) as file:
        yield from opened.chunks(name, file.chunks(CHUNK))


def _md5(opened: Opened, name: str, blob: Blob) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in plain_chunks(opened, name, blob):
        digest.update(chunk)
    return digest.hexdigest()


def _files(version_ids: list[int]) -> dict[int, Files]:
    found: dict[int, Files] = {}
    rows = SubmissionAttachment.objects.filter(version__in=version_ids, blob__isnull=False)
    for file in rows.select_related("blob").order_by("pk"):
        assert file.blob is not None  # noqa: S101  filtered
        found.setdefault(file.version_id, {})[file.name] = file.blob
    return found
