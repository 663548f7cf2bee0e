"""What was asked of Athena, and what in it changes from run to run."""

import re
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
    """The statement under the name of its dbt node, without ids, bucket and the time of the run."""
    comment = _COMMENT.match(execution["Query"])
    node = (comment and comment["node"]) or "dbt"
    sql = _COMMENT.sub("", execution["Query"], count=1)
    sql = sql.replace(bucket, "<bucket>")
    sql = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>", sql)
    sql = re.sub(r"timestamp '[^']+' as unified_at", "timestamp '<start of the run>' as unified_at", sql)
    sql = re.sub(r'"data_scanned_in_bytes":\d+', '"data_scanned_in_bytes":<bytes>', sql)
    lines = [line.rstrip() for line in sql.strip().splitlines()]
    return f"-- {node}\n" + "\n".join(line for line in lines if line) + "\n;\n"
