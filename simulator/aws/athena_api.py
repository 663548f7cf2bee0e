"""Athena's API on top of a Trino: the operations that SchemaHub, dbt-athena and PyAthena use. Others are refused.

moto keeps the workgroups that boto3 creates. Their output location, their limit of scanned bytes, and whether these are
enforced, have an effect here.

Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_Operations.html, November 2026; the messages are
those that https://github.com/aoyagikouhei/athena-local measured on Athena.
"""

import asyncio
import contextlib
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.aws.athena_executions import Execution, Executor
from simulator.aws.athena_statement import ICEBERG, Statement
from simulator.aws.athena_statements import read_statement
from simulator.aws.athena_strictness import check_length
from simulator.aws.forwarding import REGION, Moto
from simulator.aws.sql_tokens import Refused

_PASSED_ON = {
    "CreateWorkGroup",
    "DeleteWorkGroup",
    "ListWorkGroups",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
}
_CSV_SUBTYPES = {"SELECT", "UPDATE", "DELETE", "MERGE"}
_ACCOUNT = "123456789012"
_LONGEST_WAIT_S = 1.0
_ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}

Answer = dict[str, Any]


class InvalidRequest(Exception):
    """An error that Athena reports as InvalidRequestException."""

    def __init__(self, message: str, code: str = "INVALID_INPUT") -> None:
        self.code = code
        super().__init__(message)


