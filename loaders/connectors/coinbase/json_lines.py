"""Files of Coinbase trades as JSON lines, one record per trade, plain or compressed by gzip.

    raw_coinbase_trades_BTC-USD_20251215T103050Z_123456.jsonl
    {"trade_id": "123456", "product_id": "BTC-USD", "price": "43210.50", "size": "0.01",
     "time": "2025-12-15T10:30:45.123456Z", "side": "BUY", "_source": "coinbase",
     "_source_ingest_ts": "2025-12-15T10:30:50.000000Z", "_raw_payload": "{...}"}     (on one line)

`side` is the maker's, as Coinbase sends it, in capital letters; it becomes Coinbase's own spelling, buy or sell. The
payload of a row is `_raw_payload` if the record has one, and otherwise the line. `_source_ingest_ts` says when the
record was fetched, not when it is landed here, so it is ignored. The records may be in any order, for example newest
first; rows come in the order of their ids, each once.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.printable import printable
from lakehouse.raw_table import PAYLOAD, RawTable

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
from ...channels.payloads import FIRST_US, decode_or_none, decode_records, moments, numbers
from ...errors import UnexpectedPayload

_NAME = re.compile(r"raw_coinbase_trades_(?P<product>[A-Za-z0-9.-]{1,60})_.+\.jsonl(\.gz)?", re.IGNORECASE)

NOT_A_TRADE = "not a trade"
ANOTHER_PRODUCT = "a trade of another product"
BAD_ID = "an id that is not from 0 to 2^63"


class _Record(msgspec.Struct, gc=False):
    trade_id: int
    price: float | None
    size: float | None
    time: str | int | None
    side: str | None
    product_id: str | None = None
    payload: str | None = msgspec.field(default=None, name="_raw_payload")


class _Id(msgspec.Struct, gc=False):
    trade_id: int


# prices, and most ids, are strings: `strict=False` reads them as numbers, in C
_record = msgspec.json.Decoder(_Record, strict=False)
_records = msgspec.json.Decoder(list[_Record], strict=False)
_id = msgspec.json.Decoder(_Id, strict=False)


def product_of(name: str) -> str | None:
    """The product in a file's name; None if the name is another one."""
    match = _NAME.fullmatch(name)
    return match["product"] if match else None


def read(
    path: Path,
    raw: RawTable,
    stream: str | None = None,
    *,
    folder: Path | None = None,
    is_in_order: bool | None = None,
    limits: Limits = LIMITS,
) -> Iterator[FileStream]:
    """The trades of one product in a file, by rising id.

    Args:
        path: the file.
        raw: the connector's raw table.
        stream: the product; by default what the file's name says, or the first record.
        folder: where rows are sorted if they must be; by default the system's folder for temporary files.
        is_in_order: whether the rows are expected to be in order; None to look first, which reads the file once more.
        limits: what the file may have at most.

    Raises:
        NotInOrder: the rows were expected to be in order, and are not.
        BadFile: the file is damaged, or holds no trade of the product.
    """
    part = only_part(path, parts(path, limits))
    product = stream or product_of(part.name) or _first_product(part)
    report = Report()
    yield FileStream(product, _rows(part, raw, product, report, folder, is_in_order), report)


def _first_product(part: Part) -> str:
    for line in part.head().split(b"\n"):
        record = decode_or_none(_record, line)
        if record is not None and record.product_id:
            return record.product_id
    raise BadFile(
        f"{part.place}: neither its name nor its first lines say of which product it is; name the product, or the file "
        f"as in {FORMAT.example}"
    )


def _rows(
    part: Part, raw: RawTable, product: str, report: Report, folder: Path | None, is_in_order: bool | None
) -> Iterator[pa.RecordBatch]:
    parsed = (_batch(part, block, raw, product, report) for block in part.blocks())
    some = (batch for batch in parsed if batch.num_rows)
    ordered = in_order(some, are_in_order=lambda: rise(_ids(part)), folder=folder, expected=is_in_order)
    for batch in each_once(ordered, report, payload=PAYLOAD, id_column=raw.id_column):
        report.rows += batch.num_rows
        yield without(raw, batch)
    if not report.rows:
        why = "; ".join(report.examples[:1]) or "it is empty"
        raise BadFile(f"{part.place}: holds no trade of {printable(product, 60)}; {why}")


