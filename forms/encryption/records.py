"""An encrypted record: what its manifest says, and its files in plain.

The record's AES key comes wrapped with the form's RSA key. Each file begins from an IV of its own: MD5 of
instanceID and AES key, one byte of it raised by one with each file, in the order of the manifest,
`submission.xml` last. The signature is the MD5 of what all files are, wrapped with the same RSA key.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from lxml import etree

from forms import problems
from forms.instance.hardened import attribute, child, local_name, parse_xml
from forms.instance.parse import MAX_XML
from server.problems import Problem

ENDING = ".enc"
_BLOCK = 16
# Bouncy Castle, which Collect names, takes one hash for both; other Java libraries leave MGF1 at SHA-1
_PADDINGS = tuple(
    padding.OAEP(mgf=padding.MGF1(mask), algorithm=hashes.SHA256(), label=None)
    for mask in (hashes.SHA256(), hashes.SHA1())  # noqa: S303  not ours to choose
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The outside of an encrypted record; names of files end in `.enc`."""

    form_id: str
    version: str
    instance_id: str
    sealed_key: str
    media: tuple[str, ...]
    xml_file: str
    signature: str

    @property
    def files(self) -> tuple[str, ...]:
        """All files in the order in which they were encrypted."""
        return (*self.media, self.xml_file)


def read_manifest(xml: bytes) -> Manifest:
    """The manifest in a submission's XML. Problems: those of `read_envelope`."""
    root = parse_xml(xml, MAX_XML)
    return Manifest(
        form_id=root.get("id", ""),
        version=attribute(root, "version"),
        instance_id=_below(root, "meta", "instanceID"),
        sealed_key=_below(root, "base64EncryptedKey"),
        media=tuple(
            name
            for node in root
            if local_name(node.tag) == "media"
            for name in (_said(one) for one in node if local_name(one.tag) == "file")
            if name
        ),
        xml_file=_below(root, "encryptedXmlFile"),
        signature=_below(root, "base64EncryptedElementSignature"),
    )


def plain_name(name: str) -> str:
    """The name of a file as the phone had it."""
    return name.removesuffix(ENDING)


class Opened:
    """An encrypted record whose AES key is known."""

    __slots__ = ("_key", "_manifest", "_private")

    def __init__(self, manifest: Manifest, private: rsa.RSAPrivateKey) -> None:
        """Problem UNDECRYPTABLE: the record was encrypted for another key, or is damaged."""
        self._manifest, self._private = manifest, private
        self._key = _unwrap(private, manifest.sealed_key)
        if len(self._key) not in (16, 24, 32):
            raise Problem(problems.UNDECRYPTABLE)

    def chunks(self, name: str, sealed: Iterable[bytes]) -> Iterator[bytes]:
        """The plain content of the file `name`, in constant memory. Problem UNDECRYPTABLE, raised at the
        end at the latest, when it is damaged or not in the manifest.
        """
        iv = self._iv(name)
        decryptor = Cipher(algorithms.AES(self._key), CFB(iv)).decryptor()
        held, size = b"", 0
        for chunk in sealed:
            size += len(chunk)
            held += decryptor.update(chunk)
            if len(held) > _BLOCK:
                yield held[:-_BLOCK]
                held = held[-_BLOCK:]
        held += decryptor.finalize()
        if size % _BLOCK:  # whole blocks were sealed
            raise Problem(problems.UNDECRYPTABLE)
        yield _unpadded(held)

    def is_media(self, name: str) -> bool:
        """Whether the manifest names this file beside the answers."""
        return name in self._manifest.media

    def is_signed(self, digests: Iterable[tuple[str, str]]) -> bool:
        """Whether the signature fits: `digests` are (name without `.enc`, MD5 of the plain content)
        in the manifest's order. A record without a signature is taken as it is.
        """
        manifest = self._manifest
        if not manifest.signature:
            return True
        parts = [manifest.form_id, manifest.version, manifest.sealed_key, manifest.instance_id]
        said = [part for part in parts if part] + [f"{name}::{md5}" for name, md5 in digests]
        text = "".join(f"{line}\n" for line in said)
        digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
        try:
            return _unwrap(self._private, manifest.signature) == digest
        except Problem:
            return False

    def _iv(self, name: str) -> bytes:
        if name not in self._manifest.files:
            raise Problem(problems.UNDECRYPTABLE)
        start = hashlib.md5(self._manifest.instance_id.encode() + self._key, usedforsecurity=False)
        seed = bytearray(start.digest())
        for turn in range(self._manifest.files.index(name) + 1):
            seed[turn % _BLOCK] = (seed[turn % _BLOCK] + 1) % 256
        return bytes(seed)


def _unwrap(private: rsa.RSAPrivateKey, text: str) -> bytes:
    try:
        sealed = base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise Problem(problems.UNDECRYPTABLE) from error
    for one in _PADDINGS:
        try:
            return private.decrypt(sealed, one)
        except ValueError:
            continue
    raise Problem(problems.UNDECRYPTABLE)


def _unpadded(block: bytes) -> bytes:
    """Without the PKCS padding, which is there even when the content fills its last block."""
    count = block[-1] if block else 0
    if not 1 <= count <= _BLOCK or block[-count:] != bytes([count]) * count:
        raise Problem(problems.UNDECRYPTABLE)
    return block[:-count]


def _below(root: etree._Element, *names: str) -> str:
    found = child(root, *names)
    return _said(found) if found is not None else ""


def _said(element: etree._Element) -> str:
    return (element.text or "").strip()
