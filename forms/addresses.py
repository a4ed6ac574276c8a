"""Ids of forms and versions in addresses. They may hold slashes (many old forms are named like
"http://openrosa.org/formdesigner/..."), which arrive decoded: the server shows no difference to those
of the address.
"""

from django.urls import register_converter

# what may follow an id in an address, and therefore cannot be part of one after its first slash
_FOLLOWS = (
    "assignments|attachments|dataset-diff|draft|fields|fill|manifest|public-links|restore|submissions"
    "|versions"
)


class IdConverter:
    """`<id:name>`: what `<str:name>` takes, and slashes inside it."""

    regex = rf"[^/]+(?:/+(?!(?:{_FOLLOWS})(?:[/.]|$))[^/]+)*?"

    def to_python(self, value: str) -> str:
        """As it stands in the address."""
        return value

    def to_url(self, value: object) -> str:
        """As it is written into one."""
        return str(value)


register_converter(IdConverter, "id")
