"""Find out from a table's Iceberg manifests alone which of its files are read, and how many of their bytes.

Engines skip files whose partition or bounds lie outside a statement's literal ranges. From the other files they read
the columns that the statement names.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, GreaterThanOrEqual, LessThan, Or, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from .ranges import EVERYTHING, Range, moved

SMALL_FILE_BYTES = 3 * 1024**2
"""The size up to which Trino, Athena's engine, reads an entire Parquet file, whatever columns a statement names.

Source: https://github.com/trinodb/trino/pull/19127
"""

FOOTER_BYTES = 48 * 1024
"""The number of bytes that Trino first reads from the end of a larger file, to get its footer.

Source: https://github.com/trinodb/trino, MetadataReader.java
"""

_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Reads:
    """What is read from a table's files."""

    files: tuple[str, ...] = ()
    """The addresses of the data files that are read, each listed once."""
    bytes: int = 0
    """The least that is read: each file once. All of a small file is read, and the footer and the named columns of a
    larger one, together with the delete files that belong to them.
    """
    bytes_of_files: int = 0
    """The most that one statement reads from these files: every file entirely, once for each range that it overlaps."""


def reads(
    table: Table, columns: Collection[str], *, within: Sequence[Range] = (EVERYTHING,), range_column: str = ""
) -> Reads:
    """Return what a statement reads that names `columns` and selects rows with `range_column` in one of `within`."""
    schema = table.schema()
    field_ids = [schema.find_field(column).field_id for column in columns]
    if not within:
        return Reads()
    # one scan for all ranges, because each manifest costs a request
    tasks = list(table.scan(row_filter=_filter(within, range_column)).plan_files())
    bounding = None if EVERYTHING in within else schema.find_field(range_column).field_id
    counts = [sum(_bounds(task.file, bounding).overlap(each) is not None for each in within) for task in tasks]
    found = [(task, count) for task, count in zip(tasks, counts, strict=True) if count]
    return Reads(
        tuple(task.file.file_path for task, _ in found),
        sum(_named_bytes(task, field_ids) for task, _ in found),
        sum(_whole_bytes(task) * count for task, count in found),
    )


def _filter(ranges: Sequence[Range], column: str) -> BooleanExpression:
    if EVERYTHING in ranges:
        return AlwaysTrue()
    term = Reference(column)
    each_range: list[BooleanExpression] = [
        And(GreaterThanOrEqual(term=term, value=literal(each.start)), LessThan(term=term, value=literal(each.end)))
        for each in ranges
    ]
    return reduce(Or, each_range)


def _bounds(file: DataFile, field_id: int | None) -> Range:
    if field_id is None:
        return EVERYTHING
    lower, upper = (file.lower_bounds or {}).get(field_id), (file.upper_bounds or {}).get(field_id)
    if lower is None or upper is None:
        return EVERYTHING
    # the upper bound is a value in the file, but the end of a range is exclusive
    return Range(_moment(lower), moved(_moment(upper), timedelta.resolution))


def _moment(bound: bytes) -> datetime:
    # https://iceberg.apache.org/spec/#binary-single-value-serialization: microseconds, little-endian
    return moved(_EPOCH, timedelta(microseconds=int.from_bytes(bound, "little", signed=True)))


def _named_bytes(task: FileScanTask, field_ids: Collection[int]) -> int:
    sizes = task.file.column_sizes
    if task.file.file_size_in_bytes <= SMALL_FILE_BYTES or not sizes:  # not every writer records column sizes
        return _whole_bytes(task)
    named = sum(sizes.get(field_id, 0) for field_id in field_ids)
    return named + FOOTER_BYTES + _delete_bytes(task)


def _whole_bytes(task: FileScanTask) -> int:
    size = task.file.file_size_in_bytes
    return size + (FOOTER_BYTES if size > SMALL_FILE_BYTES else 0) + _delete_bytes(task)


def _delete_bytes(task: FileScanTask) -> int:
    return sum(delete.file_size_in_bytes for delete in task.delete_files)
