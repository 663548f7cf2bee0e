"""Whether the stack's roles may do their work, and what is not their work is refused: tried under each of them."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from loaders.lake import NAMESPACE

from .smoke_scratch import CheckFailed, NotHere, Scratch

_REFUSED = {"AccessDenied", "AccessDeniedException", "403"}
_PAUSE_S = 0.5

Probe = Callable[["_AsRole"], object]


@dataclass(frozen=True)
class _AsRole:
    """Somebody who has a role."""

    scratch: Scratch
    session: Any

    def lists(self) -> object:
        return self.session.client("glue").get_tables(DatabaseName=NAMESPACE)

    def opens_bucket(self) -> object:
        return self.session.client("s3").head_bucket(Bucket=self.scratch.bucket)

    def writes(self, folder: str) -> None:
        s3, key = self.session.client("s3"), f"{self.scratch.prefix}/{folder}/smoke-{self.scratch.token}"
        s3.put_object(Bucket=self.scratch.bucket, Key=key, Body=b"")
        with suppress(ClientError):  # who may write may not always remove
            s3.delete_object(Bucket=self.scratch.bucket, Key=key)

    def queries(self, work_group: str) -> None:
        athena = self.session.client("athena")
        identity = athena.start_query_execution(QueryString="select 1", WorkGroup=work_group)["QueryExecutionId"]
        while True:
            status = athena.get_query_execution(QueryExecutionId=identity)["QueryExecution"]["Status"]
            if status["State"] not in ("QUEUED", "RUNNING"):
                break
            time.sleep(_PAUSE_S)
        if status["State"] != "SUCCEEDED":
            raise CheckFailed(f"`select 1` ended as {status['State']}: {status.get('StateChangeReason', '')}")
        athena.get_query_results(QueryExecutionId=identity)

    def drops_a_table(self) -> None:
        self.session.client("glue").delete_table(DatabaseName=NAMESPACE, Name=f"smoke_{self.scratch.token}")


@dataclass(frozen=True)
class _Work:
    may: Mapping[str, Probe]
    may_not: Mapping[str, Probe]


_WORK: Mapping[str, _Work] = {
    "LoaderRole": _Work(
        may={
            "open the bucket": _AsRole.opens_bucket,
            "list tables": _AsRole.lists,
            "write a table's file": lambda role: role.writes(NAMESPACE),
            "take a lock": lambda role: role.writes(".schemahub/locks"),
        },
        may_not={
            "use Athena": lambda role: role.queries(role.scratch.work_group),
            "replace a job's code": lambda role: role.writes(".jobs"),
            "drop a table": _AsRole.drops_a_table,
        },
    ),
    "DbtRole": _Work(
        may={
            "open the bucket": _AsRole.opens_bucket,
            "list tables": _AsRole.lists,
            "use Athena": lambda role: role.queries(role.scratch.work_group),
            "write a table's file": lambda role: role.writes(NAMESPACE),
            "take a lock": lambda role: role.writes(".schemahub/locks"),
        },
        may_not={
            "use another workgroup": lambda role: role.queries("primary"),
            "replace a job's code": lambda role: role.writes(".jobs"),
        },
    ),
    "AnalystRole": _Work(
        may={
            "open the bucket": _AsRole.opens_bucket,
            "list tables": _AsRole.lists,
            "use Athena": lambda role: role.queries(role.scratch.work_group),
        },
        may_not={
            "write a table's file": lambda role: role.writes(NAMESPACE),
            "take a lock": lambda role: role.writes(".schemahub/locks"),
            "drop a table": _AsRole.drops_a_table,
        },
    ),
}


def roles_suffice(scratch: Scratch) -> str:
    """Try every probe under every role; raises CheckFailed at the first that goes another way."""
    outputs = _outputs(scratch)
    for name, work in _WORK.items():
        role = _AsRole(scratch, _assumed(scratch, outputs[name]))
        for what, probe in work.may.items():
            if reason := _refusal(role, probe):
                raise CheckFailed(f"{name} may not {what}: {reason}")
        for what, probe in work.may_not.items():
            if not _refusal(role, probe):
                raise CheckFailed(f"{name} may {what}")
    return ", ".join(_WORK)


def _refusal(role: _AsRole, probe: Probe) -> str:
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
