"""Query executions: from QUEUED through RUNNING to SUCCEEDED, FAILED or CANCELLED, each in a task of its own.

Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecutionStatus.html, and for reasons and error
types the measurements on Athena in https://github.com/aoyagikouhei/athena-local, November 2026.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from simulator.aws.athena_ddl import vacuum
from simulator.aws.athena_results import ROWS_WRITTEN, Column, Row, as_text, csv, plain_text
from simulator.aws.athena_statement import ICEBERG, Statement
from simulator.aws.athena_strictness import check_functions, check_iceberg_types, check_numbers
from simulator.aws.forwarding import REGION, Moto, MotoRefused
from simulator.aws.glue_guard import GuardedGlue
from simulator.aws.glue_views import hive_type
from simulator.aws.sql_tokens import Refused
from simulator.aws.trino_client import USER, TrinoClient, TrinoFailed, TrinoResult

SCAN_LIMIT_EXCEEDED = "Bytes scanned limit was exceeded"
CANCELLED_BY_USER = "Query cancelled by user"

RUNNING_AT_ONCE = 20
"""The maximum number of statements that run at the same time; others are queued. Athena's own number is a quota:
https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""

_SYSTEM_ERROR, _USER_ERROR = 1, 2
_ICEBERG_ERROR_TYPE = 233
_ERROR_TYPES = {
    "DIVISION_BY_ZERO": 1001,
    "TYPE_MISMATCH": 1002,
    "COLUMN_NOT_FOUND": 1006,
    "INVALID_CAST_ARGUMENT": 1100,
    "NOT_SUPPORTED": 1200,
    "SCHEMA_NOT_FOUND": 1301,
    "TABLE_NOT_FOUND": 1301,
    "FUNCTION_NOT_FOUND": 1303,
}
_OTHER_USER_ERROR_TYPE, _SYSTEM_ERROR_TYPE = 1000, 200
_LINE_COLUMNS = {
    "SHOW_TABLES": "tab_name",
    "SHOW_DATABASES": "database_name",
    "SHOW_COLUMNS": "field",
    "DESCRIBE_TABLE": "col_name",
    "EXPLAIN": "Query Plan",
}


@dataclass
class Execution:
    """One query execution; times are seconds since 1970."""

    id: str
    sql: str
    statement: Statement
    database: str
    workgroup: str
    result_configuration: dict[str, Any]
    """Where the result goes. Its OutputLocation is the address of the result file."""
    scan_limit_bytes: int | None
    state: str = "QUEUED"
    reason: str = ""
    error: dict[str, Any] = field(default_factory=dict)
    submitted: float = field(default_factory=time.time)
    started: float | None = None
    completed: float | None = None
    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    """The rows of a query's result, without the header."""
    update_count: int | None = None
    read_bytes: int = 0
    read_rows: int = 0
    planning_ms: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        self.state, self.started = "RUNNING", time.time()

    def end(self, state: str, reason: str = "") -> None:
        self.state, self.reason, self.completed = state, reason, time.time()
        self.ended.set()


