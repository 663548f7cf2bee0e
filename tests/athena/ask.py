"""A statement to Athena, waited for."""

import time
from typing import Any

import boto3


def ask(sql: str, database: str = "schemahub") -> dict[str, Any]:
    """Run a statement to its end; gives its QueryExecution, with the statistics. Fails where the statement does."""
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
    """A bucket for results, made where it is missing."""
    boto3.client("s3").create_bucket(Bucket="athena-results")
    return "athena-results"
