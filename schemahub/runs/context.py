"""What every run is given: the settings, the lake, the registry and the clock."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from lakehouse.lake import Lake
from lakehouse.names import known
from lakehouse.open import open_lake
from lakehouse.pending import RECORDED
from lakehouse.readable import check_whole
from registry.registry import Registry, load_registry

from ..dbt.athena import stop_abandoned_statements
from ..settings import PROJECT, Settings
from .tables_there import are_as_declared

UNIFYING = "unify"
"""The name of the lock that a unifying run holds."""


def utc_now() -> datetime:
    """The time as the lake keeps it: UTC, microseconds, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class RunContext:
    """The settings of a run, and the lake and registry that they name, which are opened when first needed."""

    settings: Settings
    now: Callable[[], datetime] = utc_now
    """Returns the time, UTC without a zone."""

    @cached_property
    def lake(self) -> Lake:
        return open_lake(self.settings.lake)

    @cached_property
    def registry(self) -> Registry:
        return load_registry(PROJECT)

    def check_target(self, target: str) -> None:
        """Raise Misconfigured, naming near matches, if there is no such unified table."""
        known(target, self.registry.targets, what="target table")

    def unifying(self) -> AbstractContextManager[None]:
        """Hold the lock for running models; raises ConcurrentWriter if another process holds it."""
        return self.lake.writing(UNIFYING)

    def prepare_models(self, *, project_is_same: bool = False) -> None:
        """End what a killed run left running, and create every table that models read; needs the lock.

        Args:
            project_is_same: whether the last run that ended well had the same project. If the tables' metadata show
                nothing unusual either, no table is opened; the caller must then read the record of what is unified.

        Raises:
            LakeUnavailable: the record of what is unified is damaged.
            Misconfigured: a table belongs to another lake, or another tool changed its columns.
        """
        if self.lake.engine == "athena":
            stop_abandoned_statements(self.settings.workgroup)
        if project_is_same and are_as_declared(self.lake, self.registry):
            return
        from .raw_tables import create_tables  # with pyiceberg, whose import takes most of a second

        create_tables(self.lake, self.registry)
        if self.lake.engine == "duckdb":  # S3 keeps what it has accepted
            check_whole(self.lake, RECORDED)  # otherwise a run that can't read it would overwrite it
