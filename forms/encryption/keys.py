"""RSA key pairs: made, wrapped with a passphrase, opened again; and public keys as XForms carry them.

Central wraps a 2048-bit key with PBKDF2-SHA256 (128,000 rounds) and AES-CBC. Ours is the same size,
because phones must work with it; scrypt costs a guesser 32 MB each, and GCM tells a wrong passphrase
for certain. The parameters stand beside the wrapped key, so they may be raised later.
"""

import base64
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from forms import problems
from server.problems import Problem

BITS = 2048
LEAST_BITS = 1024  # a self-supplied key below this protects nothing
MAX_PUBLIC = 2000  # characters of base64: RSA with some 11,000 bits
_COST = {"n": 2**15, "r": 8, "p": 1}
_MOST_COST = 2**17  # of n, read back: a wrapped key must not be able to take all memory
_SCHEME = "scrypt/aes-256-gcm"
Wrapped = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """`public`: base64 of the DER, as an XForm has it; `wrapped`: what may be stored."""

    public: str
    wrapped: Wrapped


def make_pair(passphrase: str) -> KeyPair:
    """A new pair whose private half only `passphrase` opens. Takes a quarter of a second."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(_text(der), _wrap(private, passphrase))


def open_private(wrapped: Wrapped, passphrase: str) -> rsa.RSAPrivateKey:
    """The private key. Problem UNDECRYPTABLE for a wrong passphrase."""
    try:
        salt, nonce, sealed = (_bytes(wrapped[name]) for name in ("salt", "nonce", "sealed"))
        key = _derive(passphrase, salt, wrapped["n"], wrapped["r"], wrapped["p"])
        der = AESGCM(key).decrypt(nonce, sealed, _SCHEME.encode())
        private = load_der_private_key(der, password=None)
    except (InvalidTag, KeyError, ValueError, TypeError) as error:
        raise Problem(problems.UNDECRYPTABLE) from error
    assert isinstance(private, rsa.RSAPrivateKey)  # noqa: S101  `make_pair` makes no other
    return private


def checked_public(text: str) -> str:
    """A self-supplied public key without the blanks and line breaks that people paste with it.

    Problem XFORM_KEY_UNUSABLE: a phone would lose the record at the moment of finalizing it.
    """
    packed = "".join(text.split())
    try:
        key = load_der_public_key(base64.b64decode(packed, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Problem(problems.XFORM_KEY_UNUSABLE) from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_BITS:
        raise Problem(problems.XFORM_KEY_UNUSABLE)
    if len(packed) > MAX_PUBLIC:
        raise Problem(problems.XFORM_KEY_UNUSABLE)
    return packed


def _wrap(private: rsa.RSAPrivateKey, passphrase: str) -> Wrapped:
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    sealed = AESGCM(_derive(passphrase, salt, **_COST)).encrypt(nonce, der, _SCHEME.encode())
    parts = {"salt": salt, "nonce": nonce, "sealed": sealed}
    return {"scheme": _SCHEME, **_COST, **{name: _text(value) for name, value in parts.items()}}


def _derive(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    if n > _MOST_COST or r > 16 or p > 4:
        raise ValueError("the wrapped key asks for too much")
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(
        passphrase.encode(errors="surrogatepass")  # JSON can hold halves of characters
    )


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
