"""`make athena-up` and `make athena-down`, with a separate cache folder that links to the installed Trino."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from simulator.aws.child import PROJECT
from simulator.aws.trino_install import cache_folder, installed_trino

NAMES = "AWS_ENDPOINT_URL=(?P<endpoint>http://127.0.0.1:[0-9]+) AWS_ENDPOINT_URL_S3=(?P<s3>http://127.0.0.1:[0-9]+)"


def background_athena(command: str, cache: Path, path: str = os.environ["PATH"]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "simulator.aws.background_athena", command],
        cwd=PROJECT,
        env=os.environ | {"XDG_CACHE_HOME": str(cache.parent), "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "schemahub"
    folder.mkdir()
    (folder / cache_folder().joinpath(installed_trino()).name).symlink_to(installed_trino())
    return folder


def answers(address: str) -> bool:
    try:
        httpx.get(address, trust_env=False)
    except httpx.TransportError:
        return False
    return True


def unify_as_it_says(said: str, cache: Path) -> None:
    """Run the command line on the printed lake, with only the printed variables set."""
    exported = dict(re.findall(r"([A-Z0-9_]+)=(\S+)", said))
    (lake,) = re.findall(r"--lake (s3://\S+)", said)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SCHEMAHUB_"))}
    finished = subprocess.run(
        [sys.executable, "-m", "schemahub.cli", "run", "unify", "trades_unified", "--lake", lake],
        cwd=PROJECT, env=kept | exported | {"XDG_CACHE_HOME": str(cache.parent)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_it_stays_until_it_is_stopped_or_killed(cache: Path) -> None:
    try:
        up = background_athena("up", cache)
        assert (up.returncode, up.stderr) == (0, "")
        assert "is now running" in up.stdout
        found = re.search(NAMES, up.stdout)
        assert found
        again = background_athena("up", cache).stdout
        assert again == up.stdout.replace("is now running", "is already running")
        unify_as_it_says(up.stdout, cache)

        state = json.loads((cache / "athena.json").read_text())
        addresses = [state["endpoint"], state["s3_endpoint"], state["trino"]]
        assert addresses[:2] == [found["endpoint"], found["s3"]]
        os.kill(state["pid"], signal.SIGKILL)
        deadline = time.monotonic() + 20
        while any(answers(address) for address in addresses) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [answers(address) for address in addresses] == [False] * 3
        assert (cache / "athena.json").exists()  # left behind, and known as such
        assert background_athena("down", cache).stdout == "no local Athena is running\n"

        assert "is now running" in background_athena("up", cache).stdout
        assert background_athena("down", cache).stdout == "the local Athena has been stopped\n"
        assert not (cache / "athena.json").exists()
    finally:
        background_athena("down", cache)


def test_where_maven_is_missing_that_is_said(tmp_path: Path) -> None:
    up = background_athena("up", tmp_path / "schemahub", path=os.devnull)
    assert up.returncode == 1
    assert up.stdout == f"Maven fetches Trino, 800 MB, into {tmp_path / 'schemahub'}, only once\n"
    assert up.stderr.splitlines() == [
        "error: Trino 476 is fetched by Maven, and there is no `mvn`; install Maven and Java, and run this again"
    ]
    assert background_athena("down", tmp_path / "schemahub").stdout == "no local Athena is running\n"
