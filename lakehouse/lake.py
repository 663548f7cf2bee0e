"""A lake: a catalog with one namespace, and the folder or bucket that holds the files of its tables.

`local.py` and `glue.py` define the two kinds of lake. Only they know about SQLite and folders, or Glue and S3;
everything else is given a `Lake`. What a `Lake` tells of tables by itself needs no pyiceberg, whose import takes most
of a second; `tables.py` opens tables with pyiceberg, to change them or to plan reading them.
"""

from collections.abc import Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from .catalogs.pointers import path_of
from .errors import Misconfigured
from .layout import LAYOUT, LAYOUT_PROPERTY, NAMESPACE

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

Engine = Literal["duckdb", "athena"]


class Column(NamedTuple):
    """A column as a table has it now."""

    id: int
    """The field id, which stays when the column is renamed."""
    type: str
    """The type by its name in Iceberg's metadata, such as `timestamp`."""


@dataclass(frozen=True)
class TableState:
    """What the current metadata of a table say about it."""

    location: str
    properties: Mapping[str, str]
    row_count: int
    """The number of rows in the current snapshot; 0 if there is none. Right only for tables that never lose rows."""
    columns: Mapping[str, Column]
    """The columns of the current schema, by name."""
    snapshot_count: int
    """The number of snapshots that the table keeps."""


@dataclass(frozen=True)
class Written:
    """The tables and views of a lake. What a name maps to changes whenever the table or the view changes."""

    tables: Mapping[str, str]
    """The address of the current metadata of each Iceberg table."""
    views: Mapping[str, str]
    """A digest of each view, of each table that is not Iceberg's, or of the file that holds all of them."""


class Lake(Protocol):
    """What both kinds of lake offer to code that lands rows in them or reads them."""

    location: str
    """The address: `file://` and a folder, or `s3://bucket/prefix`, without a trailing slash."""
    commit_seconds: float
    """About how long a commit takes: a loader that was overtaken waits for a random part of that, and longer later."""

    @property
    def engine(self) -> Engine:
        """The engine that dbt uses for this lake; nothing else depends on where a lake is."""

    @property
    def is_there(self) -> bool:
        """Whether anything may have been written; reading this property creates nothing."""

    @property
    def catalog(self) -> "Catalog":
        """The catalog, which is created if it is missing."""

    @property
    def work_folder(self) -> Path:
        """A local folder for work in progress, which is created if it is missing."""

    def table_location(self, name: str) -> str: ...

    def metadata_address(self, name: str) -> str | None:
        """The address of a table's current metadata according to the catalog; None if it has no such table."""

    def table_state(self, name: str) -> TableState | None:
        """What the current metadata of a table say; None if the catalog has no such table. Creates nothing.

        Raises:
            LakeUnavailable: the metadata are not where the catalog says, or the file there is damaged.
        """

    def rows(self, name: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Columns of every row of a small table, in any order; no rows if there is no such table. Creates nothing.

        Raises:
            LakeUnavailable: a file of the table is missing or damaged.
        """

    def open_to_plan(self, name: str) -> "Table | None":
        """The table as it is now, to plan what is read of it, but not to read its rows; None if there is no such table.

        Creates nothing.

        Raises:
            LakeUnavailable: the metadata are not where the catalog says, or the file there is damaged.
        """

    def written(self) -> Written:
        """All tables and views as they are now, according to the catalog alone. Creates nothing."""

    def read(self, address: str) -> bytes:
        """The content of a small file; raises FileNotFoundError."""

    def write(self, address: str, content: bytes) -> None:
        """Write a small file, which may replace another one; readers see the old one or the new one."""

    def put(self, file: Path, to: str) -> None:
        """Make `file` readable at the address `to`, completely or not at all.

        A file that already exists there has the same content.
        """

    def remove_files(self, location: str, prefix: str) -> None:
        """Remove the files of the folder `location` whose names start with `prefix`."""

    def remove_old_files(self, location: str, *, older_than: timedelta, keep: Set[str]) -> None:
        """Remove files of the folder `location` that are older than `older_than`, except the addresses in `keep`."""

    def loading(self, what: str) -> AbstractContextManager[None]:
        """Hold the right to load into `what`, which any number of loaders share, and which excludes `writing` it.

        Raises ConcurrentWriter if another process is writing it. Only a repair writes raw tables in that sense, so
        lakes that can't be repaired hold nothing.
        """

    def writing(self, what: str) -> AbstractContextManager[None]:
        """Hold the exclusive right to write `what`; raises ConcurrentWriter if another process has it."""


def identifier(name: str) -> str:
    return f"{NAMESPACE}.{name}"


def check_ours(lake: Lake, name: str, state: TableState) -> None:
    """Raise Misconfigured if a loaders' table has another layout, or belongs to another lake in the same catalog."""
    if (found := state.properties.get(LAYOUT_PROPERTY)) != str(LAYOUT):
        raise Misconfigured(
            f"`{name}` of {lake.location} has layout {found or 'unknown'}, and this version of SchemaHub reads and "
            f"writes layout {LAYOUT}: use the version that created the lake, or land into a new one with --lake"
        )
    if state.location != (wanted := lake.table_location(name)):
        if path_of(state.location).resolve() == path_of(wanted).resolve():
            raise Misconfigured(
                f"`{name}` was created as {state.location}, which is now a link to {wanted}; its files refer to that "
                "address, so move the lake back there, in place of the link"
            )
        raise Misconfigured(
            f"`{name}` belongs to another lake: its files are in {state.location}, and those of {lake.location} "
            f"would be in {wanted}; name that lake with --lake, since a catalog holds only one, or move this one back "
            "to where it was created, since tables store absolute addresses"
        )
