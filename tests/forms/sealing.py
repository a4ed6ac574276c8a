"""What a phone does with a form that has a public key, written after ODK's specification of encrypted
forms and apart from the code that opens it.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from functools import partial
from typing import Any

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from forms.models import FormVersion, Submission
from forms.services import receive_submission
from forms.xlsform.xform import read_xform
from tests.forms.field_work import instance, make_phone, new_id


@dataclass(frozen=True, slots=True)
class Pair:
    """A key pair of somebody who keeps the private half at home."""

    private: rsa.RSAPrivateKey
    public: str


def new_pair(bits: int = 2048) -> Pair:
    """A key pair."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Pair(private, base64.b64encode(der).decode())


PAIR = new_pair()
md5 = partial(hashlib.md5, usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted record as it is sent."""

    instance_id: str
    xml: bytes
    files: dict[str, bytes]


def sealed(
    public: str,
    form_id: str,
    version: str,
    xml: bytes,
    media: dict[str, bytes] | None = None,
    *,
    instance_id: str,
    mask: Any = None,
    is_signed: bool = True,
) -> Sealed:
    """`xml` and `media` encrypted for `public`; `mask`: the hash of MGF1, SHA-256 unless told."""
    rsa_key = load_der_public_key(base64.b64decode(public))
    assert isinstance(rsa_key, rsa.RSAPublicKey)
    oaep = rsa_padding.OAEP(rsa_padding.MGF1(mask or hashes.SHA256()), hashes.SHA256(), None)
    key = secrets.token_bytes(32)
    wrapped = base64.b64encode(rsa_key.encrypt(key, oaep)).decode()
    iv = bytearray(md5(instance_id.encode() + key).digest())
    lines = [form_id, *([version] if version else []), wrapped, instance_id]
    files = {}
    for turn, (name, content) in enumerate([*(media or {}).items(), ("submission.xml", xml)]):
        iv[turn % 16] = (iv[turn % 16] + 1) & 255
        padder = padding.PKCS7(128).padder()
        encryptor = Cipher(algorithms.AES(key), CFB(bytes(iv))).encryptor()
        padded = padder.update(content) + padder.finalize()
        files[f"{name}.enc"] = encryptor.update(padded) + encryptor.finalize()
        lines.append(f"{name}::{md5(content).hexdigest()}")
    digest = md5("".join(f"{line}\n" for line in lines).encode()).digest()
    signature = base64.b64encode(rsa_key.encrypt(digest, oaep)).decode() if is_signed else ""
    names = "".join(f"<media><file>{name}.enc</file></media>" for name in media or {})
    manifest = (
        f'<data xmlns="http://opendatakit.org/submissions" id="{form_id}" version="{version}" encrypted="yes">'
        f"<base64EncryptedKey>{wrapped}</base64EncryptedKey>"
        f'<orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>{instance_id}</orx:instanceID></orx:meta>'
        f"{names}<encryptedXmlFile>submission.xml.enc</encryptedXmlFile>"
        f"<base64EncryptedElementSignature>{signature}</base64EncryptedElementSignature></data>"
    )
    return Sealed(instance_id, manifest.encode(), files)


def seal_for(
    version: FormVersion | None,
    answers: dict[str, str] | str,
    media: dict[str, bytes] | None = None,
    **how: Any,
) -> Sealed:
    """A record of `version`, encrypted with the key that stands in it."""
    assert version is not None
    form_id, instance_id = version.form.xml_form_id, new_id()
    xml = instance(form_id, answers, version=version.version, instance_id=instance_id)
    public = read_xform(bytes(version.xml)).encryption_key
    return sealed(public, form_id, version.version, xml, media, instance_id=instance_id, **how)


def seal(
    version: FormVersion | None,
    answers: dict[str, str] | str,
    media: dict[str, bytes] | None = None,
    *,
    actor: Any = None,
    place: Any = None,
    draft: FormVersion | None = None,
) -> Submission:
    """Such a record, received."""
    assert version is not None
    made = seal_for(version, answers, media)
    return keep(version, made, actor=actor, place=place, draft=draft)


def keep(
    version: FormVersion, made: Sealed, *, actor: Any = None, place: Any = None, draft: Any = None
) -> Submission:
    """An encrypted record, received from `actor` (a phone of the project unless told) and placed."""
    project = version.form.project
    sender = actor or (None if draft else make_phone(project))
    found = receive_submission(project, made.xml, made.files, actor=sender, draft=draft).submission
    if place is not None:
        Submission.objects.filter(pk=found.pk).update(area=place)
    return found
