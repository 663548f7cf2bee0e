import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.support.command_line import ROOT
from tests.support.warm_python import warm_python

KEPT = {name: value for name, value in os.environ.items() if not name.startswith("SCHEMAHUB_")}


def serving(lake: Path, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "schemahub.cli", "serve", "--lake", str(lake), *options]
    return subprocess.Popen(
        command, cwd=ROOT, env=KEPT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def refusal(*options: str) -> str:
    command = ["-m", "schemahub.cli", "serve", *options]
    ended = warm_python().run(command, environment=KEPT, folder=ROOT, timeout=60)
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.count("\n") == 1
    return ended.stderr.strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_serves_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path / "lake", "--port", "0") as process:
        assert process.stdout is not None
        found = re.search(r"on (http://127\.0\.0\.1:\d+); press Ctrl-C to stop", process.stdout.readline())
        assert found is not None
        assert httpx.get(f"{found[1]}/", trust_env=False).status_code == 200
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_a_second_ctrl_c_while_it_ends_changes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "lake", "--simulate", "--port", "0") as process:
        assert process.stdout is not None
        found = re.search(r"on http(://127\.0\.0\.1:\d+); press", process.stdout.readline())
        assert found is not None
        with connect(f"ws{found[1]}/live/feed", proxy=None) as watching:
            watching.recv(20)
            process.send_signal(signal.SIGINT)
            time.sleep(0.03)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_it_prints_the_address_with_the_token_that_others_need(tmp_path: Path) -> None:
    with serving(tmp_path / "lake", "--port", "0", "--token", "0123456789abcdef") as process:
        assert process.stdout is not None
        found = re.search(r"on (http://\S+/\?token=0123456789abcdef); press", process.stdout.readline())
        assert found is not None
        with httpx.Client(trust_env=False, follow_redirects=True) as client:
            assert client.get(found[1]).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_another_address_needs_a_token() -> None:
    assert refusal("--host", "0.0.0.0") == (
        "error: others can reach host '0.0.0.0', so it needs a token; add --token, or leave --host away for 127.0.0.1"
    )


@pytest.mark.parametrize("token", ["short", "a token with spaces in it", "ä" * 20])
def test_a_token_that_is_easy_to_guess_or_to_garble_is_refused(token: str) -> None:
    assert refusal("--token", token).startswith("error: expected a token of 16 to 200 letters")


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        sentence = refusal("--lake", str(tmp_path), "--port", port)
    assert sentence == (
        f"error: http://127.0.0.1:{port} can't be used: Address already in use; name another with --host or --port"
    )
