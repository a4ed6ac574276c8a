"""Keys and encrypted records: what a phone seals, the right key opens; nothing else does."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.encryption import keys
from forms.encryption.keys import checked_public, make_pair, open_private
from forms.encryption.records import Opened, read_manifest
from forms.encryption.xforms import new_suffix, with_key
from forms.xlsform.xform import read_xform
from server.problems import Problem
from tests.forms.sealing import PAIR, Sealed, new_pair, sealed

# a key that no phone could encrypt with: it is not RSA
ELLIPTIC = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sx"
    "Xs7LtkBoN79R9Q=="
)
FORM = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head>
<h:title>探访</h:title><model><instance><data id="f"%s><a/><meta><instanceID/></meta></data></instance>
<instance id="list"><root/></instance>%s<bind nodeset="/data/a" type="string"/></model></h:head>
<h:body><input ref="/data/a"><label>A</label></input></h:body></h:html>"""
PHOTO = bytes(range(256)) * 40
XML = '<data id="visit" version="3"><note>记录</note></data>'.encode()
# a record that JavaRosa's cipher sealed (the headless Collect), and the key as the server kept it: neither may
# ever become unreadable
KEPT = Path(__file__).parent / "data" / "encrypted"
md5 = hashlib.md5


def seal_visit(media: dict[str, bytes] | None = None, version: str = "3", **how: Any) -> Sealed:
    return sealed(PAIR.public, "visit", version, XML, media, instance_id="uuid:一", **how)


def open_it(made: Sealed) -> Opened:
    return Opened(read_manifest(made.xml), PAIR.private)


def plain(opened: Opened, made: Sealed, name: str, step: int = 7) -> bytes:
    content = made.files[name]
    pieces = [content[at : at + step] for at in range(0, len(content), step)]
    return b"".join(opened.chunks(name, pieces))


def digests(media: dict[str, bytes]) -> list[tuple[str, str]]:
    files = {**media, "submission.xml": XML}
    return [
        (name, md5(content, usedforsecurity=False).hexdigest()) for name, content in files.items()
    ]


def test_answers_and_media_come_out_as_they_were() -> None:
    media = {"a.jpg": PHOTO, "audit.csv": b"", "录音.m4a": b"x" * 16}
    made = seal_visit(media)
    opened = open_it(made)
    assert plain(opened, made, "submission.xml.enc") == XML
    assert {name: plain(opened, made, f"{name}.enc") for name in media} == media
    assert opened.is_signed(digests(media))
    assert PHOTO[:64] not in b"".join(made.files.values())


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=200), step=st.integers(1, 64), turn=st.integers(0, 20))
def test_any_content_in_any_pieces_at_any_place(content: bytes, step: int, turn: int) -> None:
    media = {f"{number}.bin": content for number in range(turn)}
    made = seal_visit(media)
    name = f"{turn - 1}.bin.enc" if turn else "submission.xml.enc"
    assert plain(open_it(made), made, name, step) == (content if turn else XML)


@pytest.mark.parametrize("how", [{"version": ""}, {"mask": hashes.SHA1()}])  # noqa: S303
def test_phones_of_other_makes_are_understood(how: dict[str, Any]) -> None:
    made = seal_visit({"a.jpg": PHOTO}, **how)
    opened = open_it(made)
    assert plain(opened, made, "submission.xml.enc") == XML
    assert opened.is_signed(digests({"a.jpg": PHOTO}))


def test_what_a_java_client_sealed_opens_with_the_key_as_it_was_kept() -> None:
    key = json.loads((KEPT / "key.json").read_text())
    manifest = read_manifest((KEPT / "manifest.xml").read_bytes())
    opened = Opened(manifest, open_private(key["private"], key["passphrase"]))
    files = {
        name: b"".join(opened.chunks(name, [(KEPT / name).read_bytes()])) for name in manifest.files
    }
    photo, audit, answers = (files[name] for name in manifest.files)
    assert photo.startswith(b"\xff\xd8\xff")
    assert audit.startswith(b"event,node,start,end")
    assert "卫生院 农户 王小明" in answers.decode()
    said = [
        (name.removesuffix(".enc"), md5(content, usedforsecurity=False).hexdigest())
        for name, content in files.items()
    ]
    assert opened.is_signed(said)
    assert not opened.is_signed(said[1:])


def test_a_record_without_a_signature_is_taken_as_it_is() -> None:
    assert open_it(seal_visit(is_signed=False)).is_signed([])


