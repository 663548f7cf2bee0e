"""Restrict the catalog process to requests that carry the run's secret and concern this lake.

Every user of the machine can reach a port of 127.0.0.1, and so can every page in a browser.
"""

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pyiceberg.table.update import (
    AddSnapshotUpdate,
    SetLocationUpdate,
    SetPartitionStatisticsUpdate,
    SetPropertiesUpdate,
    SetStatisticsUpdate,
    TableUpdate,
)
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 16 * 2**20
"""The maximum size of a request body. A commit has a few kilobytes, however many rows it adds."""

_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f/]{1,255}")


class Refused(Exception):
    """A request that gets an error response before it does anything."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


class OnlyOurOwn:
    """Passes requests on to `app` if they are addressed to `host` and carry the secret."""

    def __init__(self, app: ASGIApp, *, host: str, secret: str) -> None:
        self._app, self._host = app, host
        self._authorization = f"Bearer {secret}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            self._check(scope["method"], Headers(scope=scope))
        except Refused as refused:
            await error_response(refused.status, refused.kind, str(refused))(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive), send)

    def _check(self, method: str, headers: Headers) -> None:
        if not hmac.compare_digest(headers.get("authorization", "").encode(), self._authorization):
            raise Refused(401, "NotAuthorizedException", "the request must carry the secret of this run")
        if headers.get("host") != self._host:
            raise Refused(403, "ForbiddenException", f"the catalog only accepts requests for the host {self._host}")
        if "origin" in headers:
            raise Refused(403, "ForbiddenException", "the catalog refuses requests from web pages")
        if method == "POST" and headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise Refused(415, "BadRequestException", "the body of a POST must be application/json")


def _bounded(receive: Receive) -> Receive:
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MOST_BYTES:
            raise Refused(413, "BadRequestException", f"the body is longer than {MOST_BYTES} bytes")
        return message

    return bounded


def error_response(status: int, kind: str, message: str) -> Response:
    """An error response in the form that the REST catalog specification defines."""
    return JSONResponse({"error": {"message": message, "type": kind, "code": status}}, status_code=status)


def check_names(names: Sequence[str]) -> None:
    """Raise Refused for a namespace or table name that is unsuitable as a file name or in a terminal."""
    for name in names:
        if not _NAME.fullmatch(name):
            raise Refused(400, "BadRequestException", f"{name[:80]!r} can't be the name of a table or namespace")


def check_locations(lake: Path, locations: Sequence[str]) -> None:
    """Raise Refused for an address outside the lake's folder, after resolving links and dots."""
    for location in locations:
        path = Path(location.removeprefix("file://"))
        if not path.is_absolute() or not path.resolve().is_relative_to(lake):
            raise Refused(403, "ForbiddenException", f"{location[:200]!r} is not in the lake {str(lake)!r}")


def locations_in(properties: Mapping[str, str]) -> list[str]:
    """The addresses among a table's properties, such as `write.data.path`."""
    return [value for name, value in properties.items() if name.endswith((".path", ".location"))]


def locations_of(updates: Sequence[TableUpdate]) -> Iterator[str]:
    """All addresses that a change of a table contains."""
    for update in updates:
        match update:
            case SetLocationUpdate():
                yield update.location
            case AddSnapshotUpdate():
                yield update.snapshot.manifest_list
            case SetPropertiesUpdate():
                yield from locations_in(update.updates)
            case SetStatisticsUpdate():
                yield update.statistics.statistics_path
            case SetPartitionStatisticsUpdate():
                yield update.partition_statistics.statistics_path
