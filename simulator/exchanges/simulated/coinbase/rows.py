"""Rows of Coinbase's trade pages: made from the market, and read from recordings.

The side is the MAKER's:

    {"trade_id":5267864,"side":"sell","size":"0.31238874","price":"2623.57","time":"2022-01-30T18:13:33.818634Z"}
"""

from datetime import UTC, datetime

import msgspec

from simulator.exchanges.market import Trades, decimal_text
from simulator.exchanges.recordings import Body, RecordedRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Row(msgspec.Struct):
    trade_id: int | str
    side: str
    size: str
    price: str
    time: str


def encode_row(trades: Trades, index: int) -> bytes:
    """The row of one of the market's trades."""
    price = decimal_text(trades.prices[index], trades.listing.price_decimals)
    size = decimal_text(trades.quantities[index], trades.listing.quantity_decimals)
    maker_side = "sell" if trades.taker_buys[index] else "buy"
    row = f'"trade_id":{trades.first_id + index},"side":"{maker_side}","size":"{size}","price":"{price}"'
    return f'{{{row},"time":"{time_text(trades.times_ns[index])}"}}'.encode()


def time_text(time_ns: int) -> str:
    """ISO 8601 with microseconds, trailing zeros dropped: `2022-01-30T18:13:46.26Z`."""
    seconds, rest_ns = divmod(time_ns, 10**9)
    microseconds = f".{rest_ns // 1000:06d}".rstrip("0").rstrip(".")
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{microseconds}Z"


class _PagedRow(msgspec.Struct):
    trade_id: int | str
    time: datetime


def read_body(body: bytes) -> Body:
    """Rows of a recorded page, oldest first; ids were text in some recordings."""
    rows = [_read_row(bytes(text)) for text in msgspec.json.decode(body, type=list[msgspec.Raw])]
    return rows[::-1]


def _read_row(text: bytes) -> RecordedRow:
    row = msgspec.json.decode(text, type=_PagedRow)
    elapsed = row.time - _EPOCH
    microseconds = (elapsed.days * 86_400 + elapsed.seconds) * 10**6 + elapsed.microseconds
    return RecordedRow(text, microseconds * 1000, int(row.trade_id))
