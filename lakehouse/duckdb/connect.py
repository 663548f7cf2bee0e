"""DuckDB on a lake in a folder: extensions from PyPI, the catalog process, and a connection ready for queries.

    with connect(Path("lake")) as connection:
        connection.sql("select count(*) from schemahub_loads").show()

Errors that a caller can report in one line are raised as `LakeUnusable`.
"""

import importlib.util
import logging
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from ..layout import NAMESPACE

LAKE_ALIAS = "schemahub"
VIEWS_ALIAS = "views"
VIEWS = "views.duckdb"
"""The file in the lake's folder to which dbt's views are published for readers."""

CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_persistent_secrets": "false",
}
"""The configuration for `duckdb.connect`: no extensions from the network, no secrets from the user's home."""

_EXTENSIONS = ("httpfs", "avro", "iceberg")  # each needs the ones before it
_SECRET = "schemahub_catalog"
_STRAIGHT_TO_THE_CATALOG = (
    "set global http_proxy = ''",
    # the other implementation, curl, uses ALL_PROXY and http_proxy from the environment even for 127.0.0.1
    "set global httpfs_client_implementation = 'httplib'",
)
_PYTHON_SETTINGS = ("PYTHONPATH", "PYTHONHOME", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")
"""Python's environment variables that the catalog process inherits: those about files, not about how Python runs."""

log = logging.getLogger(__name__)


class LakeUnusable(Exception):
    """The lake can't be opened with DuckDB; the message says why and what to do."""


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the extensions that Iceberg needs from the packages `duckdb-extension-*`; DuckDB checks their signatures."""
    for extension in _EXTENSIONS:
        connection.execute(f"load {quoted(extension_path(extension))}")


def extension_path(name: str) -> Path:
    """The extension's binary for the installed DuckDB version; raises LakeUnusable if it is missing."""
    package = importlib.util.find_spec(f"duckdb_extension_{name}")
    for folder in (package.submodule_search_locations or []) if package else []:
        path = Path(folder, "extensions", f"v{duckdb.__version__}", f"{name}.duckdb_extension")
        if path.exists():
            return path
    raise LakeUnusable(
        f"DuckDB {duckdb.__version__} needs its `{name}` extension; "
        f"run: pip install duckdb-extension-{name}=={duckdb.__version__}"
    )


def attach_lake(connection: duckdb.DuckDBPyConnection, catalog: "RestCatalog", *, read_only: bool = False) -> None:
    """Attach the lake of `catalog` to `connection` as `schemahub`, writable unless `read_only`."""
    load_extensions(connection)
    for setting in _STRAIGHT_TO_THE_CATALOG:
        connection.execute(setting)
    # a secret keeps the token hidden: DuckDB lists the options of attached databases
    connection.execute(f"create secret {_SECRET} (type iceberg, token '{catalog.secret}')")
    access = ", read_only" if read_only else ""
    connection.execute(f"attach '' as {LAKE_ALIAS} (type iceberg, endpoint '{catalog.url}', secret {_SECRET}{access})")


class RestCatalog:
    """The lake's catalog as a child process, which ends with `close()`, or with this process however it ends."""

    def __init__(self, lake: Path, *, read_only: bool = False, log_file: str | None = None) -> None:
        """Start the process without waiting until it is ready; it logs requests and errors to `log_file`, if given."""
        self.lake = lake.resolve()
        self.secret = secrets.token_urlsafe(32)
        """The bearer token that requests must carry."""
        # -P ignores a folder `lakehouse` that happens to be in the current directory
        command = [sys.executable, "-P", "-m", "lakehouse.duckdb.rest_catalog", str(self.lake)]
        if read_only:
            command.append("--read-only")
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


def _environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON") or name in _PYTHON_SETTINGS
    }


def shut_in(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """Restrict `connection` to the tables of the attached lake; this can't be undone."""
    tables = f"{lake.resolve()}/{NAMESPACE}/"
    connection.execute(f"set global allowed_directories = [{quoted(tables)}]")
    connection.execute("set global enable_external_access = false")
    connection.execute("set global lock_configuration = true")


@contextmanager
def connect(lake: Path, *, read_only: bool = True, log_file: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB in which unqualified names refer to the lake's tables and to dbt's views, if there are any.

    The full name of a table is `schemahub.schemahub.<table>`, that of a view `views.<schema>.<view>`. The time zone is
    UTC. If the file of the views is damaged, the connection comes without them, and a warning is logged. A cursor of
    the connection sees the same databases, but needs full names.

    Args:
        lake: the lake's folder.
        read_only: if true, statements that write to the lake fail; otherwise a missing lake is created.
        log_file: the file to which the lake's catalog logs requests and errors; without one, it logs nothing.

    Raises:
        LakeUnusable: the lake or an extension is missing.
    """
    with (
        RestCatalog(lake, read_only=read_only, log_file=log_file) as catalog,
        duckdb.connect(config=CONFIG) as connection,
    ):
        attach_lake(connection, catalog, read_only=read_only)
        connection.execute("set global TimeZone = 'UTC'")
        # where DuckDB stores what exceeds its memory, and removes it later; the default is the current folder
        spill = Path(tempfile.gettempdir(), f"schemahub-{secrets.token_hex(8)}")
        connection.execute(f"set global temp_directory = {quoted(spill)}")
        search_path = [f"{LAKE_ALIAS}.{NAMESPACE}", *_schemas_of_views(connection, lake / VIEWS)]
        connection.execute(f"set search_path = {quoted(','.join(search_path))}")
        yield connection


def _schemas_of_views(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        connection.execute(f"attach {quoted(path)} as {VIEWS_ALIAS} (read_only)")
        schemas = connection.execute(
            "select distinct schema_name from duckdb_views() where database_name = ? and not internal", [VIEWS_ALIAS]
        ).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        log.warning("the views are unavailable until the next `run unify`: %s can't be opened: %s", path, reason)
        return []
    return [f"{VIEWS_ALIAS}.{schema}" for (schema,) in schemas]


def quoted(value: Path | str) -> str:
    """The value as an SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"