class Executor:
    """Runs executions on a Trino."""

    def __init__(self, trino: TrinoClient, glue: GuardedGlue, moto: Moto) -> None:
        self._trino, self._glue, self._moto = trino, glue, moto
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(RUNNING_AT_ONCE)

    def start(self, execution: Execution) -> None:
        self._tasks[execution.id] = asyncio.create_task(self._run(execution))

    def stop(self, execution: Execution) -> None:
        """Cancel an execution, also in Trino. An execution that has ended stays unchanged."""
        if task := self._tasks.pop(execution.id, None):
            task.cancel()
            if execution.state == "QUEUED":  # its task has not begun, and now never will
                execution.end("CANCELLED", CANCELLED_BY_USER)

    async def _run(self, execution: Execution) -> None:
        try:
            async with self._slots:
                execution.begin()
                await self._execute(execution)
                await self._write_result(execution)
            if _has_read_too_much(execution):
                execution.end("CANCELLED", SCAN_LIMIT_EXCEEDED)
            else:
                execution.end("SUCCEEDED")
        except TrinoFailed as error:
            if error.name == "EXCEEDED_SCAN_LIMIT":
                execution.end("CANCELLED", SCAN_LIMIT_EXCEEDED)
            else:
                _fail(
                    execution, f"{error.name}: {error}", category=_USER_ERROR if error.is_users_fault else _SYSTEM_ERROR
                )
        except asyncio.CancelledError:
            execution.end("CANCELLED", CANCELLED_BY_USER)
        except Refused as error:
            _fail(execution, str(error), category=_USER_ERROR)
        except MotoRefused as error:
            _fail(execution, f"{error.kind}: {error}".removeprefix(": "), category=_USER_ERROR)
        except httpx.TransportError as error:
            _fail(execution, f"GENERIC_INTERNAL_ERROR: Trino does not answer: {error!r}", category=_SYSTEM_ERROR)
        except Exception as error:
            _fail(execution, f"GENERIC_INTERNAL_ERROR: {error!r}", category=_SYSTEM_ERROR)
            raise
        finally:
            self._tasks.pop(execution.id, None)

    async def _execute(self, execution: Execution) -> None:
        statement = execution.statement
        check_functions(execution.sql)
        check_numbers(execution.sql)
        if statement.query:
            described = await self._trino.run(_without_rows(statement.query), headers=_headers(execution))
            check_iceberg_types((column.name, column.type) for column in described.columns)
        if statement.table and statement.new_glue_table:
            await self._glue.create_table(statement.table.database, statement.new_glue_table)
        for sql in await self._statements(statement):
            result = await self._trino.run(sql, headers=_headers(execution))
            _add_result(execution, result)
        if statement.table and statement.properties:
            await self._glue.set_properties(statement.table.database, statement.table.table, statement.properties)

    async def _statements(self, statement: Statement) -> tuple[str, ...]:
        if not (statement.is_vacuum and statement.table):
            return statement.trino
        table = await self._glue.table(statement.table.database, statement.table.table)
        return vacuum(statement.table, table.get("Parameters", {}))

    async def _write_result(self, execution: Execution) -> None:
        address = execution.result_configuration["OutputLocation"]
        if execution.statement.result == "rows":
            header = [column.name for column in execution.columns]
            await self._moto.put_object(address, csv([header, *execution.rows]).encode(), region=REGION)
        elif address.endswith(".txt"):
            await self._moto.put_object(address, plain_text(execution.rows).encode(), region=REGION)


def _has_read_too_much(execution: Execution) -> bool:
    # Trino checks only once a second; a faster statement that wrote nothing is cancelled here
    limit = execution.scan_limit_bytes
    return execution.statement.result == "rows" and limit is not None and execution.read_bytes > limit


def _headers(execution: Execution) -> dict[str, str]:
    limit = execution.scan_limit_bytes
    return {
        "X-Trino-User": USER,
        "X-Trino-Source": execution.id,
        "X-Trino-Catalog": ICEBERG,
        "X-Trino-Schema": execution.database,
        "X-Trino-Time-Zone": "UTC",
        "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",  # otherwise timestamps have three digits
    } | ({"X-Trino-Session": f"query_max_scan_physical_bytes={limit}B"} if limit else {})


def _without_rows(query: str) -> str:
    return f"select * from (\n{query}\n) where false"


def _add_result(execution: Execution, result: TrinoResult) -> None:
    execution.read_bytes += result.physical_input_bytes
    execution.read_rows += result.input_rows
    execution.planning_ms += result.planning_ms
    kind = execution.statement.result
    if kind == "count":
        execution.columns, execution.update_count = [ROWS_WRITTEN], result.update_count or 0
    elif kind == "lines":
        execution.columns = [_line_column(execution.statement.subtype)]
        execution.rows, execution.update_count = _lines(execution.statement.subtype, result.rows), 0
    elif kind == "rows":
        signatures = [column.signature for column in result.columns]
        execution.columns, execution.update_count = result.columns, 0
        execution.rows = [
            [as_text(value, signature) for value, signature in zip(row, signatures, strict=True)] for row in result.rows
        ]


def _line_column(subtype: str) -> Column:
    return Column(_LINE_COLUMNS[subtype], "varchar", {"rawType": "varchar", "arguments": []})


def _lines(subtype: str, rows: list[list[Any]]) -> list[Row]:
    if subtype == "DESCRIBE_TABLE":
        return [[f"{name:<20}\t{hive_type(kind):<20}\t{comment or '':<20}"] for name, kind, _, comment in rows]
    return [[line] for row in rows for line in str(row[0]).splitlines()]


def _fail(execution: Execution, reason: str, *, category: int) -> None:
    name = (re.match(r"[A-Z_]+(?=:)", reason) or [""])[0]
    if name.startswith("ICEBERG_"):
        kind = _ICEBERG_ERROR_TYPE
    else:
        kind = _ERROR_TYPES.get(name, _OTHER_USER_ERROR_TYPE) if category == _USER_ERROR else _SYSTEM_ERROR_TYPE
    execution.error = {
        "ErrorCategory": category,
        "ErrorType": kind,
        "Retryable": False,
        "ErrorMessage": reason,
    }
    execution.end("FAILED", reason)
