"""Glue as AWS has it, where moto's differs. Everything else is passed on to moto.

    UpdateTable with a stale VersionId   moto takes it, and of two racing commits one is lost though both were
                                         acknowledged; Glue refuses it with ConcurrentModificationException
    column statistics                    moto has none and fails; Trino's Hive connector writes them
    views                                see `glue_views`

Source: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html, November 2026.
"""

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.athena.forwarding import Moto
from tests.athena.glue_views import with_columns, with_trinos_comment

TRINO_ACCESS_KEY = "trino"
"""Trino signs with this key, so that we know its calls."""

_TABLE_WRITES = {"CreateTable", "UpdateTable", "DeleteTable", "BatchDeleteTable"}
_COLUMN_STATISTICS: dict[str, Any] = {"ColumnStatisticsList": [], "Errors": []}


class GuardedGlue:
    """Answers the requests whose X-Amz-Target begins with `AWSGlue.`."""

    def __init__(self, moto: Moto) -> None:
        self._moto = moto
        self._writing = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        operation = request.headers["x-amz-target"].removeprefix("AWSGlue.")
        if "ColumnStatisticsFor" in operation:  # get, update and delete, of a table or of a partition
            return _json(_COLUMN_STATISTICS)
        if operation in _TABLE_WRITES:
            async with self._writing:
                return await self._write_table(request, operation)
        response = await self._moto.forward(request)
        if operation in ("GetTable", "GetTables") and _is_trino(request) and b"VIRTUAL_VIEW" in bytes(response.body):
            return _json(with_trinos_comment(json.loads(bytes(response.body))))
        return response

    async def _write_table(self, request: Request, operation: str) -> Response:
        body: dict[str, Any] = await request.json()
        if operation == "UpdateTable" and "VersionId" in body and await self._is_stale(request, body):
            message = "Update table failed due to concurrent modifications."
            return _json({"__type": "ConcurrentModificationException", "Message": message}, status=400)
        if body.get("TableInput", {}).get("TableType") == "VIRTUAL_VIEW":
            body["TableInput"] = with_columns(body["TableInput"])
            return await self._moto.forward(request, body=json.dumps(body).encode())
        return await self._moto.forward(request)

    async def _is_stale(self, request: Request, update: dict[str, Any]) -> bool:
        wanted = {"DatabaseName": update["DatabaseName"], "Name": update["TableInput"]["Name"]}
        found = await self._moto.forward(request, body=json.dumps(wanted).encode(), target="AWSGlue.GetTable")
        # a table that is gone is moto's to refuse
        return found.status_code == 200 and json.loads(bytes(found.body))["Table"]["VersionId"] != update["VersionId"]


def _is_trino(request: Request) -> bool:
    return f"Credential={TRINO_ACCESS_KEY}/" in request.headers.get("authorization", "")


def _json(body: Any, *, status: int = 200) -> Response:
    return JSONResponse(body, status_code=status, media_type="application/x-amz-json-1.1")
