"""How one logs in, for the OpenAPI document; found by drf-spectacular when this module is imported."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class CentralScheme(OpenApiAuthenticationExtension):
    """Session tokens of `POST /v1/sessions`, and Basic over https."""

    target_class = "server.people.authentication.CentralAuthentication"
    name = ["bearer", "basic"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [{"type": "http", "scheme": "bearer"}, {"type": "http", "scheme": "basic"}]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """One or the other, never both."""
        return [{"bearer": []}, {"basic": []}]
