"""moto behind the guarded Glue behaves like AWS where the tests of the AWS lake depend on it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import httpx
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyarrow.fs import FileSystem
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError

from simulator.aws import local_aws
from simulator.aws.child import PROJECT
from simulator.aws.local_aws import LocalAws

WRITERS, COMMITS = 4, 6
NUMBERS = pa.schema([pa.field("number", pa.int64())])


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with local_aws.running() as running, running.in_use():
        yield running


@pytest.fixture(scope="module")
def catalog(aws: LocalAws) -> GlueCatalog:
    boto3.client("glue").create_database(DatabaseInput={"Name": "schemahub"})
    return GlueCatalog("schemahub", **{"s3.endpoint": aws.s3_endpoint, "s3.region": local_aws.REGION})


def create_table(aws: LocalAws, catalog: GlueCatalog, name: str) -> str:
    table = f"schemahub.{name}"
    properties = {"commit.retry.num-retries": "0"}
    catalog.create_table(table, NUMBERS, location=f"s3://{aws.new_bucket()}/{name}", properties=properties)
    return table


def refusal(call: Any, **arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Code"]


@pytest.mark.slow
def test_every_acknowledged_commit_of_four_racing_writers_is_in_the_table(aws: LocalAws, catalog: GlueCatalog) -> None:
    table = create_table(aws, catalog, "raced")
    command = [sys.executable, "-m", "tests.simulator.aws.racing_writer", table]
    writers = [
        subprocess.Popen(
            [*command, str(COMMITS * number), str(COMMITS)],
            cwd=PROJECT,
            env=aws.child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(WRITERS)
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    outputs = [writer.communicate(timeout=60)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    acknowledged = sorted(int(number) for output in outputs for number in output.split())
    assert sorted(catalog.load_table(table).scan().to_arrow()["number"].to_pylist()) == acknowledged
    assert len(acknowledged) < WRITERS * COMMITS, "no commit was refused: the writers did not race"


def test_a_commit_on_what_another_has_changed_is_refused(aws: LocalAws, catalog: GlueCatalog) -> None:
    table = create_table(aws, catalog, "changed")
    stale = catalog.load_table(table)
    catalog.load_table(table).append(pa.table({"number": [1]}))
    with pytest.raises(CommitFailedException):
        stale.append(pa.table({"number": [2]}))
    assert catalog.load_table(table).scan().to_arrow()["number"].to_pylist() == [1]


def test_a_stale_version_is_refused_in_glues_words(aws: LocalAws, catalog: GlueCatalog) -> None:
    create_table(aws, catalog, "versions")
    glue = boto3.client("glue")
    found = glue.get_table(DatabaseName="schemahub", Name="versions")["Table"]
    update: dict[str, Any] = {"DatabaseName": "schemahub", "TableInput": {"Name": "versions", "TableType": "new"}}
    version = found["VersionId"]
    glue.update_table(**update, VersionId=version)
    assert refusal(glue.update_table, **update, VersionId=version) == (400, "ConcurrentModificationException")
    glue.update_table(**update)  # without a version, Glue takes it
    update["TableInput"]["Name"] = "none"
    assert refusal(glue.update_table, **update, VersionId=version) == (400, "EntityNotFoundException")


def test_a_table_is_created_once(aws: LocalAws, catalog: GlueCatalog) -> None:
    table = create_table(aws, catalog, "once")
    with pytest.raises(TableAlreadyExistsError):
        catalog.create_table(table, NUMBERS, location=f"s3://{aws.new_bucket()}/again")

    def create(_: int) -> bool:
        try:
            glue.create_table(DatabaseName="schemahub", TableInput={"Name": "raced_for"})
        except glue.exceptions.AlreadyExistsException:
            return False
        return True

    glue = boto3.client("glue")
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(create, range(8))) == [False] * 7 + [True]


def test_an_object_is_created_once_where_that_is_asked_for(aws: LocalAws) -> None:
    s3, bucket = boto3.client("s3"), aws.new_bucket()
    new = {"Bucket": bucket, "IfNoneMatch": "*"}
    s3.put_object(**new, Key="lock", Body=b"mine")
    assert refusal(s3.put_object, **new, Key="lock", Body=b"yours") == (412, "PreconditionFailed")
    assert s3.get_object(Bucket=bucket, Key="lock")["Body"].read() == b"mine"
    s3.delete_object(Bucket=bucket, Key="lock")
    s3.put_object(**new, Key="lock", Body=b"yours")

    def create(_: int) -> bool:
        try:
            s3.put_object(**new, Key="raced_for", Body=b"")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(create, range(8))) == [False] * 7 + [True]


def test_a_deleted_object_can_be_created_again_in_a_bucket_with_versions(aws: LocalAws) -> None:
    s3, bucket = boto3.client("s3"), aws.new_bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    lock = {"Bucket": bucket, "Key": "lock"}
    s3.put_object(**lock, Body=b"", IfNoneMatch="*")
    s3.delete_object(**lock)
    s3.put_object(**lock, Body=b"", IfNoneMatch="*")
    assert refusal(s3.put_object, **lock, Body=b"", IfNoneMatch="*") == (412, "PreconditionFailed")


def test_an_object_is_replaced_or_deleted_only_as_it_was_read(aws: LocalAws) -> None:
    s3, lock = boto3.client("s3"), {"Bucket": aws.new_bucket(), "Key": "lock"}
    assert refusal(s3.put_object, **lock, Body=b"", IfMatch='"none"') == (404, "NoSuchKey")
    first = s3.put_object(**lock, Body=b"1")["ETag"]
    second = s3.put_object(**lock, Body=b"2", IfMatch=first)["ETag"]
    assert refusal(s3.put_object, **lock, Body=b"3", IfMatch=first) == (412, "PreconditionFailed")
    assert refusal(s3.delete_object, **lock, IfMatch=first) == (412, "PreconditionFailed")
    assert s3.get_object(**lock)["Body"].read() == b"2"

    def replace(number: int) -> bool:
        try:
            s3.put_object(**lock, Body=str(number).encode() * 9, IfMatch=second)
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(replace, range(8))) == [False] * 7 + [True]


def test_all_else_is_passed_on_as_it_came(aws: LocalAws) -> None:
    s3 = boto3.client("s3", endpoint_url=aws.endpoint)
    bucket, key, body = aws.new_bucket(), "a b/c+d%2Fé", os.urandom(3_000_000)
    s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"kind": "test"})
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body
    head = s3.head_object(Bucket=bucket, Key=key)
    assert (head["ContentLength"], head["Metadata"]) == (len(body), {"kind": "test"})
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket, Prefix="a b/c+")["Contents"]] == [key]
    assert refusal(s3.get_object, Bucket=bucket, Key="none") == (404, "NoSuchKey")
    assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert boto3.client("cloudformation").list_stacks()["StackSummaries"] == []


def test_without_a_trino_athena_says_so(aws: LocalAws) -> None:
    with pytest.raises(ClientError, match="no Athena runs here"):
        boto3.client("athena").start_query_execution(QueryString="select 1")


def test_the_environment_alone_leads_pyarrow_there(aws: LocalAws) -> None:
    files, path = FileSystem.from_uri(f"s3://{aws.new_bucket()}/folder/file")
    with files.open_output_stream(path) as out:
        out.write(b"12345")
    assert files.get_file_info(path).size == 5


def test_nothing_of_the_callers_own_aws_settings_is_used(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    with aws.in_use():
        assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
        assert "AWS_SESSION_TOKEN" not in os.environ
    assert os.environ["AWS_PROFILE"] == "nobody"


def test_it_ends_when_its_parent_is_killed() -> None:
    program = (
        "from simulator.aws import local_aws\n"
        "with local_aws.running() as aws: print(aws.endpoint, aws.s3_endpoint, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        addresses = parent.stdout.readline().split()
        assert [answers(address) for address in addresses] == [True, True]
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(answers(address) for address in addresses) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [answers(address) for address in addresses] == [False, False]


def answers(address: str) -> bool:
    try:
        httpx.get(f"{address}/moto-api/", trust_env=False)
    except httpx.TransportError:
        return False
    return True
