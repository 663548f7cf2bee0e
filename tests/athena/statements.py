"""The statements that were sent to Athena, with the parts masked that change from run to run."""

import re
from datetime import UTC, timedelta
from typing import Any

import boto3

_COMMENT = re.compile(r"-- /\* .*?\"node_id\": \"(?P<node>[^\"]+)\".*?\*/\n?|-- /\* .*? \*/\n?")


def executions_since(known: set[str]) -> list[dict[str, Any]]:
    """The executions that are not `known`, oldest first."""
    athena = boto3.client("athena")
    pages = athena.get_paginator("list_query_executions").paginate(WorkGroup="primary")
    ids = [each for page in pages for each in page["QueryExecutionIds"] if each not in known]
    found: list[Any] = []
    for start in range(0, len(ids), 50):
        found += athena.batch_get_query_execution(QueryExecutionIds=ids[start : start + 50])["QueryExecutions"]
    return sorted(found, key=lambda each: each["Status"]["SubmissionDateTime"])


def execution_ids() -> set[str]:
    return {each["QueryExecutionId"] for each in executions_since(set())}


def masked(execution: dict[str, Any], bucket: str) -> str:
    """The statement below the name of its dbt node, without ids and bucket, and with zeros for the run's time."""
    comment = _COMMENT.match(execution["Query"])
    node = (comment and comment["node"]) or "dbt"
    sql = _COMMENT.sub("", execution["Query"], count=1)
    sql = sql.replace(bucket, "<bucket>")
    sql = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>", sql)
    day = execution["Status"]["SubmissionDateTime"].astimezone(UTC) - timedelta(minutes=30)  # dbt began before that
    for date in {f"{day:%Y-%m-%d}", f"{day + timedelta(minutes=30):%Y-%m-%d}"}:
        sql = re.sub(rf"timestamp '{date} [0-9:.]+'", lambda found: re.sub(r"\d", "0", found[0]), sql)
    sql = re.sub(r'"data_scanned_in_bytes":\d+', '"data_scanned_in_bytes":<bytes>', sql)
    lines = [line.rstrip() for line in sql.strip().splitlines()]
    return f"-- {node}\n" + "\n".join(line for line in lines if line) + "\n;\n"
