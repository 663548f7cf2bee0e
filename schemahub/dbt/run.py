"""Run dbt in this process, on the project's folder, profile and lake."""

import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.catalogs.pointers import path_of
from lakehouse.errors import TerminalError, is_interruption
from lakehouse.lake import Lake

from ..settings import PROJECT, Settings
from .athena import region

_WITHOUT_TABLES = ("clean", "debug", "deps", "docs serve", "init", "list", "ls", "parse")
"""The dbt commands that read only the project's files or what was built from them. All others need the tables."""

_MOST_REASONS = 3
_MOST_CHARACTERS = 600
"""The maximum number of characters of one reason in an error line."""
_MOST_OF_USAGE = 20_000
"""The maximum number of characters of dbt's reply to an unknown command, which lists all of dbt's options."""


@dataclass(frozen=True)
class Node:
    """A model, seed or test that dbt has finished."""

    name: str
    kind: str
    """The kind of node: model, seed, test or unit_test."""
    status: str
    seconds: float

    @property
    def is_fine(self) -> bool:
        return self.status in ("success", "pass")


Report = Callable[[Node], None]

Watch = Callable[[Any], None]
"""Receives dbt's events unchanged, in dbt's threads; must not raise."""


class DbtFailed(TerminalError):
    """dbt ended with an error. It has printed the error itself, unless nodes are reported."""


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether a dbt command only prints something about dbt itself."""
    return not _command(arguments) or not {"-h", "--help"}.isdisjoint(arguments)


def needs_tables(arguments: Sequence[str]) -> bool:
    """Whether a dbt command builds or reads tables. They must exist then, and no other run may change them."""
    return not f"{_command(arguments)} ".startswith(tuple(f"{name} " for name in _WITHOUT_TABLES))


def _command(arguments: Sequence[str]) -> str:
    return " ".join(each for each in arguments if not each.startswith("-"))


def show_help(arguments: Sequence[str]) -> None:
    """Run a dbt command that `asks_for_help`, or dbt without one; no lake is needed."""
    from dbt.cli.main import dbtRunner  # as below

    _check(dbtRunner().invoke(list(arguments) or ["--help"]), arguments)


def run_dbt(
    lake: Lake,
    settings: Settings,
    arguments: Sequence[str],
    *,
    report: Report | None = None,
    watch: Watch | None = None,
) -> None:
    """Run `dbt <arguments>` with the lake's engine; with `report`, dbt itself prints nothing. Raises DbtFailed."""
    if needs_tables(arguments):
        start_catalog(lake, settings)
    # importing dbt takes two seconds, which other commands don't need
    from dbt.cli.main import dbtRunner

    from lakehouse.duckdb.connect import LakeUnusable
    from profiles.local_iceberg import release_views

    warnings.filterwarnings("ignore", message=".table_owner. does not match")  # dbt-athena's catalog lacks it
    reporter = _Reporter(report) if report else None
    callbacks = [each for each in (reporter, watch) if each is not None]
    # nobody reads the manifest and the results of a run that reports its nodes
    quiet = ["--log-level", "none", "--no-write-json"] if report else []
    with _environment(lake, settings), steady_time():
        try:
            result = dbtRunner(callbacks=callbacks).invoke([*quiet, "--log-level-file", "none", *arguments])
        finally:
            try:
                release_views()
            except LakeUnusable as error:
                raise DbtFailed(str(error)) from error
    if reporter and reporter.error:
        raise reporter.error
    _check(result, arguments, reasons=_reasons(result) if report else ())


def start_catalog(lake: Lake, settings: Settings) -> None:
    """Let the catalog process, which dbt's plugin uses, get ready while this process imports dbt."""
    if lake.engine == "duckdb":
        from lakehouse.duckdb.catalog_process import catalog_of

        catalog_of(path_of(lake.location), log_file=settings.catalog_log)


def _check(result: Any, arguments: Sequence[str], *, reasons: Sequence[str] = ()) -> None:
    if result.success:
        return
    if is_interruption(result.exception):  # dbt returns Ctrl-C as its result
        raise KeyboardInterrupt
    shown = [*reasons[:_MOST_REASONS]]
    if len(reasons) > _MOST_REASONS:
        shown.append(f"and {len(reasons) - _MOST_REASONS} more")
    if result.exception:
        shown = [_in_one_line(result.exception, at_most=_MOST_OF_USAGE)]
    raise DbtFailed(f"dbt {' '.join(arguments)} failed{': ' if shown else ''}{'; '.join(shown)}")


def _reasons(result: Any) -> list[str]:
    ended = getattr(result.result, "results", None) or ()
    return [f"{each.node.name}: {_in_one_line(each.message)}" for each in ended if each.status in ("error", "fail")]


def _in_one_line(message: object, *, at_most: int = _MOST_CHARACTERS) -> str:
    return " ".join(str(message).split())[:at_most]


def docs_folder(lake: Lake, settings: Settings) -> Path:
    """The folder for dbt's compiled SQL and docs. Each lake has its own, because two lakes may be in use."""
    return Path(settings.dbt_target_path).absolute() if settings.dbt_target_path else lake.work_folder / "dbt"


class _Reporter:
    """Passes finished nodes on to a report. dbt calls it in its workers, where an exception would block dbt."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.error: BaseException | None = None

    def __call__(self, event: Any) -> None:
        """Handle one of dbt's events, and keep an exception of the report: the output's reader may be gone."""
        if event.info.name != "NodeFinished" or self.error:
            return
        node, seconds = event.data.node_info, event.data.run_result.execution_time
        try:
            self._report(Node(node.node_name, node.resource_type, node.node_status, seconds))
        except BaseException as error:  # rich ends the process when its pipe is broken
            self.error = error


@contextmanager
def steady_time() -> Iterator[None]:
    """Let Python's `time.time` advance steadily in a `with` block, whatever the machine's clock does.

    dbt assumes that it knows the dependencies of a model that is older than its own start, and keeps this assumption
    for later runs. If the clock stepped back while dbt read the project, every later run would fail.
    """
    clock, wall, began = time.time, time.time(), time.monotonic()
    time.time = lambda: wall + (time.monotonic() - began)
    try:
        yield
    finally:
        time.time = clock


@contextmanager
def _environment(lake: Lake, settings: Settings) -> Iterator[None]:
    work = str(docs_folder(lake, settings))
    wanted = {
        **settings.dbt_environment,
        "SCHEMAHUB_LAKE": lake.location.removeprefix("file://"),
        "DBT_PROJECT_DIR": str(PROJECT / "dbt_project"),
        "DBT_PROFILES_DIR": str(PROJECT / "profiles"),
        "DBT_TARGET": lake.engine,
        "DBT_TARGET_PATH": work,
        # dbt creates the folder although it writes no log; the project's own may be read-only, as on Lambda
        "DBT_LOG_PATH": work,
    }
    if lake.engine == "athena":
        wanted["AWS_REGION"] = region()
    before = dict(os.environ)
    # what users have set for their own projects would choose another profile, or rebuild a table
    for name in [name for name in os.environ if name.startswith("DBT_")]:
        del os.environ[name]
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name in {*os.environ} - {*before}:
            del os.environ[name]
        os.environ.update(before)
