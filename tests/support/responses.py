"""Responses as the client returns them, for tests without a network."""

import json
from collections.abc import Mapping
from typing import Any

from loaders.connector import Response


def response(
    status: int, *, body: bytes = b"", value: Any = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A response with the body `body`, or the JSON text of `value`."""
    fields = {name.lower(): text for name, text in (headers or {}).items()}
    return Response(status, fields, body if value is None else json.dumps(value).encode())
