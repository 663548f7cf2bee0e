"""Binance's bulk files of spot trades, daily and monthly.

Source: https://github.com/binance/binance-public-data, README.md and updates/, state of 2026-07-21.

    https://data.binance.vision/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2026-01-05.zip, and …zip.CHECKSUM
    306239167,93519.65000000,0.00112000,104.74200800,1767571200016514,False,True

A ZIP has one CSV file, with or without a header, and one row per trade: id, price, qty, quoteQty, time, isBuyerMaker,
isBestMatch. Its name says neither the unit of the times (milliseconds before 2025, microseconds since) nor the spelling
of the flags; both show in each row. Files with shuffled or repeated rows have been published, so rows are brought in
the order of their ids, and each id is yielded once. Archives of futures, and of aggregated trades, have other columns
and other ids, and are refused.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.errors import Misconfigured
from lakehouse.printable import printable
from lakehouse.raw_table import PAYLOAD, RawTable

from ...bulk import BulkFiles
from ...channels.checksums import compare, sha256_of
from ...channels.csv_rows import Rows, are_finite, csv_columns, first_numbers, number, whole_number
from ...channels.files import (
    LIMITS,
    BadFile,
    Block,
    FileFormat,
    FileStream,
    Limits,
    Part,
    Report,
    only_part,
    parts,
    without,
)
from ...channels.ordered import KEY, each_once, in_order, rise
from ...channels.payloads import moments

_COLUMNS = ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match")
_TYPES = dict(zip(_COLUMNS, [pa.int64(), *[pa.float64()] * 3, pa.int64(), pa.bool_(), pa.bool_()], strict=True))
_NUMBERS = _COLUMNS[1:4]
_NAME = re.compile(
    r"(?P<symbol>[^-\s/\\.]{1,60})-trades-[0-9]{4}-[0-9]{2}(-[0-9]{2})?\.(zip|csv)(\.gz)?", re.IGNORECASE
)
_ROW = re.compile(rb"[0-9]+,[0-9.]*,[0-9.]*,[0-9.]*,[0-9]*,(?i:true|false),(?i:true|false)\r?")
_SYMBOL = re.compile(r"[^-\s/\\.]{1,60}")
_FLAGS = {text: flag for flag in (True, False) for text in (str(flag).lower(), str(flag), str(flag).upper())}
_MS, _US, _END = 10**11, 10**14, 10**17
"""Times from the first up to the second are in milliseconds, and up to the third in microseconds, as over REST."""

NO_TRADE = "not a trade: other columns"
NO_ID = "not a trade: no id"
NEGATIVE = "an id below 0, with which Binance marks removed duplicates"


def daily(symbol: str, day: date) -> str:
    """The path of a symbol's archive of one day (UTC), below the host of the archives."""
    return _path("daily", symbol, f"{day:%Y-%m-%d}")


def monthly(symbol: str, year: int, month: int) -> str:
    """The path of a symbol's archive of one month (UTC), below the host of the archives."""
    return _path("monthly", symbol, f"{date(year, month, 1):%Y-%m}")


def _path(period: str, symbol: str, when: str) -> str:
    if not (_SYMBOL.fullmatch(symbol) and symbol.isprintable()):
        raise Misconfigured(f"binance: {printable(symbol, 60)!r} is not a symbol; expected one such as BTCUSDT")
    name = quote(symbol, safe="")  # since 2025 there are symbols with other letters
    return f"/data/spot/{period}/trades/{name}/{name}-trades-{when}.zip"


def verify(path: Path, checksum: str) -> None:
    """Compare an archive with the text of its `.CHECKSUM` file, as `sha256sum` writes it; raises BadFile."""
    compare(path, sha256_of(path), checksum)


def symbol_of(name: str) -> str | None:
    """The symbol in the name of an archive, or of the file within; None if the name is another one."""
    match = _NAME.fullmatch(name)
    return match["symbol"] if match else None


def read(
    path: Path,
    raw: RawTable,
    stream: str | None = None,
    *,
    folder: Path | None = None,
    is_in_order: bool | None = None,
    limits: Limits = LIMITS,
) -> Iterator[FileStream]:
    """The trades of an archive, a ZIP or the CSV file itself, by rising id.

    Args:
        path: the file.
        raw: the connector's raw table.
        stream: the symbol; by default what the file's name, or that of the file within, says.
        folder: where rows are sorted if they must be; by default the system's folder for temporary files.
        is_in_order: whether the rows are expected to be in order; None to look first, which reads the file once more.
        limits: what the file may have at most.

    Raises:
        NotInOrder: the rows were expected to be in order, and are not.
        BadFile: the file is damaged, holds no trade, or holds something else.
    """
    part = only_part(path, parts(path, limits))
    symbol = stream or symbol_of(path.name) or symbol_of(part.name)
    if symbol is None:
        raise BadFile(
            f"{path}: its name doesn't say of which symbol it is; name the symbol, or the file as Binance does, for "
            f"example {FORMAT.example}"
        )
    _check_columns(part)
    report = Report()
    yield FileStream(symbol, _rows(part, raw, symbol, report, folder, is_in_order), report)