class AthenaApi:
    """Answers the requests whose X-Amz-Target begins with `AmazonAthena.`."""

    def __init__(self, moto: Moto, executor: Executor) -> None:
        self._moto, self._executor = moto, executor
        self._executions: dict[str, Execution] = {}
        self._tokens: dict[str, tuple[tuple[Any, ...], str]] = {}
        self._operations: dict[str, Callable[[Answer], Awaitable[Answer]]] = {
            "StartQueryExecution": self._start,
            "StopQueryExecution": self._stop,
            "GetQueryExecution": self._get,
            "BatchGetQueryExecution": self._batch_get,
            "ListQueryExecutions": self._list,
            "GetQueryResults": self._results,
            "GetQueryRuntimeStatistics": self._runtime_statistics,
            "GetWorkGroup": self._get_work_group,
            "GetDataCatalog": self._get_data_catalog,
        }

    async def answer(self, request: Request) -> Response:
        operation = request.headers["x-amz-target"].removeprefix("AmazonAthena.")
        try:
            _check_region(request)
            if operation in _PASSED_ON:
                return await self._moto.forward(request)
            if operation not in self._operations:
                raise InvalidRequest(f"the local Athena does not provide {operation}")
            return _json(await self._operations[operation](await request.json()))
        except InvalidRequest as error:
            details = {"Message": str(error), "AthenaErrorCode": error.code, "ErrorCode": error.code}
            return _json({"__type": "InvalidRequestException", **details}, status=400)

    async def _start(self, body: Answer) -> Answer:
        context, configuration = body.get("QueryExecutionContext", {}), body.get("ResultConfiguration", {})
        same = (body["QueryString"], context.get("Database"), configuration.get("OutputLocation"))
        token = body.get("ClientRequestToken", "")
        if token in self._tokens:
            before, known = self._tokens[token]
            if before != same:
                raise InvalidRequest("Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH")
            return {"QueryExecutionId": known}
        execution = await self._new_execution(body, context, configuration)
        self._executions[execution.id] = execution
        self._tokens[token] = (same, execution.id)
        self._executor.start(execution)
        return {"QueryExecutionId": execution.id}

    async def _new_execution(self, body: Answer, context: Answer, configuration: Answer) -> Execution:
        name = body.get("WorkGroup", "primary")
        settings = (await self._work_group(name)).get("Configuration", {})
        of_work_group = settings.get("ResultConfiguration", {})
        if settings.get("EnforceWorkGroupConfiguration") or not configuration.get("OutputLocation"):
            configuration = {**configuration, **of_work_group}
        location = await self._checked_location(configuration.get("OutputLocation"))
        if context.get("Catalog", ICEBERG).lower() != ICEBERG:
            raise InvalidRequest(f"Catalog {context['Catalog']!r} does not exist; the local Athena has AwsDataCatalog")
        if body.get("ExecutionParameters"):
            raise InvalidRequest("the local Athena does not provide ExecutionParameters")
        query_id, database = str(uuid.uuid4()), context.get("Database", "default").lower()
        try:
            check_length(body["QueryString"])
            statement = read_statement(body["QueryString"], database=database, results=f"{location}/tables/{query_id}")
        except Refused as error:
            raise InvalidRequest(str(error), "MALFORMED_QUERY") from error
        return Execution(
            id=query_id,
            sql=body["QueryString"],
            statement=statement,
            database=database,
            workgroup=name,
            result_configuration={**configuration, "OutputLocation": f"{location}/{_file_name(statement, query_id)}"},
            scan_limit_bytes=settings.get("BytesScannedCutoffPerQuery"),
        )

    async def _checked_location(self, location: str | None) -> str:
        if not location:
            raise InvalidRequest(
                "No output location provided. An output location is required either through the Workgroup result "
                "configuration setting or as an API input."
            )
        if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/.*)?", location):
            raise InvalidRequest("outputLocation is not a valid S3 path.")
        if not await self._moto.has_bucket(location, region=REGION):
            raise InvalidRequest(f"Unable to verify/create output bucket {location.split('/')[2]}")
        return location.rstrip("/")

    async def _stop(self, body: Answer) -> Answer:
        self._executor.stop(self._found(body["QueryExecutionId"]))
        return {}

    async def _get(self, body: Answer) -> Answer:
        execution = self._found(body["QueryExecutionId"])
        # wait up to a second for the end, so that a client that polls only once a second learns of it immediately
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(execution.ended.wait(), _LONGEST_WAIT_S)
        return {"QueryExecution": _described(execution)}

    async def _batch_get(self, body: Answer) -> Answer:
        ids: list[str] = body["QueryExecutionIds"]
        unknown = [
            {"QueryExecutionId": one, "ErrorCode": "INVALID_INPUT", "ErrorMessage": "Query execution was not found"}
            for one in ids
            if one not in self._executions
        ]
        found = [_described(self._executions[one]) for one in ids if one in self._executions]
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": unknown}

    async def _list(self, body: Answer) -> Answer:
        name = body.get("WorkGroup", "primary")
        await self._work_group(name)
        in_order = [one.id for one in self._executions.values() if one.workgroup == name]
        if (token := body.get("NextToken")) and token not in in_order:
            raise InvalidRequest(f"NextToken {token!r} does not belong to this list")
        older = in_order[: in_order.index(token)] if token else in_order  # newer ones may have come since
        page = _page(older[::-1], body, longest=50)
        return {"QueryExecutionIds": page} | ({"NextToken": page[-1]} if len(page) < len(older) else {})

    async def _results(self, body: Answer) -> Answer:
        execution = self._found(body["QueryExecutionId"])
        if execution.state in ("QUEUED", "RUNNING"):
            message = f"Query has not yet finished. Current state: {execution.state}"
            raise InvalidRequest(message, "INVALID_QUERY_EXECUTION_STATE")
        if execution.state == "FAILED":
            message = "Query did not finish successfully. Final query state: FAILED"
            raise InvalidRequest(message, "INVALID_QUERY_EXECUTION_STATE")
        if execution.state == "CANCELLED":
            raise InvalidRequest("Could not find results", "RESULT_NOT_FOUND")
        rows = list(execution.rows)
        if execution.statement.result == "rows":
            rows.insert(0, [column.name for column in execution.columns])
        first = _offset(body.get("NextToken", "0"), len(rows))
        page = _page(rows[first:], body, longest=1000)
        shown = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in page]
        metadata = {"ColumnInfo": [column.described() for column in execution.columns]}
        following = {"NextToken": str(first + len(page))} if first + len(page) < len(rows) else {}
        count = {} if execution.update_count is None else {"UpdateCount": execution.update_count}
        return {"ResultSet": {"Rows": shown, "ResultSetMetadata": metadata}, **following, **count}

    async def _runtime_statistics(self, body: Answer) -> Answer:
        execution = self._found(body["QueryExecutionId"])
        rows = {"InputRows": execution.read_rows, "InputBytes": execution.read_bytes, "OutputRows": len(execution.rows)}
        return {"QueryRuntimeStatistics": {"Timeline": _timeline(execution), "Rows": rows}}

    async def _get_work_group(self, body: Answer) -> Answer:
        return {"WorkGroup": await self._work_group(body["WorkGroup"])}

    async def _get_data_catalog(self, body: Answer) -> Answer:
        if body["Name"].lower() != ICEBERG:
            raise InvalidRequest(f"DataCatalog {body['Name']} was not found")
        return {"DataCatalog": {"Name": body["Name"], "Type": "GLUE", "Parameters": {"catalog-id": _ACCOUNT}}}

    async def _work_group(self, name: str) -> Answer:
        found: Answer | None = (
            await self._moto.call("athena", "GetWorkGroup", {"WorkGroup": name}, region=REGION)
        ).get("WorkGroup")
        if found is None:
            raise InvalidRequest("WorkGroup is not found.")
        return found

    def _found(self, query_id: str) -> Execution:
        if query_id not in self._executions:
            raise InvalidRequest(f"QueryExecution {query_id} was not found", "QUERY_EXECUTION_NOT_FOUND")
        return self._executions[query_id]


