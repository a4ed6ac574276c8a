"""The OpenAPI document of everything under /v1 (`GET /v1/schema`): names that never collide, and honest
shapes where a view names none.

The shapes of ODK Central's own calls are in Central's document; here they are "any JSON".
"""

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from rest_framework.parsers import JSONParser

WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})
PROBLEM = {
    "type": "object",
    "description": "What went wrong, and what to do about it; `code` is ODK Central's.",
    "required": ["message", "code"],
    "properties": {
        "message": {"type": "string"},
        "code": {"type": "string", "example": "404.1"},
        "details": {"type": "object", "additionalProperties": {}},
    },
}


class OwnSchema(AutoSchema):
    """drf-spectacular's reading of a view, where the view does not say it itself (`@extend_schema`)."""

    def get_operation_id(self) -> str:
        """Method and address: what is told apart by them is told apart by its name."""
        words = re.findall(r"\w+", self.path.removeprefix("/v1/"))
        return "_".join([self.method.lower(), *words])

    def get_request_serializer(self) -> Any:
        """JSON, or whatever bytes the view parses itself."""
        if self.method in WITHOUT_BODY:
            return None
        parsers = self.view.get_parsers()
        is_json = any(isinstance(one, JSONParser) for one in parsers)
        return OpenApiTypes.OBJECT if is_json else OpenApiTypes.BINARY

    def get_response_serializers(self) -> Any:
        """Any JSON, or a problem."""
        return {200: OpenApiTypes.ANY, "4XX": PROBLEM}
