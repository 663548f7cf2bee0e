"""A lake: a catalog with one namespace, and the folder or bucket that its tables' files are in.

`local_lake.py` and `glue_lake.py` are the two kinds; only they know SQLite from Glue and a folder from S3. Everything
else is handed a `Lake`.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.table import Table

from .lake_table import LakeTable

CATALOG = "schemahub"
NAMESPACE = "schemahub"

TABLE_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # a commit's cost must not grow with the number of commits before it
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "10",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    # pyiceberg repeats a stale append by itself, so that two writers would land the same rows: we decide instead
    "commit.retry.num-retries": "0",
}


class Lake(Protocol):
    """Both kinds of lake, to whoever lands in one or reads it."""

    location: str
    """`file://` and a folder, or `s3://bucket/prefix`; without a slash at the end."""

    @property
    def catalog(self) -> Catalog: ...

    @property
    def work_folder(self) -> Path:
        """A local folder for work in progress."""

    def table_location(self, name: str) -> str: ...

    def put(self, file: Path, to: str) -> None:
        """Make `file` readable at the address `to`, whole or not at all; one that is there already is the same."""

    def remove_files(self, location: str, prefix: str) -> None:
        """Remove the files of the folder `location` whose names start with `prefix`."""

    def writing(self, what: str) -> AbstractContextManager[None]:
        """Hold the only permit to write `what`; raises ConcurrentWriter where another process has it."""


def identifier(name: str) -> str:
    return f"{NAMESPACE}.{name}"


def ensure_table(lake: Lake, declared: LakeTable) -> Table:
    """The table, created where missing and given the columns that were declared since."""
    try:
        table = lake.catalog.load_table(identifier(declared.name))
    except NoSuchTableError:
        if not lake.catalog.namespace_exists(NAMESPACE):  # asked first, so that no right to make one is needed
            lake.catalog.create_namespace_if_not_exists(NAMESPACE)
        try:
            return lake.catalog.create_table(
                identifier(declared.name),
                declared.iceberg_schema,
                location=lake.table_location(declared.name),
                partition_spec=declared.partition_spec,
                properties=TABLE_PROPERTIES,
            )
        except TableAlreadyExistsError:  # another loader was faster
            table = lake.catalog.load_table(identifier(declared.name))
    have = set(table.schema().column_names)
    if missing := [column for column in declared.columns if column.name not in have]:
        with table.update_schema() as update:
            for column in missing:
                field = declared.iceberg_schema.find_field(column.name)
                update.add_column(column.name, field.field_type, doc=column.description)
    return table
