"""Whether the stack's roles may do their work, and what is not their work is refused: tried under each of them.

They read a table of the lake itself, which the smoke makes there and removes, since they have no right to another.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
import pyarrow as pa
from botocore.exceptions import ClientError
from pyiceberg.table import Table

from lakehouse.layout import NAMESPACE

from .smoke_scratch import CheckFailed, NotHere, Scratch

_REFUSED = {"AccessDenied", "AccessDeniedException", "403"}
_PAUSE_S = 0.5
ROWS = 3

Probe = Callable[["AsRole"], object]


@dataclass(frozen=True)
class AsRole:
    """Somebody who has a role."""

    name: str
    scratch: Scratch
    session: Any
    table: Table

    def lists_databases(self) -> object:
        return self.session.client("glue").get_databases()

    def lists(self) -> object:
        return self.session.client("glue").get_tables(DatabaseName=NAMESPACE)

    def opens_bucket(self) -> object:
        return self.session.client("s3").head_bucket(Bucket=self.scratch.bucket)

    def writes(self, folder: str) -> None:
        s3, key = self.session.client("s3"), f"{self.scratch.prefix}/{folder}/{self.scratch.name}".lstrip("/")
        s3.put_object(Bucket=self.scratch.bucket, Key=key, Body=b"")
        with suppress(ClientError):  # who may write may not always remove
            s3.delete_object(Bucket=self.scratch.bucket, Key=key)

    def reads_files(self) -> None:
        """As Spark or pyiceberg reads: the table's entry, its metadata, its data."""
        found = self.session.client("glue").get_table(DatabaseName=NAMESPACE, Name=self.scratch.name)["Table"]
        data = [task.file.file_path for task in self.table.scan().plan_files()]
        for address in (found["Parameters"]["metadata_location"], *data):
            bucket, _, key = address.removeprefix("s3://").partition("/")
            self.session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()

    def queries(self, work_group: str) -> None:
        athena, sql = self.session.client("athena"), f"select count(*) from {NAMESPACE}.{self.scratch.name}"
        identity = athena.start_query_execution(QueryString=sql, WorkGroup=work_group)["QueryExecutionId"]
        while True:
            status = athena.get_query_execution(QueryExecutionId=identity)["QueryExecution"]["Status"]
            if status["State"] not in ("QUEUED", "RUNNING"):
                break
            time.sleep(_PAUSE_S)
        if status["State"] != "SUCCEEDED":
            raise CheckFailed(f"{self.name}: `{sql}` ended as {status['State']}: {status.get('StateChangeReason', '')}")
        answer = athena.get_query_results(QueryExecutionId=identity)["ResultSet"]["Rows"]
        if answer[1:] != [{"Data": [{"VarCharValue": str(ROWS)}]}]:
            raise CheckFailed(f"{self.name}: `{sql}` answers {answer[1:]}, and {ROWS} rows were written")

    def drops_a_table(self) -> None:
        self.session.client("glue").delete_table(DatabaseName=NAMESPACE, Name=self.scratch.name)


@dataclass(frozen=True)
class Work:
    may: Mapping[str, Probe]
    may_not: Mapping[str, Probe]


WORK: Mapping[str, Work] = {
    "LoaderRole": Work(
        may={
            "open the bucket": AsRole.opens_bucket,
            "list tables": AsRole.lists,
            "write a table's file": lambda role: role.writes(NAMESPACE),
            "take a lock": lambda role: role.writes(".schemahub/locks"),
        },
        may_not={
            "use Athena": lambda role: role.queries(role.scratch.work_group),
            "replace a job's code": lambda role: role.writes(".jobs"),
            "drop a table": AsRole.drops_a_table,
        },
    ),
    "DbtRole": Work(
        may={
            "open the bucket": AsRole.opens_bucket,
            "list databases": AsRole.lists_databases,
            "list tables": AsRole.lists,
            "read a table's files": AsRole.reads_files,
            "read a table with Athena": lambda role: role.queries(role.scratch.work_group),
            "write a table's file": lambda role: role.writes(NAMESPACE),
            "take a lock": lambda role: role.writes(".schemahub/locks"),
        },
        may_not={
            "use another workgroup": lambda role: role.queries("primary"),
            "replace a job's code": lambda role: role.writes(".jobs"),
        },
    ),
    "AnalystRole": Work(
        may={
            "open the bucket": AsRole.opens_bucket,
            "list tables": AsRole.lists,
            "read a table's files": AsRole.reads_files,
            "read a table with Athena": lambda role: role.queries(role.scratch.work_group),
        },
        may_not={
            "write a table's file": lambda role: role.writes(NAMESPACE),
            "take a lock": lambda role: role.writes(".schemahub/locks"),
            "drop a table": AsRole.drops_a_table,
        },
    ),
}


def roles_suffice(scratch: Scratch) -> str:
    """Try every probe under every role; raises CheckFailed at the first that goes another way."""
    outputs = _outputs(scratch)
    table = readable_table(scratch)
    for name, work in WORK.items():
        role = AsRole(name, scratch, _assumed(scratch, outputs[name]), table)
        for what, probe in work.may.items():
            if reason := _refusal(role, probe):
                raise CheckFailed(f"{name} may not {what}: {reason}")
        for what, probe in work.may_not.items():
            if not _refusal(role, probe):
                raise CheckFailed(f"{name} may {what}")
    return ", ".join(WORK)


def readable_table(scratch: Scratch) -> Table:
    """A table of the lake itself, with `ROWS` rows; `scratch` removes it."""
    rows = pa.table({"price": [0.5] * ROWS})
    return scratch.table(scratch.name, rows, database=NAMESPACE, location=f"{scratch.lake}/{NAMESPACE}")


def _refusal(role: AsRole, probe: Probe) -> str:
    """What AWS says when it refuses; empty where it does not."""
    try:
        probe(role)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSED:
            return ""  # allowed to ask, at least
        return str(error.response["Error"].get("Message") or error.response["Error"]["Code"])
    return ""


def _outputs(scratch: Scratch) -> dict[str, str]:
    cloudformation = scratch.client("cloudformation")
    for page in cloudformation.get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}
            if outputs.get("Lake") == scratch.lake:
                return outputs
    raise NotHere(f"no stack made {scratch.lake}")


def _assumed(scratch: Scratch, role: str) -> Any:
    found = scratch.client("sts").assume_role(RoleArn=role, RoleSessionName="schemahub-smoke")["Credentials"]
    return boto3.Session(
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
        region_name=scratch.session.region_name,
    )
