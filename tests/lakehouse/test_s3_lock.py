"""The lease on S3: one holder at a time, and nobody waits for a dead holder longer than the lease."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from lakehouse.errors import ConcurrentWriter
from lakehouse.locks.s3_lock import s3_lock
from simulator.aws.local_aws import LocalAws

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
        "import boto3, time, sys; from lakehouse.locks.s3_lock import s3_lock\n"
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


def test_of_two_at_once_one_is_refused_and_the_holder_named(
    s3: Any, bucket: str, holder: "subprocess.Popen[str]"
) -> None:
    with pytest.raises(ConcurrentWriter, match=rf"`unify` is being written by another process \(pid {holder.pid} on "):
        ExitStack().enter_context(s3_lock(s3, bucket, KEY, "unify"))


def test_a_killed_holder_keeps_its_right_until_its_lease_expires(
    s3: Any, bucket: str, holder: "subprocess.Popen[str]"
) -> None:
    holder.kill()
    holder.wait()
    with pytest.raises(ConcurrentWriter, match=rf"pid {holder.pid} on .*; if it was killed, .* ends in [1-3] s$"):
        ExitStack().enter_context(s3_lock(s3, bucket, KEY, "unify", lease=SHORT))
    time.sleep(SHORT.total_seconds() + 1.1)  # S3 gives times in whole seconds
    with s3_lock(s3, bucket, KEY, "unify", lease=SHORT):
        assert content(s3, bucket)["pid"] == os.getpid()
    assert content(s3, bucket) == {}


def test_a_lease_is_renewed_for_as_long_as_the_work_takes(s3: Any, bucket: str) -> None:
    with s3_lock(s3, bucket, KEY, "unify", lease=SHORT):
        time.sleep(2 * SHORT.total_seconds())
        assert content(s3, bucket)["renewals"] >= 3
        with pytest.raises(ConcurrentWriter):
            ExitStack().enter_context(s3_lock(s3, bucket, KEY, "unify", lease=SHORT))


def test_a_holder_that_loses_the_lease_is_interrupted_and_leaves_it_to_the_other(s3: Any, bucket: str) -> None:
    started = time.monotonic()
    with (  # noqa: PT012 # the body is interrupted
        pytest.raises(ConcurrentWriter, match="could not be renewed"),
        s3_lock(s3, bucket, KEY, "unify", lease=SHORT),
    ):
        put(s3, bucket, host="elsewhere", pid=1, token="t", renewals=0)
        time.sleep(30)
    assert time.monotonic() - started < 10
    assert content(s3, bucket)["host"] == "elsewhere"


def test_a_holder_that_loses_the_lease_is_interrupted_even_if_interrupts_are_ignored(bucket: str) -> None:
    program = (
        "import boto3, sys, time; from datetime import timedelta; from lakehouse.locks.s3_lock import s3_lock\n"
        "s3 = boto3.client('s3')\n"
        "with s3_lock(s3, sys.argv[1], sys.argv[2], 'unify', lease=timedelta(seconds=2)):\n"
        "    s3.put_object(Bucket=sys.argv[1], Key=sys.argv[2], Body='{}'); time.sleep(20); print('went on')"
    )
    started = time.monotonic()
    finished = subprocess.run(
        [sys.executable, "-c", program, bucket, KEY],
        capture_output=True, text=True, check=False, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    assert "ConcurrentWriter: the right to write `unify` could not be renewed in time" in finished.stderr
    assert finished.stdout == ""
    assert time.monotonic() - started < 15


class Unreliable:
    """A boto3 client for S3 whose writes fail as `outcomes` say, one outcome per write; the last one repeats."""

    def __init__(self, s3: Any, *outcomes: str) -> None:
        self.exceptions, self.get_object = s3.exceptions, s3.get_object
        self._s3, self._outcomes = s3, iter(outcomes)
        self._outcome = ""

    def put_object(self, **request: Any) -> Any:
        self._outcome = next(self._outcomes, self._outcome)
        if self._outcome == "silence":
            raise ReadTimeoutError(endpoint_url="s3")
        answer = self._s3.put_object(**request)
        if self._outcome == "lost":
            raise ConnectionClosedError(endpoint_url="s3")
        if self._outcome == "sent twice":
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        return answer


def test_a_holder_that_can_not_renew_is_interrupted_before_the_lease_expires(s3: Any, bucket: str) -> None:
    started = time.monotonic()
    with (  # the body is interrupted
        pytest.raises(ConcurrentWriter, match="could not be renewed"),
        s3_lock(Unreliable(s3, "taken", "silence"), bucket, KEY, "unify", lease=SHORT),
    ):
        time.sleep(30)
    assert time.monotonic() - started < SHORT.total_seconds()


@pytest.mark.parametrize("outcome", ["lost", "sent twice"])
def test_a_lost_response_does_not_cost_the_lock(s3: Any, bucket: str, outcome: str) -> None:
    lease = 3 * SHORT  # a shorter lease is too short for a busy machine
    with s3_lock(Unreliable(s3, "taken", outcome, "taken"), bucket, KEY, "unify", lease=lease):
        time.sleep(1.3 * lease.total_seconds())
        with pytest.raises(ConcurrentWriter):
            ExitStack().enter_context(s3_lock(s3, bucket, KEY, "unify", lease=lease))
    assert content(s3, bucket) == {}


def test_a_lock_is_held_although_the_response_said_it_was_refused(s3: Any, bucket: str) -> None:
    with s3_lock(Unreliable(s3, "sent twice", "taken"), bucket, KEY, "unify"):
        assert content(s3, bucket)["pid"] == os.getpid()
