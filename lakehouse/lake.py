"""A lake: a catalog with one namespace, and the folder or bucket that holds the files of its tables.

`local.py` and `glue.py` define the two kinds of lake. Only they know about SQLite and folders, or Glue and S3;
everything else is given a `Lake`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchTableError,
    ResolveError,
    TableAlreadyExistsError,
    ValidationError,
)
from pyiceberg.io import load_file_io
from pyiceberg.table import Table

from .catalogs.folder_catalog import path_of
from .columns import check_columns, columns_property, missing_columns, newly_described_columns
from .errors import LakeUnavailable, Misconfigured, SchemaHubError
from .layout import LANDED_TABLE_PROPERTIES, LAYOUT, LAYOUT_PROPERTY, NAMESPACE
from .repair.whole_state import damage_of
from .table import LakeTable
from .troubles import trouble

Engine = Literal["duckdb", "athena"]


class Lake(Protocol):
    """What both kinds of lake offer to code that lands rows in them or reads them."""

    location: str
    """The address: `file://` and a folder, or `s3://bucket/prefix`, without a trailing slash."""

    @property
    def engine(self) -> Engine:
        """The engine that dbt uses for this lake; nothing else depends on where a lake is."""

    @property
    def is_there(self) -> bool:
        """Whether anything may have been written; reading this property creates nothing."""

    @property
    def catalog(self) -> Catalog:
        """The catalog, which is created if it is missing."""

    @property
    def work_folder(self) -> Path:
        """A local folder for work in progress, which is created if it is missing."""

    def table_location(self, name: str) -> str: ...

    def metadata_address(self, name: str) -> str | None:
        """The address of a table's current metadata according to the catalog; None if it has no such table."""

    def put(self, file: Path, to: str) -> None:
        """Make `file` readable at the address `to`, completely or not at all.

        A file that already exists there has the same content.
        """

    def remove_files(self, location: str, prefix: str) -> None:
        """Remove the files of the folder `location` whose names start with `prefix`."""

    def writing(self, what: str) -> AbstractContextManager[None]:
        """Hold the exclusive right to write `what`; raises ConcurrentWriter if another process has it."""


def identifier(name: str) -> str:
    return f"{NAMESPACE}.{name}"


def existing_table(lake: Lake, name: str) -> Table | None:
    """The table with this name, or None. Creates nothing.

    Raises:
        LakeUnavailable: the table's metadata are not where the catalog says, or the file there is damaged.
    """
    if not lake.is_there:
        return None
    with readable(lake, name):
        try:
            return lake.catalog.load_table(identifier(name))
        except NoSuchTableError:
            return None


_ANSWERS = (SchemaHubError, CommitFailedException, NoSuchTableError, TableAlreadyExistsError)
"""Errors that are not caused by damaged files."""

_OF_DAMAGED_FILES = (OSError, ValueError, EOFError, pa.ArrowException, ValidationError, ResolveError)
"""Errors that pyiceberg and pyarrow raise for a damaged file; pyiceberg's Avro reader may raise any exception."""


@contextmanager
def readable(lake: Lake, name: str) -> Iterator[None]:
    """Turn an error caused by a missing or damaged file of a table into one line that names the file."""
    try:
        yield
    except _ANSWERS:
        raise
    except Exception as error:
        if trouble(error) or _is_of_aws(error):
            raise
        damage = _damage(lake, name)
        if damage is None and not isinstance(error, _OF_DAMAGED_FILES):
            raise
        reason = damage or " ".join(str(error).split()) or type(error).__name__
        raise LakeUnavailable(
            f"`{name}` of {lake.location} can't be read because one of its files is missing or damaged: {reason}; "
            "a lake must stay where it was created; `schemahub repair` shows what it would restore"
        ) from error


def check_whole(lake: Lake, name: str) -> None:
    """Raise LakeUnavailable, naming the file, if a file of a table's current state is missing or damaged."""
    if lake.is_there and (damage := _damage(lake, name)):
        raise LakeUnavailable(
            f"`{name}` of {lake.location} is damaged: {damage}; `schemahub repair` shows what it would restore"
        )


def _damage(lake: Lake, name: str) -> str | None:
    address = lake.metadata_address(name)
    if address is None:
        return None
    damage = damage_of(address, load_file_io(lake.catalog.properties, address))
    return str(damage) if damage else None


def _is_of_aws(error: Exception) -> bool:
    is_of_s3 = isinstance(error, OSError) and not isinstance(error, FileNotFoundError) and "AWS Error" in str(error)
    return is_of_s3 or type(error).__module__.startswith("botocore")


def check_ours(lake: Lake, table: Table) -> None:
    """Raise Misconfigured if a loaders' table has another layout, or belongs to another lake in the same catalog."""
    name = table.name()[-1]
    if (found := table.properties.get(LAYOUT_PROPERTY)) != str(LAYOUT):
        raise Misconfigured(
            f"`{name}` of {lake.location} has layout {found or 'unknown'}, and this version of SchemaHub reads and "
            f"writes layout {LAYOUT}: use the version that created the lake, or land into a new one with --lake"
        )
    if table.location() != (wanted := lake.table_location(name)):
        if path_of(table.location()).resolve() == path_of(wanted).resolve():
            raise Misconfigured(
                f"`{name}` was created as {table.location()}, which is now a link to {wanted}; its files refer to that "
                "address, so move the lake back there, in place of the link"
            )
        raise Misconfigured(
            f"`{name}` belongs to another lake: its files are in {table.location()}, and those of {lake.location} "
            f"would be in {wanted}; name that lake with --lake, since a catalog holds only one, or move this one back "
            "to where it was created, since tables store absolute addresses"
        )


def ensure_table(lake: Lake, declared: LakeTable) -> Table:
    """The table, created if missing, with columns added that have been declared since.

    Raises:
        Misconfigured: the table in the catalog belongs to another lake, or another tool changed its columns.
    """
    table = existing_table(lake, declared.name) or _create(lake, declared)
    check_ours(lake, table)
    check_columns(table, declared)
    missing, described = missing_columns(table, declared), newly_described_columns(table, declared)
    if missing or described or columns_property(table.schema(), declared).items() - table.properties.items():
        with table.transaction() as transaction:
            if missing or described:
                with transaction.update_schema() as update:
                    for column in missing:
                        field = declared.iceberg_schema.find_field(column.name)
                        update.add_column(column.name, field.field_type, doc=column.description)
                    for column in described:
                        update.update_column(column.name, doc=column.description)
            transaction.set_properties(columns_property(transaction.table_metadata.schema(), declared))
    return table


def _create(lake: Lake, declared: LakeTable) -> Table:
    if not lake.catalog.namespace_exists(NAMESPACE):  # checked first, so that no permission to create one is needed
        lake.catalog.create_namespace_if_not_exists(NAMESPACE)
    try:
        return lake.catalog.create_table(
            identifier(declared.name),
            declared.iceberg_schema,
            location=lake.table_location(declared.name),
            partition_spec=declared.partition_spec,
            properties=LANDED_TABLE_PROPERTIES | columns_property(declared.iceberg_schema, declared),
        )
    except TableAlreadyExistsError:  # another loader was faster
        return lake.catalog.load_table(identifier(declared.name))
