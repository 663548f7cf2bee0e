"""The local AWS's child processes: each listens on a free port of 127.0.0.1 and never outlives its parent.

    parent                                                        child (python -m simulator.aws.moto_process)
    with started("simulator.aws.moto_process") as address:        with free_port_listener() as listener:
        ...                                                           announce(listener)
                                                                      call_when_stdin_closes(stop)

The child prints one line: its address, or why it has none. It ends when its stdin closes, however its parent ended.
"""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

HOST = "127.0.0.1"
PROJECT = Path(__file__).resolve().parents[2]

_STOP_TIMEOUT_S = 10


class NotStarted(RuntimeError):
    """A child ended before it was ready; the message is what it printed."""


@contextmanager
def started(module: str, *arguments: str) -> Iterator[str]:
    """Run a module, given by its full name, for the duration of a `with` block; yields its URL without a final slash.

    Raises:
        NotStarted: The child ended before it was ready. A traceback is on standard error.
    """
    command = [sys.executable, "-m", module, *arguments]
    # a session of its own, so that Ctrl-C reaches only the parent, which then closes the children one after another
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield _address(process, module)
        finally:
            stop(process)


def _address(process: "subprocess.Popen[str]", module: str) -> str:
    said = process.stdout.readline().strip() if process.stdout else ""
    if said.startswith("http://"):
        return said
    more = process.stdout.read() if process.stdout else ""
    raise NotStarted(f"{said}\n{more}".strip() or f"{module} ended with status {process.wait()} before it was ready")


def stop(process: "subprocess.Popen[str]") -> None:
    """Let a child end by itself, and kill it if it hasn't ended after ten seconds."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()


@contextmanager
def free_port_listener() -> Iterator[socket.socket]:
    # IPPROTO_TCP said aloud, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind((HOST, 0))
        listener.listen(512)
        yield listener


def announce(listener: socket.socket) -> None:
    """Print this child's address, which the parent reads."""
    print(f"http://{HOST}:{listener.getsockname()[1]}", flush=True)


def give_up(reason: str) -> NoReturn:
    """Print the reason, which the parent reads, and end this child."""
    print(reason, flush=True)
    sys.exit(1)


def call_when_stdin_closes(stop_serving: Callable[[], None]) -> None:
    """Call `stop_serving` in a thread once the parent has closed this child's stdin or ended."""

    def wait() -> None:
        # os.read, because a daemon thread must not hold the lock of sys.stdin when the interpreter ends
        while os.read(sys.stdin.fileno(), 1024):
            pass
        stop_serving()

    threading.Thread(target=wait, daemon=True).start()
