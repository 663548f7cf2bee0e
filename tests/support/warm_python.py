"""A Python that has imported the libraries already, and becomes a process for each command in hundredths of a second.

    finished = warm_python().run(["-m", "schemahub.cli", "status"], environment=environment, folder=folder)

The process is a copy of one that has imported nothing of the project, so that the command itself imports all modules of
ours, in its own order. It has the arguments, environment, current folder and output of a new process, and ends as one.
What Python reads from the environment when it starts has no effect; `can_be_warm` says whether that matters.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import inspect
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LIBRARIES = (
    "boto3",
    "dbt.adapters.sql",
    "dbt.cli.main",
    "dlt",
    "dlt.destinations.impl.filesystem.factory",
    "httpx",
    "msgspec",
    "pyarrow.compute",
    "pyarrow.parquet",
    "pydantic_settings",
    "pyiceberg.catalog.sql",
    "pyiceberg.io.pyarrow",
    "rich.console",
    "typer",
)
"""What our commands import; a library that is not listed is imported by each command, which only takes longer.

DuckDB is not, because it starts a thread when it is imported, and a copy of a process has none of its threads.
"""

_LONGEST_REQUEST = 1_000_000


_AT_THE_START = dict(os.environ)

_READ_WHEN_IMPORTED = ("DBT_", "DLT_", "SCHEMAHUB_", "PYTHONPATH")
"""The beginnings of variables that the libraries, or nobody, may read before a command's own environment applies."""


def can_be_warm(environment: Mapping[str, str]) -> bool:
    """Whether a command may run in a copy; it may not if its environment has other variables for Python itself."""
    ours, theirs = (
        {name: value for name, value in each.items() if name.startswith("PYTHON") and name != "PYTHONPATH"}
        for each in (_AT_THE_START, environment)
    )
    return sys.platform == "linux" and ours == theirs


class WarmPython:
    """The process that is copied, which ends with this one."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kept = {name: value for name, value in _AT_THE_START.items() if not name.startswith(_READ_WHEN_IMPORTED)}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], env=kept, pass_fds=[theirs.fileno()]
            )

    def run(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m MODULE …` to its end, like `subprocess.run`."""
        request = json.dumps({"arguments": arguments, "environment": dict(environment), "folder": str(folder)})
        with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            socket.send_fds(self._requests, [request.encode()], [stdout.fileno(), stderr.fileno()])
            child = int(self._requests.recv(64))
            if not select.select([self._requests], [], [], timeout)[0]:
                os.kill(child, signal.SIGKILL)
                self._requests.recv(64)
                raise subprocess.TimeoutExpired(list(arguments), timeout)
            status = int(self._requests.recv(64))
            output, errors = (file.seek(0) or file.read() for file in (stdout, stderr))
        return subprocess.CompletedProcess(list(arguments), status, output, errors)

    def close(self) -> None:
        self._requests.close()
        self._process.wait()


@functools.cache
def warm_python() -> WarmPython:
    """The one of this process, which is started when the first command needs it."""
    warm = WarmPython()
    atexit.register(warm.close)
    return warm


def _import_the_libraries() -> None:
    os.environ["DLT_DISABLE_PLUGINS"] = "true"  # as our own code has it before it imports dlt
    for name in LIBRARIES:
        importlib.import_module(name)
    importlib.import_module("parsed_project").keep_for_any_lake()
    inspect.getmodule(inspect.currentframe())  # it keeps where each module is, which pydantic asks for each class
    gc.collect()
    gc.freeze()


def _serve(requests: socket.socket) -> dict[str, Any] | None:
    """Answer requests until there are no more; returns a request in the process that is to fulfil it."""
    while True:
        with contextlib.closing(_Files()) as files:
            message, files.descriptors, *_ = socket.recv_fds(requests, _LONGEST_REQUEST, 2)
            if not message:
                return None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python 3.12 warns of threads, which only libraries in C have here
                child = os.fork()
            if child == 0:
                os.dup2(files.descriptors[0], 1)
                os.dup2(files.descriptors[1], 2)
                requests.close()
                request: dict[str, Any] = json.loads(message)
                return request
        requests.send(str(child).encode())
        _, status = os.waitpid(child, 0)
        requests.send(str(os.waitstatus_to_exitcode(status)).encode())


class _Files:
    descriptors: Sequence[int] = ()

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)


def _become(request: Mapping[str, Any]) -> None:
    """Do what `python -m MODULE …` does."""
    _, module, *arguments = request["arguments"]
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["folder"])
    paths = request["environment"].get("PYTHONPATH", "")
    sys.path[:0] = [request["folder"], *(path for path in paths.split(os.pathsep) if path)]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _import_the_libraries()
    del sys.path[0]  # the folder of this file, whose modules no library means
    if request := _serve(socket.socket(fileno=int(sys.argv[1]))):
        _become(request)
