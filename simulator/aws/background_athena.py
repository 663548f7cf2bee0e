"""A local Athena in the background, for a person: `make athena-up`, `make athena-down`.

    python -m simulator.aws.background_athena up      starts it, waits until it is ready, and prints what to export
    python -m simulator.aws.background_athena down    stops it

Its process holds a lock in the cache folder as long as it lives, so that a state file of a process that died can be
recognised.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import boto3

from simulator.aws.child import PROJECT, NotStarted
from simulator.aws.local_athena import LocalAthena, running
from simulator.aws.trino_install import cache_folder, fetch_for_a_person

_START_TIMEOUT_S = 1800
_STOP_TIMEOUT_S = 30
_LOG_LINES = 20
_BUCKET = "trades"
_WORK_GROUP = "schemahub"  # the name in the account's stack, and the default of the command line


def up() -> str:
    """Start a local Athena unless one is running; returns the lines to print."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    when = "already"
    if not _is_running():
        _state().unlink(missing_ok=True)
        when = "now"
        _start()
    state = _wait_for_state()
    return f"""The local Athena is {when} running, on 127.0.0.1 only; `make athena-down` stops it. To use it:

  export AWS_ENDPOINT_URL={state["endpoint"]} AWS_ENDPOINT_URL_S3={state["s3_endpoint"]}

and, if you have no AWS credentials (any will do):

  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1

It has an empty bucket: --lake s3://{_BUCKET}/any/prefix"""


def down() -> str:
    """Stop the running local Athena; returns the lines to print."""
    if not _is_running():
        _state().unlink(missing_ok=True)
        return "no local Athena is running"
    os.kill(_wait_for_state()["pid"], signal.SIGTERM)
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while _is_running():
        if time.monotonic() > deadline:
            sys.exit(f"error: the local Athena did not stop within {_STOP_TIMEOUT_S} s; see {_log()}")
        time.sleep(0.1)
    return "the local Athena has been stopped"


def serve() -> None:
    """Run until SIGTERM."""
    signal.signal(signal.SIGTERM, _stop)
    with _lock().open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            with running() as athena:
                _furnish(athena)
                with _published(athena):
                    signal.pause()
        except NotStarted as error:
            sys.exit(str(error))


def _furnish(athena: LocalAthena) -> None:
    """Create what `make aws-bootstrap` creates in an account, as far as the command line and dbt need it."""
    with athena.in_use():
        boto3.client("athena").create_work_group(
            Name=_WORK_GROUP, Configuration={"EnforceWorkGroupConfiguration": False}
        )
        boto3.client("s3").create_bucket(Bucket=_BUCKET)


@contextmanager
def _published(athena: LocalAthena) -> Iterator[None]:
    state = {"pid": os.getpid(), **dataclasses.asdict(athena)}
    part = _state().with_suffix(".part")
    part.write_text(json.dumps(state))
    part.rename(_state())
    try:
        yield
    finally:
        _state().unlink(missing_ok=True)


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _start() -> None:
    fetch_for_a_person()
    with _log().open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator.aws.background_athena", "serve"],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        while not _state().exists():
            if process.poll() is not None:
                said = "\n".join(_log().read_text(errors="replace").splitlines()[-_LOG_LINES:])
                sys.exit(f"error: the local Athena did not start: {said}")
            time.sleep(0.1)
    except KeyboardInterrupt:
        process.terminate()
        raise


def _wait_for_state() -> dict[str, Any]:
    # another process may be starting it at this moment
    deadline = time.monotonic() + _START_TIMEOUT_S
    while _is_running() and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            state: dict[str, Any] = json.loads(_state().read_text())
            return state
        time.sleep(0.1)
    sys.exit(f"error: the local Athena did not start; see {_log()}")


def _is_running() -> bool:
    with _lock().open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lock() -> Path:
    return cache_folder() / "athena.lock"


def _state() -> Path:
    return cache_folder() / "athena.json"


def _log() -> Path:
    return cache_folder() / "athena.log"


def main() -> None:
    match sys.argv[1:]:
        case ["up"]:
            print(up())
        case ["down"]:
            print(down())
        case ["serve"]:
            serve()
        case _:
            sys.exit("usage: python -m simulator.aws.background_athena up | down")


if __name__ == "__main__":
    main()
