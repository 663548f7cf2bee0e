"""The lease on S3: one holder at a time, and nobody waits for long after a holder that is gone."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from loaders import s3_lock as module
from loaders.exceptions import ConcurrentWriter
from loaders.s3_lock import s3_lock
from tests.athena.local.local_aws import LocalAws

KEY = "prefix/.schemahub/locks/unify.json"
SHORT = timedelta(seconds=2)


@pytest.fixture
def bucket(aws: LocalAws) -> str:
    return aws.new_bucket()


@pytest.fixture
def s3(bucket: str) -> Any:
    return boto3.client("s3")


@pytest.fixture
def holder(bucket: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock until it is killed."""
    program = (
        "import boto3, time, sys; from loaders.s3_lock import s3_lock\n"
        "with s3_lock(boto3.client('s3'), sys.argv[1], sys.argv[2], 'unify'): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, bucket, KEY], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def content(s3: Any, bucket: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=KEY)["Body"].read())
    return found


def put(s3: Any, bucket: str, **found: object) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=json.dumps(found))


def test_of_two_at_once_one_is_refused_and_told_by_whom(s3: Any, bucket: str, holder: "subprocess.Popen[str]") -> None:
    with pytest.raises(ConcurrentWriter, match=rf"`unify` is being written by another process \(pid {holder.pid} on "):
        ExitStack().enter_context(s3_lock(s3, bucket, KEY, "unify"))


def test_after_a_holder_that_was_killed_here_the_next_goes_on_at_once(
    s3: Any, bucket: str, holder: "subprocess.Popen[str]"
) -> None:
    holder.kill()
    holder.wait()
    with s3_lock(s3, bucket, KEY, "unify"):
        assert content(s3, bucket)["pid"] != holder.pid
    assert content(s3, bucket) == {}


def test_a_holder_elsewhere_keeps_its_right_until_its_lease_runs_out(s3: Any, bucket: str) -> None:
    put(s3, bucket, host="elsewhere", pid=1, machine="elsewhere", token="t", renewals=0)
    with pytest.raises(ConcurrentWriter, match="pid 1 on elsewhere"):
        ExitStack().enter_context(s3_lock(s3, bucket, KEY, "unify", lease=SHORT))
    time.sleep(SHORT.total_seconds() + 1.1)  # S3 tells times in seconds
    with s3_lock(s3, bucket, KEY, "unify", lease=SHORT):
        pass


def test_where_processes_cannot_be_told_apart_the_lease_counts(
    s3: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_machine", lambda: None)
    put(s3, bucket, host="here", pid=999_999_999, machine=None, token="t", renewals=0)
    with pytest.raises(ConcurrentWriter):
        ExitStack().enter_context(s3_lock(s3, bucket, KEY, "unify"))


def test_a_lease_is_renewed_for_as_long_as_the_work_takes(s3: Any, bucket: str) -> None:
    with s3_lock(s3, bucket, KEY, "unify", lease=SHORT):
        time.sleep(2 * SHORT.total_seconds())
        assert content(s3, bucket)["renewals"] >= 3
        with pytest.raises(ConcurrentWriter):
            ExitStack().enter_context(s3_lock(s3, bucket, KEY, "unify", lease=SHORT))


def test_who_loses_the_lease_is_interrupted_and_leaves_it_to_the_other(s3: Any, bucket: str) -> None:
    started = time.monotonic()
    with (  # noqa: PT012 # the body is what is interrupted
        pytest.raises(ConcurrentWriter, match="could not be renewed"),
        s3_lock(s3, bucket, KEY, "unify", lease=SHORT),
    ):
        put(s3, bucket, host="elsewhere", pid=1, machine="elsewhere", token="t", renewals=0)
        time.sleep(30)
    assert time.monotonic() - started < 10
    assert content(s3, bucket)["host"] == "elsewhere"


def test_an_answer_that_was_lost_does_not_cost_the_lock(s3: Any, bucket: str) -> None:
    class LosingAnswers:
        """S3 as boto3 shows it when it has sent a request twice, because the first answer was lost."""

        exceptions = s3.exceptions
        get_object = s3.get_object

        def put_object(self, **request: Any) -> Any:
            s3.put_object(**request)
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")

    with s3_lock(LosingAnswers(), bucket, KEY, "unify", lease=SHORT):
        time.sleep(SHORT.total_seconds())
