"""Run dbt in this process, on the project's folder, profile and lake."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loaders.exceptions import TerminalError
from loaders.lake import Lake, LocalLake

from .settings import PROJECT


@dataclass(frozen=True)
class Node:
    """A model, seed or test that has ended."""

    name: str
    kind: str
    """model, seed, test or unit_test."""
    status: str
    seconds: float

    @property
    def is_fine(self) -> bool:
        return self.status in ("success", "pass")


Report = Callable[[Node], None]


class DbtFailed(TerminalError):
    """dbt ended with an error, which it has printed."""


def run_dbt(lake: Lake, arguments: Sequence[str], *, report: Report | None = None) -> None:
    """Run `dbt <arguments>`; with `report`, dbt itself prints errors only. Raises DbtFailed."""
    # two seconds, which other commands need not wait
    from dbt.cli.main import dbtRunner

    from profiles.local_iceberg import release_views

    callbacks = [_reporting(report)] if report else []
    quiet = ["--quiet"] if report else []
    with _environment(lake):
        try:
            result = dbtRunner(callbacks=callbacks).invoke([*quiet, "--log-level-file", "none", *arguments])
        finally:
            release_views()
    if not result.success:
        reason = f": {result.exception}" if result.exception else ""
        raise DbtFailed(f"dbt {' '.join(arguments)} failed{reason}")


def docs_folder(lake: Lake) -> Path:
    """Where dbt leaves what it compiled, and `dbt docs generate` its site."""
    return lake.work_folder / "dbt"


def _reporting(report: Report) -> Callable[..., None]:
    def on_event(event: object) -> None:
        if event.info.name == "NodeFinished":  # type: ignore[attr-defined] # dbt's events are made by protobuf
            node = event.data.node_info  # type: ignore[attr-defined]
            seconds = event.data.run_result.execution_time  # type: ignore[attr-defined]
            report(Node(node.node_name, node.resource_type, node.node_status, seconds))

    return on_event


@contextmanager
def _environment(lake: Lake) -> Iterator[None]:
    wanted = {
        "SCHEMAHUB_LAKE": str(lake.folder) if isinstance(lake, LocalLake) else lake.location,
        "DBT_PROJECT_DIR": str(PROJECT / "dbt_project"),
        "DBT_PROFILES_DIR": str(PROJECT / "profiles"),
        # a lake's own, so that runs on two lakes don't write each other's
        "DBT_TARGET_PATH": os.environ.get("DBT_TARGET_PATH", str(docs_folder(lake))),
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
