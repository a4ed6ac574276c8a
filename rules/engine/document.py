"""A rule-set document: bytes -> plain mapping, its canonical bytes and digest, and its shape (JSON
Schema; design.md §6)."""

import hashlib
import itertools
import json
import math
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import yaml

from rules import problems
from rules.engine.findings import Findings, place_of
from rules.language.names import did_you_mean
from server.problems import TOO_LARGE, UNPARSEABLE, Phrase, Place, Problem
from server.problems import gettext_noop as _

MAX_BYTES = 5_000_000
MAX_FAULTS = 100
_MAX_LEVELS = 30

Document = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML without its traps: `yes`, `on` and dates stay text, no aliases, no key twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if not isinstance(key, str) or keys.count(key) > 1:
                raise yaml.YAMLError(f"the key {key!r} is not a text or stands twice")
        return super().construct_mapping(node, deep)


_PLAIN = {
    "bool": (r"^(?:true|false)$", "tf"),
    "null": (r"^(?:null|~|)$", ["n", "~", ""]),
    "int": (r"^-?(?:0|[1-9][0-9]{0,17})$", "-0123456789"),
    "float": (r"^-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}(?:e[+-][0-9]{1,3})?$", "-0123456789"),
}
_Loader.yaml_implicit_resolvers = {}
for _tag, (_pattern, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def read_document(data: bytes, kind: str = "yaml") -> Document:
    """The mapping in `data`, which is 'yaml' or 'json'; UNPARSEABLE, TOO_LARGE or DOCUMENT_SHAPE if
    it is not one."""
    if len(data) > MAX_BYTES:
        raise Problem(TOO_LARGE, limit="5 MB")
    try:
        text = data.decode("utf-8-sig")
        # _Loader is a SafeLoader that constructs plain values only
        found = json.loads(text) if kind == "json" else yaml.load(text, _Loader)  # noqa: S506
    except (ValueError, yaml.YAMLError) as error:
        raise Problem(UNPARSEABLE, format=kind.upper(), reason=str(error)[:300]) from None
    except RecursionError:
        raise Problem(
            UNPARSEABLE, format=kind.upper(), reason=Phrase(_("it is nested too deep"))
        ) from None
    return canonical(found)


def canonical(document: object) -> Document:
    """`document` with plain JSON values only (dates as ISO text); DOCUMENT_SHAPE if it is not such
    a mapping."""
    if not isinstance(document, Mapping):
        raise Problem(
            problems.DOCUMENT_SHAPE, reason=Phrase(_("A rule set is a mapping of sections."))
        )
    plain: Document = _plain(document, ())
    return plain


def _plain(value: object, path: tuple[str, ...]) -> Any:
    match value:
        case None | bool():
            return value
        case int() if abs(value) < 10**18:
            return value
        case float() if math.isfinite(value):
            return value
        case str() if _is_encodable(value):
            return value
        case date():
            return value.isoformat()[:10]
        case Mapping() if len(path) < _MAX_LEVELS and all(isinstance(key, str) for key in value):
            return {_plain(key, path): _plain(item, (*path, key)) for key, item in value.items()}
        case list() | tuple() if len(path) < _MAX_LEVELS:
            return [_plain(item, (*path, str(index))) for index, item in enumerate(value)]
    where = " > ".join(path) or "the document"
    place = Place(sheet=path[0] if path else "", path=where)
    reason = Phrase(_("At %(where)s stands a value that no rule set can hold."), where=where)
    raise Problem(problems.DOCUMENT_SHAPE, places=(place,), reason=reason)


def _is_encodable(text: str) -> bool:
    if "\x00" in text:  # no database keeps it
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """The one byte form of `document`: sorted keys, no blanks, UTF-8. Equal documents give equal
    bytes."""
    plain = canonical(document)
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical bytes, in hex: what a release is known by."""
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


@cache
def _validator() -> jsonschema.Draft202012Validator:
    text = files("rules.engine").joinpath("schema.json").read_text("utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def check_shape(document: Document, findings: Findings) -> None:
    """Note where `document` does not follow schema.json, at most 100 faults, in the order of the
    document."""
    faults = sorted(
        itertools.islice(_validator().iter_errors(document), MAX_FAULTS),
        key=lambda fault: [str(part).zfill(6) for part in fault.absolute_path],
    )
    for fault in faults:
        _note(jsonschema.exceptions.best_match([fault]) or fault, findings)


def _note(fault: jsonschema.ValidationError, findings: Findings) -> None:
    path = list(fault.absolute_path)
    place = place_in(document_path=path)
    instance: Any = fault.instance
    schema: Any = fault.schema
    if fault.validator == "required":
        for name in schema["required"]:
            if name not in instance:
                findings.error(problems.MISSING_COLUMN, place_in([*path, name]), name=name)
    elif fault.validator == "additionalProperties" and isinstance(schema, dict):
        known = schema.get("properties", {})
        for name in (key for key in instance if key not in known):
            cure = did_you_mean(name, known)
            findings.error(problems.EXTRA_COLUMN, place_in([*path, name]), name=name, cure=cure)
    else:
        name = str(path[-1]) if path else "document"
        value, reason = str(instance)[:80], _reason(fault, schema)
        findings.error(problems.BAD_VALUE, place, name=name, value=value, reason=reason)


def _reason(fault: jsonschema.ValidationError, schema: Any) -> str:
    match fault.validator:
        case "enum":
            return Phrase(_("allowed are %(names)s"), names=", ".join(map(str, schema["enum"])))
        case "type":
            if isinstance(fault.instance, bool):
                return Phrase(_("put yes, no, on or off into quotation marks"))
            return Phrase(_("a value of type %(type)s is needed"), type=schema["type"])
        case "pattern":
            return Phrase(_("it does not have the form %(form)s"), form=schema["pattern"])
        case _:
            return fault.message[-200:]


def place_in(document_path: list[Any]) -> Place:
    """The sheet, row and column of a path such as ['rules', 3, 'score']."""
    section, *rest = [*document_path, ""] if len(document_path) < 2 else document_path
    section = str(section)
    if rest and isinstance(rest[0], int):
        return place_of(section, rest[0], str(rest[1]) if len(rest) > 1 else "")
    path = " > ".join(str(part) for part in rest[1:])
    return Place(sheet=section, column=str(rest[0]) if rest else "", path=path)
