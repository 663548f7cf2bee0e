"""Kraken's downloadable history of spot trades, "time and sales".

Source: https://support.kraken.com/articles/360047543791, read 2026-11-20.

    1767571202,93497.9,0.00114603

A ZIP with the full history, and one per quarter, has one CSV file per pair, for example XBTUSD.csv, without a header:
the time in whole seconds, the price and the volume. There is no id, no side and no type of order. So these columns are
null, and an id is made from what there is:

    1767571202-93497.9-0.00114603-0     <time>-<price>-<volume>-<number>

The number tells identical trades of one second apart; it counts from 0. Zeros at the end of a fraction are left out, so
that the id doesn't depend on how many digits a file writes. A second is either in a file completely or not at all, so
the full history and a quarter give the same trade the same id. These ids never equal those of the REST API, and neither
do the times: if both were loaded of one time, the same trades would be there twice. So a file's rows are a stream of
their own, `XBTUSD (time and sales)`, and landing keeps each second in one of the two streams alone.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.printable import printable
from lakehouse.raw_table import PAYLOAD, RawTable

from ...channels.csv_rows import Rows, are_finite, csv_columns, first_numbers, number, whole_number
from ...channels.files import LIMITS, BadFile, Block, FileFormat, FileStream, Limits, Part, Report, parts, without
from ...channels.ordered import KEY, in_order, rise

_COLUMNS = ("time", "price", "volume")
_TYPES = {"time": pa.int64(), "price": pa.string(), "volume": pa.string()}
_NAME = re.compile(r"(?P<pair>[A-Za-z0-9.]{2,40})\.csv", re.IGNORECASE)
_ROW = re.compile(rb"[0-9]{9,11},[0-9.]+(?:[eE]-?[0-9]+)?,[0-9.]+(?:[eE]-?[0-9]+)?\r?")
_LATEST = 10**11
"""The first number that is not a time in seconds; over REST, too, higher numbers have other units."""
_MOST_IN_A_SECOND = 2_000_000

NO_TRADE = "not a trade: other columns"
NO_TIME = "not a trade: the time is not in whole seconds"


def pair_of(name: str) -> str | None:
    """The pair in the name of a CSV file; None if the name is another one."""
    match = _NAME.fullmatch(name)
    return match["pair"] if match else None


def read(
    path: Path,
    raw: RawTable,
    stream: str | None = None,
    *,
    folder: Path | None = None,
    is_in_order: bool | None = None,
    limits: Limits = LIMITS,
) -> Iterator[FileStream]:
    """The trades of a CSV file, or of every CSV file in a ZIP, one stream after another, each by time.

    Args:
        path: the file.
        raw: the connector's raw table.
        stream: of a ZIP with several files, read only this pair; the pair of any other file, whatever its name is.
        folder: where rows are sorted if they must be; by default the system's folder for temporary files.
        is_in_order: whether the rows are expected to be in order; None to look first, which reads the file once more.
        limits: what the file may have at most.

    Raises:
        NotInOrder: the rows were expected to be in order, and are not.
        BadFile: the file is damaged, holds no trade, or holds something else.
    """
    found = parts(path, limits)
    if len(found) == 1:
        pair = stream or pair_of(found[0].name)
        if pair is None:
            raise BadFile(
                f"{path}: its name doesn't say of which pair it is; name the pair, or the file {FORMAT.example}"
            )
        chosen = {pair: found[0]}
    else:
        chosen = _by_pair(path, found, stream)
    for pair, part in chosen.items():
        _check_columns(part, may_be_empty=len(found) > 1)
        report = Report()
        yield FileStream(pair, _rows(part, raw, pair, report, folder, is_in_order), report)


def _by_pair(path: Path, found: list[Part], stream: str | None) -> dict[str, Part]:
    chosen: dict[str, Part] = {}
    for part in found:
        pair = pair_of(part.name)
        if pair is None or stream not in (None, pair):
            continue
        if pair in chosen:
            raise BadFile(f"{path}: has two files of {pair}; expected one for each pair")
        chosen[pair] = part
    if not chosen:
        names = ", ".join(printable(part.name, 60) for part in found[:3])
        wanted = f"{stream}.csv" if stream else "files such as XBTUSD.csv"
        raise BadFile(f"{path}: expected {wanted}, found {len(found):,} others, such as {names}")
    return chosen


def _check_columns(part: Part, *, may_be_empty: bool) -> None:
    lines = [line for line in part.head().splitlines() if line.strip()][:100]
    if not lines and not may_be_empty:  # a pair may have had no trades in a quarter
        raise BadFile(f"{part.place}: is empty; expected trades")
    if lines and all(line.count(b",") + 1 != len(_COLUMNS) for line in lines):
        raise BadFile(
            f"{part.place}: expected the {len(_COLUMNS)} columns time, price and volume, found "
            f"{lines[0].count(b',') + 1}; the files of candles (OHLCVT) have others, and are not trades"
        )


def _rows(
    part: Part, raw: RawTable, pair: str, report: Report, folder: Path | None, is_in_order: bool | None
) -> Iterator[pa.RecordBatch]:
    parsed = (_batch(part, block, raw, pair, report) for block in part.blocks())
    some = (batch for batch in parsed if batch.num_rows)
    ordered = in_order(some, are_in_order=lambda: rise(first_numbers(part)), folder=folder, expected=is_in_order)
    for batch in _numbered(part, ordered, raw):
        report.rows += batch.num_rows
        yield without(raw, batch)
    if not report.rows and report.skipped:
        raise BadFile(f"{part.place}: holds no trade; {'; '.join(report.examples[:1])}")


def _batch(part: Part, block: Block, raw: RawTable, pair: str, report: Report) -> pa.RecordBatch:
    """The trades of a block, with ids that lack their last number, and the times in seconds as `KEY`."""
    rows = Rows.of_block(block)
    values = csv_columns(rows, _TYPES)
    if values is None:
        is_row = pc.equal(pc.count_substring(rows.lines, ","), len(_COLUMNS) - 1)
        rows = rows.only(is_row, report, part.name, NO_TRADE)
        values = csv_columns(rows, _TYPES) or _slow(rows)
    seconds, price, volume = values["time"], values["price"].fill_null(""), values["volume"].fill_null("")
    has_time = pc.and_(pc.greater_equal(seconds, 0), pc.less(seconds, _LATEST)).fill_null(False)
    if not pc.all(has_time).as_py():
        timed = rows.only(has_time, report, part.name, NO_TIME)
        rows, seconds, price, volume = timed, seconds.filter(has_time), price.filter(has_time), volume.filter(has_time)
    count = len(seconds)
    ids = pc.binary_join_element_wise(seconds.cast(pa.string()), _shortest(price), _shortest(volume), "-")
    batch = raw.batch(
        {
            "trade_id": ids,
            "pair": pa.repeat(pair, count),
            "price": _numbers(price),
            "volume": _numbers(volume),
            "time": pc.multiply(seconds, 10**6).view(pa.timestamp("us")),
            **{name: pa.nulls(count, pa.string()) for name in ("side", "order_type", "misc")},
            PAYLOAD: rows.lines,
        }
    )
    return batch.append_column(KEY, seconds)


def _slow(rows: Rows) -> dict[str, pa.Array]:
    fields = pc.split_pattern(rows.lines, ",")
    times = pa.array([whole_number(text) for text in pc.list_element(fields, 0).to_pylist()], pa.int64())
    return {"time": times, "price": pc.list_element(fields, 1), "volume": pc.list_element(fields, 2)}


def _numbers(texts: pa.StringArray) -> pa.Array:
    try:
        values = texts.cast(pa.float64())
        if are_finite(values) and not pc.any(pc.match_substring_regex(texts, r"[\s+]")).as_py():
            return values
    except pa.ArrowInvalid:
        pass
    return pa.array([number(text) for text in texts.to_pylist()], pa.float64())


def _shortest(texts: pa.StringArray) -> pa.StringArray:
    """Numbers without zeros at the end of a fraction."""
    is_fraction = pc.match_substring_regex(texts, r"^[0-9]*\.[0-9]*$")
    return pc.if_else(is_fraction, pc.utf8_rtrim(pc.utf8_rtrim(texts, "0"), "."), texts)


def _numbered(part: Part, batches: Iterable[pa.RecordBatch], raw: RawTable) -> Iterator[pa.RecordBatch]:
    """The rows, which are in order, with complete ids."""
    seen: Counter[str] = Counter()
    """How often each id of the last second has occurred so far."""
    second: int | None = None
    place = raw.page_schema.get_field_index(raw.id_column)
    for batch in batches:
        ids, seconds = batch[raw.id_column], batch[KEY]
        numbers = _occurrences(ids)
        if second == seconds[0].as_py():
            numbers = pc.add(numbers, pa.array([seen[each] for each in ids.to_pylist()], pa.int64()))
        last = seconds[-1].as_py()
        if last != second:
            seen, second = Counter(), last
        seen.update(ids.filter(pc.equal(seconds, last)).to_pylist())
        if len(seen) > _MOST_IN_A_SECOND:
            raise BadFile(f"{part.place}: has more than {_MOST_IN_A_SECOND:,} different trades in second {last}")
        whole = pc.binary_join_element_wise(ids, numbers.cast(pa.string()), "-")
        yield batch.set_column(place, raw.id_column, whole)


def _occurrences(ids: pa.StringArray) -> pa.Int64Array:
    """For each id, how often it occurs before in the same array."""
    codes = pc.dictionary_encode(ids).indices
    order = pc.sort_indices(codes)  # a stable sort
    by_code = codes.take(order)
    places = pa.array(range(len(ids)), pa.int64())
    is_first = pa.concat_arrays([pa.array([True]), pc.not_equal(by_code[1:], by_code[:-1])])
    starts = pc.cumulative_max(pc.if_else(is_first, places, 0))
    return pc.subtract(places, starts).take(pc.sort_indices(order))


FORMAT = FileFormat(
    "kraken-time-and-sales",
    "XBTUSD.csv",
    lambda _: False,  # any CSV file may be named like a pair
    lambda head: any(_ROW.fullmatch(line) for line in head.split(b"\n")[:2]),
    read,
    beside="time and sales",
)
