"""Which files of a table a statement reads, and how much of them, from the table's Iceberg manifests alone.

Engines skip the files whose partition or bounds lie outside of a statement's literal ranges, and read of the others
the columns that the statement names.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, GreaterThanOrEqual, LessThan, Or, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from .ranges import EVERYTHING, Range, moved

SMALL_FILE_BYTES = 3 * 1024**2
"""Trino, Athena's engine, reads a Parquet file of up to this size whole: https://github.com/trinodb/trino/pull/19127"""

FOOTER_BYTES = 48 * 1024
"""Of a larger file it reads so much of the end first: https://github.com/trinodb/trino, MetadataReader.java"""

_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Reads:
    """What one statement, or several, read of one table."""

    files: tuple[str, ...] = ()
    """Addresses of data files; one that is read for two ranges is there twice. None for what a run itself makes."""
    bytes: int = 0
    """Of the columns that are named, and of small files all; of footers, and of the deletes that go with a file."""
    bytes_of_files: int = 0
    """As if every column were named: more is never read."""

    @property
    def is_estimate(self) -> bool:
        """Whether it is of files that aren't there yet."""
        return bool(self.bytes) and not self.files

    def __add__(self, other: "Reads") -> "Reads":
        return Reads(self.files + other.files, self.bytes + other.bytes, self.bytes_of_files + other.bytes_of_files)


def reads(table: Table, columns: Collection[str], *, within: Sequence[Range] = (EVERYTHING,), of: str = "") -> Reads:
    """What a statement reads that names `columns` and, for each range, selects the rows whose column `of` is in it."""
    schema = table.schema()
    field_ids = [schema.find_field(column).field_id for column in columns]
    if not within:
        return Reads()
    # once for all ranges: manifests are worth a request each
    tasks = list(table.scan(row_filter=_filter(within, of)).plan_files())
    if EVERYTHING in within:
        return _sum(tasks, field_ids)
    bounding = schema.find_field(of).field_id
    bounds = [_bounds(task.file, bounding) for task in tasks]
    found = Reads()
    for each in within:
        found += _sum((task for task, held in zip(tasks, bounds, strict=True) if held.overlap(each)), field_ids)
    return found


def _filter(ranges: Sequence[Range], column: str) -> BooleanExpression:
    if EVERYTHING in ranges:
        return AlwaysTrue()
    term = Reference(column)
    each_range: list[BooleanExpression] = [
        And(GreaterThanOrEqual(term=term, value=literal(each.start)), LessThan(term=term, value=literal(each.end)))
        for each in ranges
    ]
    return reduce(Or, each_range)


def _bounds(file: DataFile, field_id: int) -> Range:
    lower, upper = (file.lower_bounds or {}).get(field_id), (file.upper_bounds or {}).get(field_id)
    if lower is None or upper is None:
        return EVERYTHING
    # the upper bound is a value of the file, and a range's end is not in the range
    return Range(_moment(lower), moved(_moment(upper), timedelta.resolution))


def _moment(bound: bytes) -> datetime:
    # https://iceberg.apache.org/spec/#binary-single-value-serialization: microseconds, little-endian
    return moved(_EPOCH, timedelta(microseconds=int.from_bytes(bound, "little", signed=True)))


def _sum(tasks: Iterable[FileScanTask], field_ids: Collection[int]) -> Reads:
    files, wanted, whole = [], 0, 0
    for task in tasks:
        size, columns = task.file.file_size_in_bytes, task.file.column_sizes
        footer = FOOTER_BYTES if size > SMALL_FILE_BYTES else 0
        beside = footer + sum(delete.file_size_in_bytes for delete in task.delete_files)
        if footer and columns:  # not every writer tells the sizes
            wanted += sum(columns.get(field_id, 0) for field_id in field_ids) + beside
        else:
            wanted += size + beside
        whole += size + beside
        files.append(task.file.file_path)
    return Reads(tuple(files), wanted, whole)
