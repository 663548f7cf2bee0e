"""The lake's catalog as a child process, through which DuckDB writes tables.

    with RestCatalog(Path("lake")) as catalog, duckdb.connect(config=CONFIG) as connection:
        attach_lake(connection, catalog)

Only dbt's runs need it. Commands that only read use `connect.py`.
"""

import atexit
import os
import secrets
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from .connect import LAKE_ALIAS, READING, LakeUnusable, load_extensions

_HTTP = "httpfs"
"""The extension that requests to the catalog need."""

_SECRET = "schemahub_catalog"
_STRAIGHT_TO_THE_CATALOG = (
    "set global http_proxy = ''",
    # the other implementation, curl, uses ALL_PROXY and http_proxy from the environment even for 127.0.0.1
    "set global httpfs_client_implementation = 'httplib'",
)
_PYTHON_SETTINGS = ("PYTHONPATH", "PYTHONHOME", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")
"""Python's environment variables that the catalog process inherits: those about files, not about how Python runs."""


def attach_lake(connection: duckdb.DuckDBPyConnection, catalog: "RestCatalog") -> None:
    """Attach the lake of `catalog` to `connection` as `schemahub`."""
    load_extensions(connection, (_HTTP, *READING))
    for setting in _STRAIGHT_TO_THE_CATALOG:
        connection.execute(setting)
    # a secret keeps the token hidden: DuckDB lists the options of attached databases
    connection.execute(f"create secret {_SECRET} (type iceberg, token '{catalog.secret}')")
    connection.execute(f"attach '' as {LAKE_ALIAS} (type iceberg, endpoint '{catalog.url}', secret {_SECRET})")


class RestCatalog:
    """The lake's catalog as a child process, which ends with `close()`, or with this process however it ends."""

    def __init__(self, lake: Path, *, log_file: str | None = None) -> None:
        """Start the process without waiting until it is ready; it logs requests and errors to `log_file`, if given."""
        self.lake = lake.resolve()
        self.secret = secrets.token_urlsafe(32)
        """The bearer token that requests must carry."""
        # -P ignores a folder `lakehouse` that happens to be in the current directory
        command = [sys.executable, "-P", "-m", "lakehouse.duckdb.rest_catalog", str(self.lake)]
        if log_file:
            command += ["--log", log_file]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 # closed in close()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_environment(),
            start_new_session=True,  # Ctrl-C must reach only the parent, which may still need to commit or roll back
        )
        self._url = ""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the process has ended; `url` reports why
            self._process.stdin.write(f"{self.secret}\n".encode())
            self._process.stdin.flush()

    @property
    def url(self) -> str:
        """The catalog's address; waits until it is ready, and raises LakeUnusable if it did not start."""
        if not self._url:
            assert self._process.stdout is not None
            self._url = self._process.stdout.readline().decode().strip()
        if not self._url:
            self._errors.seek(0)
            reason = self._errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise LakeUnusable(f"the catalog of lake {str(self.lake)!r} did not start: {reason or 'no message'}")
        return self._url

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_running: dict[Path, RestCatalog] = {}


def catalog_of(lake: Path, *, log_file: str | None = None) -> RestCatalog:
    """The catalog process of a lake, which is started if it isn't running and ends with this process.

    Only one lake has such a process at a time, because dbt has only one connection.
    """
    folder = lake.resolve()
    if folder not in _running or not _running[folder].is_running:
        _close_catalogs()
        _running[folder] = RestCatalog(folder, log_file=log_file)
    return _running[folder]


@atexit.register
def _close_catalogs() -> None:
    while _running:
        _running.popitem()[1].close()


def _environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON") or name in _PYTHON_SETTINGS
    }
