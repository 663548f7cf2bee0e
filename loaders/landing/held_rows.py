"""Compares the rows of a file with those that a raw table holds already, without reading more of it than needed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import (
    And,
    BooleanExpression,
    EqualTo,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
    LiteralPredicate,
    Or,
    Reference,
)
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table

from lakehouse.lake import Lake
from lakehouse.raw_table import RawTable
from lakehouse.readable import readable

_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = 1_000


def different_rows(lake: Lake, raw: RawTable, table: Table, stream: str, rows: pa.Table) -> int:
    """How many of the rows have other values in the raw table than here.

    A value that one of the two lacks is no difference: a source's channels don't send the same columns. Times are
    compared to the millisecond if one of the two has no finer digits.

    Args:
        lake: the lake of the table.
        raw: the raw table.
        table: the raw table, opened.
        stream: the stream of the rows.
        rows: rows with ascending ids that are numbers and in the table; all of them and as much of the table are
            in memory at once.
    """
    ids = rows[raw.id_column].cast(pa.int64()).combine_chunks()
    names = [column.name for column in raw.columns if column.name not in (raw.stream_column, raw.id_column)]
    is_wanted = And(_is(EqualTo, raw.stream_column, stream), _ids_between(raw, ids[0].as_py(), ids[-1].as_py()))
    count = 0
    for held in _batches(lake, raw, table, is_wanted, [raw.id_column, *names]):
        places = pc.index_in(held[raw.id_column].cast(pa.int64()), value_set=ids)
        is_here = pc.is_valid(places)
        here, there = rows.take(places.filter(is_here)), held.filter(is_here)
        if here.num_rows:
            different = [_differ(raw, name, here[name].combine_chunks(), there[name]) for name in names]
            count += pc.sum(reduce(pc.or_, different)).as_py() or 0
    return count


def absent_rows(lake: Lake, raw: RawTable, table: Table, stream: str, rows: pa.Table) -> int:
    """How many of the rows, whose times are whole seconds, have ids that the raw table lacks.

    The arguments are those of `different_rows`; ids may be any text, and times ascend.
    """
    times = rows[raw.time_column].cast(pa.int64())
    first, last = (_EPOCH + timedelta(microseconds=times[place].as_py()) for place in (0, -1))
    is_wanted = reduce(
        And,
        (
            _is(EqualTo, raw.stream_column, stream),
            _is(GreaterThanOrEqual, raw.time_column, first.isoformat()),
            _is(LessThan, raw.time_column, (last + timedelta(seconds=1)).isoformat()),
        ),
    )
    is_absent = pa.repeat(True, rows.num_rows)
    for held in _batches(lake, raw, table, is_wanted, [raw.id_column]):
        is_held = pc.is_in(rows[raw.id_column].combine_chunks(), value_set=held[raw.id_column])
        is_absent = pc.and_not(is_absent, is_held)
    return pc.sum(is_absent).as_py() or 0


def _batches(
    lake: Lake, raw: RawTable, table: Table, is_wanted: BooleanExpression, names: list[str]
) -> Iterator[pa.RecordBatch]:
    with readable(lake, raw.name):
        scan = table.scan(row_filter=is_wanted, selected_fields=tuple(names))
        yield from scan.to_arrow_batch_reader()


def _is(compared: type[LiteralPredicate], column: str, value: str) -> BooleanExpression:
    return compared(term=Reference(column), value=literal(value))


def _ids_between(raw: RawTable, low: int, high: int) -> BooleanExpression:
    """Ids are texts, which are in the order of their numbers only if they have the same number of digits."""
    parts: list[BooleanExpression] = []
    while low <= high:
        end = min(high, 10 ** len(str(low)) - 1)
        parts.append(
            And(_is(GreaterThanOrEqual, raw.id_column, str(low)), _is(LessThanOrEqual, raw.id_column, str(end)))
        )
        low = end + 1
    return reduce(Or, parts)


def _differ(raw: RawTable, name: str, here: pa.Array, there: pa.Array) -> pa.Array:
    if name == raw.time_column:
        here, there = here.cast(pa.int64()), there.cast(pa.int64())
        is_coarse = pc.or_(_has_no_finer_digits(here), _has_no_finer_digits(there))
        here, there = (pc.if_else(is_coarse, pc.divide(each, _MILLISECOND), each) for each in (here, there))
    return pc.not_equal(here, there).fill_null(False)


def _has_no_finer_digits(times: pa.Array) -> pa.Array:
    return pc.equal(pc.multiply(pc.divide(times, _MILLISECOND), _MILLISECOND), times)