def _ids(part: Part) -> Iterator[pa.Array]:
    """The ids of all lines, to see whether they rise; if they can't be read fast, rows are sorted as if they didn't."""
    for block in part.blocks():
        try:
            yield pa.array([each.trade_id for each in _id.decode_lines(block.text)], pa.int64())
        except (msgspec.MsgspecError, ValueError, RecursionError, pa.ArrowException, OverflowError):
            yield pa.array([1, 0])


def _batch(part: Part, block: Block, raw: RawTable, product: str, report: Report) -> pa.RecordBatch:
    """The trades of a block, with their ids as `KEY`."""
    records, lines = _decoded(part, block, report)
    problems = [_problem(each, product) for each in records]
    if any(problems):
        for place, reason in enumerate(problems):
            if reason is not None:
                report.skip(reason)
                report.show(f"{part.name}: id {str(records[place].trade_id)[:30]}", reason, lines[place].as_py())
        kept = [place for place, reason in enumerate(problems) if reason is None]
        records, lines = [records[place] for place in kept], lines.take(pa.array(kept, pa.int64()))
    ids = pa.array([each.trade_id for each in records], pa.int64())
    batch = raw.batch(
        {
            "trade_id": ids.cast(pa.string()),
            "product_id": pa.repeat(product, len(records)),
            "price": numbers([each.price for each in records]),
            "size": numbers([each.size for each in records]),
            "side": [None if each.side is None else each.side.lower() for each in records],
            "time": _microseconds([each.time for each in records]),
            PAYLOAD: pc.coalesce(pa.array([each.payload for each in records], pa.string()), lines),
        }
    )
    return batch.append_column(KEY, ids)


def _problem(record: _Record, product: str) -> str | None:
    if record.product_id not in (None, product):
        return ANOTHER_PRODUCT
    return None if 0 <= record.trade_id < 2**63 else BAD_ID


def _decoded(part: Part, block: Block, report: Report) -> tuple[list[_Record], pa.StringArray]:
    """The records of a block, and the line of each."""
    if block.lines.null_count == 0:
        try:
            records = _record.decode_lines(block.text)
            if len(records) == len(block.lines):
                return records, block.lines
        except (msgspec.MsgspecError, ValueError, RecursionError):
            pass
    found: list[_Record] = []
    lines: list[str] = []
    for number, line in enumerate(block.lines.to_pylist(), start=block.first):
        record, reason = _one(line)
        if record is not None and line is not None:
            found.append(record)
            lines.append(line)
        elif reason:
            report.skip(NOT_A_TRADE)
            report.show(f"{part.name}:{number}", f"{NOT_A_TRADE}: {reason}", line or "")
    return found, pa.array(lines, pa.string())


def _one(line: str | None) -> tuple[_Record | None, str]:
    """The record of a line, in which values of another type than documented are null; or why it is none."""
    if line is None:
        return None, "it is not text"
    if not line.strip():
        return None, ""
    try:
        records = decode_records(_records, _Record, f"[{line}]".encode(), exchange="coinbase")
    except UnexpectedPayload as error:
        return None, printable(str(error).partition("; the response began")[0], 120)
    return (records[0], "") if len(records) == 1 else (None, "it has several records")


def _microseconds(times: Sequence[str | int | None]) -> pa.Array:
    try:
        array = pa.array(times, pa.string()).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return moments(times)
    earliest = pc.min(array.cast(pa.int64())).as_py()
    return moments(times) if earliest is not None and earliest < FIRST_US else array  # Python has no year 0


def _fits(head: bytes) -> bool:
    first = head.lstrip().partition(b"\n")[0]
    return first.startswith(b"{") and all(f'"{name}"'.encode() in first for name in ("trade_id", "price", "size"))


FORMAT = FileFormat(
    "coinbase-json-lines",
    "raw_coinbase_trades_BTC-USD_20251215T103050Z_123456.jsonl",
    lambda name: product_of(name) is not None,
    _fits,
    read,
)
