"""How long commands take until their process has ended."""

import os
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from .measure import CannotMeasure, seconds

_NO_NETWORK = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
"""Nothing listens on this port, so every request fails at once."""

_UNUSUAL = ("SCHEMAHUB_", "DBT_", "PYTHONDONTWRITEBYTECODE")
"""Variables that commands don't inherit. With the last, Python would compile our modules again for every command."""

_LONGEST = 1_000
"""The maximum number of characters of a command's output in an error line."""


def seconds_of(command: Sequence[str], *, says: str, variables: Mapping[str, str] | None = None) -> float:
    """Run a program of this environment; raises CannotMeasure if it fails or its output doesn't contain `says`."""
    program = str(Path(sysconfig.get_path("scripts"), command[0]))
    usual = {name: value for name, value in os.environ.items() if not name.startswith(_UNUSUAL)}
    done: list[subprocess.CompletedProcess[str]] = []
    took = seconds(
        lambda: done.append(
            subprocess.run(
                [program, *command[1:]],
                env={**usual, **(variables or {})},
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    )
    if done[0].returncode or says not in done[0].stdout:
        said = " ".join(done[0].stdout.split())[:_LONGEST]
        raise CannotMeasure(
            f"`{' '.join(command[:2])}` ended with {done[0].returncode}; expected {says!r} in its output: {said}"
        )
    return took


def seconds_of_dbt_version() -> float:
    """Run `dbt --version`. It looks for newer versions on the internet; here it can't, so only this machine counts."""
    return seconds_of(["dbt", "--version"], says="duckdb", variables=_NO_NETWORK)
