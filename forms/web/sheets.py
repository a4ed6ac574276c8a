"""The two style sheets of enketo-transformer, as they come with the package: `anhu assets` puts them beside the other
built files.
"""

from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree

# neither sheet may read or write anything, whatever an expression of the form says
_CLOSED: Any = etree.XSLTAccessControl.DENY_ALL  # type: ignore[attr-defined]


def to_html(xform: etree._Element) -> etree._Element:
    """`root/form` with the HTML of the questions."""
    return _run("openrosa2html5form", xform)


def to_model(xform: etree._Element) -> etree._Element:
    """`root/model` with the instances."""
    return _run("openrosa2xmlmodel", xform)


def _run(name: str, xform: etree._Element) -> etree._Element:
    return etree.XSLT(_sheet(name), access_control=_CLOSED)(xform).getroot()  # type: ignore[no-any-return]


@cache
def _sheet(name: str) -> etree._ElementTree:
    path = files("server") / "shell" / "static" / "build" / "xsl" / f"{name}.xsl"
    return etree.fromstring(path.read_bytes()).getroottree()
