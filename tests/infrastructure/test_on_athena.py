"""What needs an Athena that executes: the checks of `make aws-smoke`, and the calls that dbt makes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infrastructure.deploy.package import Package
from infrastructure.deploy.stack import STACK, bring_up
from schemahub.settings import PROJECT
from simulator.aws import local_athena
from simulator.aws.local_aws import LocalAws
from simulator.exchanges import RunningSimulator
from simulator.exchanges.market import DEFAULT_START
from tests.infrastructure.iam_policies import Call, Document, allow, documents_of, glue
from tests.infrastructure.moto_account import ACCOUNT, REGION, Account, use

pytestmark = pytest.mark.athena

RECORD_CALLS = """
import json, os
import botocore.session

make = botocore.session.Session.__init__

def record(event_name, params, **_):
    _, service, operation = event_name.split(".")
    with open(os.environ["RECORDED_CALLS"], "a") as file:
        file.write(json.dumps([service, operation, params], default=str) + "\\n")

def make_and_record(session, *arguments, **named):
    make(session, *arguments, **named)
    session.register("before-parameter-build.*.*", record)

botocore.session.Session.__init__ = make_and_record
"""


@pytest.fixture(scope="module")
def athena() -> Iterator[LocalAws]:
    """An Athena for these tests only, because what other tests leave in Glue would disturb them."""
    with local_athena.running() as running, pytest.MonkeyPatch.context() as environment:
        environment.setenv("SCHEMAHUB_WORKGROUP", "schemahub")
        yield running


@pytest.fixture
def lake(athena: LocalAws) -> str:
    """A lake in a new bucket, and the workgroup as the stack creates it."""
    bucket = athena.new_bucket()
    configuration = {
        "EnforceWorkGroupConfiguration": True,
        "BytesScannedCutoffPerQuery": 100_000_000_000,
        "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
        "ResultConfiguration": {"OutputLocation": f"s3://{bucket}/lake/.athena/"},
    }
    with athena.in_use():
        client = boto3.client("athena")
        if any(group["Name"] == "schemahub" for group in client.list_work_groups()["WorkGroups"]):
            client.delete_work_group(WorkGroup="schemahub", RecursiveDeleteOption=True)
        client.create_work_group(Name="schemahub", Configuration=configuration)
    return f"s3://{bucket}/lake"


def test_every_check_passes(athena: LocalAws, lake: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infrastructure.smoke", "--yes", f"{ACCOUNT}/us-east-1", "--lake", lake],
        cwd=PROJECT,
        env=athena.child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("removed")]
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert [line for line in lines if not line.startswith("ok ")] == []


def test_dbt_role_may_send_every_request_of_a_pipeline(
    athena: LocalAws,
    lake: str,
    exchanges: RunningSimulator,
    shared_account: Account,
    package: Package,
    tmp_path: Path,
) -> None:
    (tmp_path / "sitecustomize.py").write_text(RECORD_CALLS)
    recorded = tmp_path / "calls"
    environment = {
        **athena.child_environment(),
        **exchanges.environment,
        "PYTHONPATH": str(tmp_path),
        "RECORDED_CALLS": str(recorded),
        "SCHEMAHUB_LAKE": lake,
        "SCHEMAHUB_SINCE": DEFAULT_START.isoformat(),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    runs = ("ingest kraken", "unify trades_unified", "events", "unify trades_unified --full-refresh", "events")
    for command in (f"run {run}" for run in runs):
        subprocess.run(
            [sys.executable, "-m", "schemahub", *command.split()],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            check=True,
        )
    calls = {call for line in recorded.read_text().splitlines() for call in needed(*json.loads(line))}
    assert {call.action for call in calls} >= {"athena:StartQueryExecution", "glue:DeleteTable", "s3:DeleteObject"}
    policy = dbt_policy(shared_account, package, lake)
    assert sorted({(call.action, call.resource) for call in calls if not allow(policy, call)}) == []


def dbt_policy(account: Account, package: Package, lake: str) -> list[Document]:
    bucket = lake.removeprefix("s3://").partition("/")[0]
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(account, monkeypatch)
        bring_up(STACK, {"Bucket": bucket}, package, dry_run=False)
        found = boto3.client("iam").list_policies(Scope="Local")["Policies"]
        return documents_of(*(each["Arn"] for each in found if "-DbtPolicy-" in each["PolicyName"]))


def needed(service: str, operation: str, parameters: dict[str, Any]) -> list[Call]:
    """The rights that a call of boto3 needs."""
    match service:
        case "glue":
            given = parameters.get("TableInput", {})
            name = parameters.get("Name") or given.get("Name") or parameters.get("TableName", "")
            if "Database" in operation:
                return glue(operation, name)
            return glue(operation, parameters["DatabaseName"], name)
        case "athena":
            group = parameters.get("WorkGroup", "schemahub")
            return [Call(f"athena:{operation}", f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/{group}")]
        case "s3":
            return s3(operation, f"arn:aws:s3:::{parameters['Bucket']}", parameters)
        case "sts":
            return []  # needs no right
    raise AssertionError(f"a pipeline calls {service}:{operation}, of which no policy knows")


def s3(operation: str, bucket: str, parameters: dict[str, Any]) -> list[Call]:
    if operation.startswith(("List", "HeadBucket")):
        return [Call("s3:ListBucket", bucket, {"s3:prefix": parameters["Prefix"]} if "Prefix" in parameters else {})]
    if operation == "DeleteObjects":
        return [Call("s3:DeleteObject", f"{bucket}/{each['Key']}") for each in parameters["Delete"]["Objects"]]
    action = {"HeadObject": "GetObject", "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject"}
    return [Call(f"s3:{action.get(operation, operation)}", f"{bucket}/{parameters['Key']}")]
