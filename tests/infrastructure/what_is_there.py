"""What moto's account contains, and a lake in it for tests of the stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import boto3
import httpx
import pyarrow as pa

from lakehouse.glue import GlueLake
from tests.infrastructure.moto_account import ACCOUNT, REGION, Account, Request

BUCKET = f"schemahub-{ACCOUNT}-{REGION}"
LAKE = f"s3://{BUCKET}/lake"


def buckets() -> list[str]:
    return [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]


def databases() -> list[str]:
    return [database["Name"] for database in boto3.client("glue").get_databases()["DatabaseList"]]


def stacks() -> list[str]:
    return [stack["StackName"] for stack in boto3.client("cloudformation").describe_stacks()["Stacks"]]


def work_group() -> dict[str, Any]:
    found: dict[str, Any] = boto3.client("athena").get_work_group(WorkGroup="schemahub")["WorkGroup"]["Configuration"]
    return found


def triggers() -> dict[str, str]:
    return {each["Name"]: each["State"] for each in boto3.client("glue").get_triggers()["Triggers"]}


def land(table: str, count: int) -> None:
    """Create a table of the lake with that many rows, which may be 0."""
    rows = pa.table({"traded_at": pa.array([datetime(2026, 1, 5)] * count, pa.timestamp("us"))})
    made = GlueLake(LAKE).catalog.create_table(f"schemahub.{table}", rows.schema, location=f"{LAKE}/schemahub/{table}")
    if count:
        made.append(rows)


@contextmanager
def lasting_runs(account: Account) -> Iterator[None]:
    """Let job runs last; otherwise they end as soon as they are requested."""
    transition = f"{account.endpoint}/moto-api/state-manager/set-transition"
    job_run = {"model_name": "glue::job_run"}
    httpx.post(transition, json={**job_run, "transition": {"progression": "manual", "times": 9}}, trust_env=False)
    yield
    httpx.post(transition, json={**job_run, "transition": {"progression": "immediate"}}, trust_env=False)


def changes(requests: list[Request]) -> Iterator[str]:
    """The recorded requests that change something: tables, objects, workgroups or jobs."""
    for request in requests:
        operation = request.target.partition(".")[2]
        if operation and not operation.startswith(("Get", "List", "Describe", "Batch")):
            yield operation
        if request.path.startswith(f"/{BUCKET}") and request.method in ("PUT", "DELETE"):
            yield f"{request.method} {request.path}"
