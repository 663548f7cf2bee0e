"""Runs a statement on Athena and waits for its end."""

import time
from typing import Any

import boto3


def ask(sql: str, database: str = "schemahub") -> dict[str, Any]:
    """Run a statement to its end, and return its QueryExecution with the statistics. Fails if the statement fails."""
    athena = boto3.client("athena")
    started = athena.start_query_execution(
        QueryString=sql, WorkGroup="primary", QueryExecutionContext={"Database": database},
        ResultConfiguration={"OutputLocation": f"s3://{results_bucket()}/results/"},
    )  # fmt: skip
    while True:
        found: dict[str, Any] = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])
        execution: dict[str, Any] = found["QueryExecution"]
        if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
            break
        time.sleep(0.02)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"].get("StateChangeReason")
    return execution


def results_bucket() -> str:
    """A bucket for results, created if it is missing."""
    boto3.client("s3").create_bucket(Bucket="athena-results")
    return "athena-results"
