"""An answer as it came (a submission's JSON, a case file) -> a value of the rule language, or None.

None is *unknown*: an answer that does not fit its type, or a code that the rule set does not know,
says nothing, so it can never lower a tier (design.md §6). The raw answer stays in the submission.
"""

from collections.abc import Mapping
from typing import Any

from rules.engine.coerce import coerce
from rules.language.ast import Kind, Type, Value


def read_answer(wanted: Type, raw: Any) -> Value | None:
    """`raw` as a value of type `wanted`; None where it is absent or does not fit."""
    if isinstance(raw, bool) and wanted.kind is not Kind.YES_NO:
        raw = "yes" if raw else "no"
    if isinstance(raw, list) and len(raw) == 1 and wanted.kind is not Kind.SELECT_MULTIPLE:
        raw = raw[0]
    if wanted.kind is Kind.SELECT_MULTIPLE and isinstance(raw, list):
        raw = [str(code) for code in raw]
    try:
        value = coerce(wanted, raw)
    except (ValueError, TypeError, OverflowError):
        return None
    if isinstance(value, tuple) and wanted.codes:
        return tuple(code for code in value if code in wanted.codes) or None
    return value


def translate(mapping: Mapping[str, str | None], raw: Any) -> Any:
    """`raw` through a source's `map`: an unlisted code without "*" says nothing."""
    if raw is None or raw == "":
        return None
    codes = raw if isinstance(raw, list | tuple) else str(raw).split()
    found = [mapping.get(str(code), mapping.get("*")) for code in codes]
    told = list(dict.fromkeys(code for code in found if code is not None))
    return told or None