@pytest.mark.parametrize(
    "wrong",
    [
        {"form_id": "other"},
        {"version": "4"},
        {"instance_id": "uuid:二"},
        {"signature": "AAAA"},
        {"signature": "不是"},
    ],
)
def test_a_signature_that_does_not_fit_is_noticed(wrong: dict[str, Any]) -> None:
    manifest = dataclasses.replace(read_manifest(seal_visit().xml), **wrong)
    assert not Opened(manifest, PAIR.private).is_signed(digests({}))
    assert not open_it(seal_visit()).is_signed(digests({"more.jpg": b""}))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Problem) as refused:
        Opened(read_manifest(seal_visit().xml), new_pair().private)
    assert refused.value.kind.code == "400.12"


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: b"",
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    ],
)
def test_a_damaged_file_is_noticed(damage) -> None:
    made = seal_visit()
    content = damage(made.files["submission.xml.enc"])
    with pytest.raises(Problem) as refused:
        b"".join(open_it(made).chunks("submission.xml.enc", [content]))
    assert refused.value.kind.code == "400.12"


def test_a_file_that_the_manifest_does_not_name_is_not_read() -> None:
    with pytest.raises(Problem):
        list(open_it(seal_visit()).chunks("other.enc", [b"0" * 16]))


def test_several_files_in_one_media_element_are_read_in_their_order() -> None:
    xml = (
        b'<data encrypted="yes" id="f"><base64EncryptedKey> k </base64EncryptedKey><media><file>a.enc</file>'
        b"<file>b.enc</file></media><media><file>c.enc</file></media><media/></data>"
    )
    manifest = read_manifest(xml)
    assert (manifest.media, manifest.sealed_key) == (("a.enc", "b.enc", "c.enc"), "k")
    assert (manifest.xml_file, manifest.signature) == ("", "")


def test_a_private_key_opens_with_its_passphrase_alone() -> None:
    pair = make_pair("correct horse 电池")
    assert checked_public(pair.public) == pair.public
    made = sealed(pair.public, "f", "1", XML, instance_id="uuid:1")
    private = open_private(pair.wrapped, "correct horse 电池")
    assert plain(Opened(read_manifest(made.xml), private), made, "submission.xml.enc") == XML
    for wrong in ("correct horse", "", "correct horse 电池 "):
        with pytest.raises(Problem) as refused:
            open_private(pair.wrapped, wrong)
        assert refused.value.kind.code == "400.12"
    assert "PRIVATE" not in str(pair.wrapped)


@pytest.mark.parametrize(
    "change", [{"n": 2**30}, {"sealed": "AAAA"}, {"salt": None}, {"nonce": "!"}, {"p": 10**6}]
)
def test_a_wrapped_key_that_was_tampered_with_is_refused(change: dict[str, object]) -> None:
    wrapped = {"n": 2**4, "r": 8, "p": 1, "salt": "AAAA", "nonce": "A" * 16, "sealed": "A" * 64}
    with pytest.raises(Problem):
        open_private({**wrapped, **change}, "passphrase")


def test_keys_are_as_strong_as_centrals() -> None:
    assert keys.BITS >= 2048
    assert keys._COST["n"] * keys._COST["r"] * 128 >= 16 * 2**20  # bytes for each guess


def test_pasted_keys_are_tidied_and_weak_ones_refused() -> None:
    public = PAIR.public
    pasted = "\n ".join(public[at : at + 64] for at in range(0, len(public), 64))
    assert checked_public(pasted) == public
    for wrong in ("", "MII", "AAAA", public[:-8], ELLIPTIC):
        with pytest.raises(Problem):
            checked_public(wrong)


@pytest.mark.parametrize("version", ["", ' version="7"', ' version="' + "9" * 255 + '"'])
@pytest.mark.parametrize("submission", ["", '<submission action="https://x.cn/s" method="post"/>'])
def test_a_form_with_a_key_is_otherwise_the_same(version: str, submission: str) -> None:
    before = read_xform((FORM % (version, submission)).encode())
    after = with_key(before, PAIR.public, "[encrypted:abcdefgh]")
    assert after.encryption_key == PAIR.public
    assert after.version.endswith("[encrypted:abcdefgh]")
    assert len(after.version) <= 255
    assert (after.fields, after.title, after.form_id) == (
        before.fields,
        before.title,
        before.form_id,
    )
    assert after.submission_url == before.submission_url
    assert with_key(after, "other", new_suffix()) is after
