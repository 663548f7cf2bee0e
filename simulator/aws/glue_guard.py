"""AWS's behaviour of Glue where moto's differs. Everything else is passed on to moto.

    UpdateTable with a stale VersionId   moto accepts it, so one of two racing commits is lost although both were
                                         acknowledged; Glue refuses it with ConcurrentModificationException
    column statistics                    moto has none and fails; Trino's Hive connector writes them
    views                                see `glue_views`

Source: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html, November 2026.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.aws.athena_statement import STEERING_PROPERTIES, check_steering
from simulator.aws.forwarding import REGION, Moto
from simulator.aws.glue_views import with_columns, with_trinos_comment

TRINO_ACCESS_KEY = "trino"
"""The access key that Trino signs with, so that its calls can be recognised."""

_TABLE_INPUT = (
    "Name",
    "Description",
    "Owner",
    "Retention",
    "StorageDescriptor",
    "PartitionKeys",
    "ViewOriginalText",
    "ViewExpandedText",
    "TableType",
    "Parameters",
)
"""The fields of GetTable's response that UpdateTable accepts."""
_TABLE_WRITES = {"CreateTable", "UpdateTable", "DeleteTable", "BatchDeleteTable"}
_COLUMN_STATISTICS: dict[str, Any] = {"ColumnStatisticsList": [], "Errors": []}


class GuardedGlue:
    """Answers the requests whose X-Amz-Target begins with `AWSGlue.`."""

    def __init__(self, moto: Moto) -> None:
        self._moto = moto
        self._writing = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        operation = request.headers["x-amz-target"].removeprefix("AWSGlue.")
        if "ColumnStatisticsFor" in operation:  # get, update and delete, for tables and for partitions
            return _json(_COLUMN_STATISTICS)
        if operation in _TABLE_WRITES:
            async with self._writing:
                return await self._write_table(request, operation)
        response = await self._moto.forward(request)
        if operation in ("GetTable", "GetTables") and _is_trino(request) and b"VIRTUAL_VIEW" in bytes(response.body):
            return _json(with_trinos_comment(json.loads(bytes(response.body))))
        return response

    async def set_properties(self, database: str, table: str, properties: Mapping[str, str]) -> None:
        """Set parameters of a table, as ALTER TABLE SET TBLPROPERTIES does; raises MotoRefused, Refused."""
        async with self._writing:
            found = await self.table(database, table)
            if is_iceberg(found):
                check_steering(properties)
            kept = {key: found[key] for key in _TABLE_INPUT if key in found}
            changed = {**kept, "Parameters": {**found.get("Parameters", {}), **properties}}
            await self._moto.call(
                "glue", "UpdateTable", {"DatabaseName": database, "TableInput": changed}, region=REGION
            )

    async def create_table(self, database: str, table_input: Mapping[str, Any]) -> None:
        """Create a table that consists of metadata only; raises MotoRefused."""
        async with self._writing:
            body = {"DatabaseName": database, "TableInput": table_input}
            await self._moto.call("glue", "CreateTable", body, region=REGION)

    async def table(self, database: str, table: str) -> dict[str, Any]:
        """Return Glue's Table structure; raises MotoRefused."""
        body = {"DatabaseName": database, "Name": table}
        found: dict[str, Any] = (await self._moto.call("glue", "GetTable", body, region=REGION))["Table"]
        return found

    async def _write_table(self, request: Request, operation: str) -> Response:
        body: dict[str, Any] = await request.json()
        if operation == "UpdateTable" and (before := await self._table_before(request, body)):
            if body.get("VersionId", before["VersionId"]) != before["VersionId"]:
                message = "Update table failed due to concurrent modifications."
                return _json({"__type": "ConcurrentModificationException", "Message": message}, status=400)
            body["TableInput"] = _with_steering(body["TableInput"], before)
        if body.get("TableInput", {}).get("TableType") == "VIRTUAL_VIEW":
            body["TableInput"] = with_columns(body["TableInput"])
        return await self._moto.forward(request, body=json.dumps(body).encode())

    async def _table_before(self, request: Request, update: dict[str, Any]) -> dict[str, Any] | None:
        wanted = {"DatabaseName": update["DatabaseName"], "Name": update["TableInput"]["Name"]}
        found = await self._moto.forward(request, body=json.dumps(wanted).encode(), target="AWSGlue.GetTable")
        # if the table doesn't exist, moto refuses the update
        return json.loads(bytes(found.body))["Table"] if found.status_code == 200 else None


def _with_steering(table_input: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The TableInput with Athena's own properties, which Trino drops when it commits."""
    kept = {key: value for key, value in before.get("Parameters", {}).items() if key in STEERING_PROPERTIES}
    return {**table_input, "Parameters": {**kept, **table_input.get("Parameters", {})}} if kept else table_input


def is_iceberg(table: dict[str, Any]) -> bool:
    """Whether Glue's Table is an Iceberg table."""
    return str(table.get("Parameters", {}).get("table_type", "")).lower() == "iceberg"


def _is_trino(request: Request) -> bool:
    return f"Credential={TRINO_ACCESS_KEY}/" in request.headers.get("authorization", "")


def _json(body: Any, *, status: int = 200) -> Response:
    return JSONResponse(body, status_code=status, media_type="application/x-amz-json-1.1")