def _check_columns(part: Part) -> None:
    """Raise BadFile if the file has other columns; one line is enough to see it."""
    head = part.head()
    lines = [line for line in head.splitlines() if line.strip()][:100]
    if not lines:
        raise BadFile(f"{part.place}: is empty; expected trades")
    counts = {line.count(b",") + 1 for line in lines}
    if len(_COLUMNS) in counts:
        _check_header(part, lines[0].decode(errors="replace"))
        return
    what = {
        6: ", as archives of futures have, whose trades are others than those of the spot market",
        8: ", as archives of aggregated trades have, whose ids are others than those of trades",
    }.get(found := lines[0].count(b",") + 1, "")
    raise BadFile(
        f"{part.place}: expected the {len(_COLUMNS)} columns of spot trades, found {found}{what}; fetch the archive of "
        "spot trades"
    )


def _check_header(part: Part, line: str) -> None:
    names = line.strip().split(",")
    if _is_header(line) and [_plain(name) for name in names] != [_plain(name) for name in _COLUMNS]:
        raise BadFile(
            f"{part.place}:1: expected the columns {', '.join(_COLUMNS)}, found {printable(', '.join(names), 200)}"
        )


def _is_header(line: str) -> bool:
    return line[:1].isalpha()


def _plain(name: str) -> str:
    return name.replace("_", "").strip().lower()


def _rows(
    part: Part, raw: RawTable, symbol: str, report: Report, folder: Path | None, is_in_order: bool | None
) -> Iterator[pa.RecordBatch]:
    parsed = (_batch(part, block, raw, symbol, report) for block in part.blocks())
    some = (batch for batch in parsed if batch.num_rows)
    ordered = in_order(some, are_in_order=lambda: rise(first_numbers(part)), folder=folder, expected=is_in_order)
    for batch in each_once(ordered, report, payload=PAYLOAD, id_column=raw.id_column):
        report.rows += batch.num_rows
        yield without(raw, batch)
    if not report.rows:
        raise BadFile(f"{part.place}: holds no trade; {'; '.join(report.examples[:1]) or 'it has no lines'}")


def _batch(part: Part, block: Block, raw: RawTable, symbol: str, report: Report) -> pa.RecordBatch:
    """The trades of a block, with their ids as `KEY`."""
    has_header = block.first == 1 and _is_header(block.lines[0].as_py() or "")
    rows = Rows.of_block(block, skipped=int(has_header))
    values = _fast(rows)
    if values is None:
        is_row = pc.equal(pc.count_substring(rows.lines, ","), len(_COLUMNS) - 1)
        rows = rows.only(is_row, report, part.name, NO_TRADE)
        values = _fast(rows)
    if values is None:
        values = _slow(rows)
    ids = values["id"]
    has_id = pc.greater_equal(ids, 0).fill_null(False)
    negative = pc.sum(pc.less(ids, 0)).as_py() or 0
    report.skip(NEGATIVE, negative)
    report.skip(NO_ID, len(ids) - negative - (pc.sum(has_id).as_py() or 0))
    batch = raw.batch(
        {
            **values,
            "id": ids.cast(pa.string()),
            "symbol": pa.repeat(symbol, len(ids)),
            PAYLOAD: rows.lines,
        }
    )
    keyed = batch.append_column(KEY, ids)
    return keyed if pc.all(has_id).as_py() else keyed.filter(has_id)


def _fast(rows: Rows) -> dict[str, pa.Array] | None:
    """The values of rows as Binance writes them; None if a row is written in another way."""
    values = csv_columns(rows, _TYPES)
    if values is None or not all(are_finite(values[name]) for name in _NUMBERS):
        return None
    return {**values, "time": _microseconds(values["time"])}


def _slow(rows: Rows) -> dict[str, pa.Array]:
    """The values of any rows: null where a value makes no sense, as over REST."""
    fields = pc.split_pattern(rows.lines, ",")
    texts = {name: pc.list_element(fields, place).to_pylist() for place, name in enumerate(_COLUMNS)}
    return {
        "id": pa.array([whole_number(text) for text in texts["id"]], pa.int64()),
        **{name: pa.array([number(text) for text in texts[name]], pa.float64()) for name in _NUMBERS},
        "time": moments(texts["time"]),
        **{name: pa.array([_FLAGS.get(text) for text in texts[name]], pa.bool_()) for name in _COLUMNS[5:]},
    }


def _microseconds(times: pa.Int64Array) -> pa.Array:
    lowest, highest = (pc.min_max(times)[name].as_py() for name in ("min", "max"))
    if lowest is None or lowest < _MS or highest >= _END:
        return moments(times.to_pylist())
    if highest < _US:
        return pc.multiply(times, 1000).view(pa.timestamp("us"))
    if lowest < _US:
        times = pc.if_else(pc.less(times, _US), pc.multiply(times, 1000), times)
    return times.view(pa.timestamp("us"))


FORMAT = FileFormat(
    "binance-trades",
    "BTCUSDT-trades-2026-01-05.zip",
    lambda name: symbol_of(name.replace("-aggTrades-", "-trades-")) is not None,  # `read` says why it refuses these
    lambda head: any(_ROW.fullmatch(line) for line in head.split(b"\n")[:2]),
    read,
)

BULK = BulkFiles("https://data.binance.vision", FORMAT, daily, monthly)
