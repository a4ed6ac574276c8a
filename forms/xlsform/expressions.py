"""Every XPath of a form is compiled before a phone meets it.

pyxform accepts `foo((`, and Collect then refuses the form (web.md §1). libxml2 knows the grammar;
functions of OpenRosa look to it like any others, so unknown names are told apart here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from forms import problems
from forms.instance.hardened import local_name
from server.problems import Kind

# element -> attribute -> the XLSForm column that it comes from
_PLACES = {
    "bind": {
        "relevant": "relevant",
        "constraint": "constraint",
        "calculate": "calculation",
        "required": "required",
        "readonly": "read_only",
    },
    "itemset": {"nodeset": "choice_filter"},
    "input": {"query": "choice_filter"},
    "repeat": {"count": "repeat_count"},
    "setvalue": {"value": "default"},
    "output": {"value": "label"},
}
_TOKEN = re.compile(
    r"""'[^']*'|"[^"]*"|[()\[\]]|['"]|(?<![\w.:\-])(?P<call>\w[\w.:\-]*+)(?=\s*\()"""
)
_PAIRS = {")": "(", "]": "["}
_WORDS = (  # XPath 1.0 with its node tests and operators, which may stand before a bracket
    "last position count id local-name namespace-uri name string concat starts-with contains"
    " substring-before substring-after substring string-length normalize-space translate boolean"
    " not true false lang number sum floor ceiling round text node comment"
    " processing-instruction and or div mod",
    # OpenRosa and ODK XForms (getodk.github.io/xforms-spec), as JavaRosa and Web Forms know them
    "if coalesce once selected selected-at count-selected count-non-empty jr:choice-name jr:itext"
    " indexed-repeat pulldata instance current join substr regex uuid random randomize int max min"
    " now today date date-time decimal-date-time decimal-time format-date format-date-time"
    " checklist weighted-checklist area distance geofence digest base64-decode extract-signed"
    " boolean-from-string ends-with intersects pi sqrt pow exp exp10 log log10 abs sin cos tan asin"
    " acos atan atan2 upper-case lower-case depend property version thousands-sep attribute",
)
FUNCTIONS = frozenset(" ".join(_WORDS).split())


@dataclass(frozen=True, slots=True)
class Fault:
    """An expression that is wrong, as `kind` says, or calls a function that phones may not know."""

    path: str
    column: str
    expression: str
    kind: Kind | None = None
    function: str = ""


def find_faults(html: etree._Element, root_path: str) -> Iterator[Fault]:
    """The faults of all expressions in an XForm, in document order; paths without the root."""
    for element in html.iter():
        columns = _PLACES.get(local_name(element.tag))
        if columns is None:
            continue
        for name, value in element.items():
            column = columns.get(local_name(name))
            if column is not None:
                path = _path(element).removeprefix(root_path)
                yield from _faults_of(path, column, str(value))


def check_expression(expression: str) -> Kind | None:
    """Why the XPath cannot be understood, None when it can."""
    unbalanced = _unbalanced(expression)
    if unbalanced is not None:
        return unbalanced
    try:
        etree.XPath(expression)
    except (etree.XPathError, ValueError):
        return problems.EXPRESSION_INVALID
    return None


def unknown_functions(expression: str) -> tuple[str, ...]:
    """Names called in the expression that neither XPath nor ODK define."""
    called = (found["call"] for found in _TOKEN.finditer(expression) if found["call"])
    return tuple(dict.fromkeys(name for name in called if name not in FUNCTIONS))


def _faults_of(path: str, column: str, expression: str) -> Iterator[Fault]:
    kind = check_expression(expression)
    if kind is not None:
        yield Fault(path, column, expression, kind)
        return
    for name in unknown_functions(expression):
        yield Fault(path, column, expression, function=name)


def _unbalanced(expression: str) -> Kind | None:
    # libxml2 itself lets "not(" pass
    opened: list[str] = []
    for found in _TOKEN.finditer(expression):
        token = found.group()
        if token in ("'", '"'):
            return problems.EXPRESSION_QUOTE_OPEN
        if token in ("(", "["):
            opened.append(token)
        elif token in _PAIRS and (not opened or opened.pop() != _PAIRS[token]):
            return problems.EXPRESSION_BRACKET_EXTRA
    return problems.EXPRESSION_BRACKET_OPEN if opened else None


def _path(element: etree._Element) -> str:
    """The question that an expression belongs to: by its own reference or that of what holds it."""
    node: etree._Element | None = element
    while node is not None:
        tag = local_name(node.tag)
        reference = node.get("nodeset" if tag in ("bind", "repeat") else "ref")
        if reference and reference.startswith("/"):
            return str(reference)
        if tag == "text":  # in a translation: its id names the question ("/data/g/q:label")
            return str(node.get("id", "")).partition(":")[0]
        node = node.getparent()
    return ""