def _check_region(request: Request) -> None:
    scope = re.search(r"Credential=[^/]*/\d+/(?P<region>[^/]+)/", request.headers.get("authorization", ""))
    if scope and scope["region"] != REGION:
        raise InvalidRequest(f"the local Athena is in {REGION}, and the request is for {scope['region']}")


def _file_name(statement: Statement, query_id: str) -> str:
    if statement.subtype == "CREATE_TABLE_AS_SELECT":
        return query_id if statement.query else f"tables/{query_id}"
    if statement.subtype == "INSERT":
        return query_id
    return f"{query_id}.csv" if statement.subtype in _CSV_SUBTYPES else f"{query_id}.txt"


def _described(execution: Execution) -> Answer:
    status: Answer = {"State": execution.state, "SubmissionDateTime": execution.submitted}
    if execution.completed is not None:
        status["CompletionDateTime"] = execution.completed
    if execution.reason:
        status["StateChangeReason"] = execution.reason
    if execution.error:
        status["AthenaError"] = execution.error
    return {
        "QueryExecutionId": execution.id,
        "Query": execution.sql,
        "StatementType": execution.statement.type,
        "SubstatementType": execution.statement.subtype,
        "ResultConfiguration": execution.result_configuration,
        "QueryExecutionContext": {"Database": execution.database, "Catalog": ICEBERG},
        "Status": status,
        "Statistics": {"DataScannedInBytes": execution.read_bytes, **_timeline(execution)},
        "WorkGroup": execution.workgroup,
        "EngineVersion": _ENGINE,
    }


def _timeline(execution: Execution) -> Answer:
    if execution.completed is None or execution.started is None:
        return {}
    return {
        "QueryQueueTimeInMillis": round(1000 * (execution.started - execution.submitted)),
        "QueryPlanningTimeInMillis": execution.planning_ms,
        "EngineExecutionTimeInMillis": round(1000 * (execution.completed - execution.started)),
        "TotalExecutionTimeInMillis": round(1000 * (execution.completed - execution.submitted)),
    }


def _page(items: list[Any], body: Answer, *, longest: int) -> list[Any]:
    size = body.get("MaxResults", longest)
    if not 1 <= size <= longest:
        raise InvalidRequest(f"MaxResults is {size}, and must be between 1 and {longest}")
    return items[:size]


def _offset(token: str, length: int) -> int:
    if not token.isdecimal() or int(token) > length:
        raise InvalidRequest(f"NextToken {token!r} does not belong to this list")
    return int(token)


def _json(body: Answer, *, status: int = 200) -> Response:
    return JSONResponse(body, status_code=status, media_type="application/x-amz-json-1.1")
