"""Rows of Binance's trade pages: made from the market, read from recordings, and written in either unit of time.

{"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.00001200","time":1499865549590,
"isBuyerMaker":true,"isBestMatch":true}
"""

import re

import msgspec

from simulator.exchanges.market import Trades, decimal_text
from simulator.exchanges.recordings import Body, RecordedRow
from simulator.exchanges.tape import Rows

MICROSECOND, MILLISECOND = "MICROSECOND", "MILLISECOND"
NS_PER_UNIT = {MICROSECOND: 10**3, MILLISECOND: 10**6}
# Times from this number on can't be milliseconds, because they would be after the year 5000.
_SMALLEST_MICROSECONDS = 10**14
_TIME_FIELD = re.compile(rb'("(?:time|T)"\s*:\s*)(\d+)')


class Row(msgspec.Struct):
    id: int
    price: str
    qty: str
    time: int
    isBuyerMaker: bool  # noqa: N815 # the wire's name


def encode_row(trades: Trades, index: int) -> bytes:
    """The row of one of the market's trades, in microseconds."""
    listing = trades.listing
    price, quantity = trades.prices[index], trades.quantities[index]
    quote = price * quantity * 10**8 // 10 ** (listing.price_decimals + listing.quantity_decimals)
    maker = "false" if trades.taker_buys[index] else "true"
    return (
        f'{{"id":{trades.first_id + index},"price":"{decimal_text(price, listing.price_decimals, digits=8)}",'
        f'"qty":"{decimal_text(quantity, listing.quantity_decimals, digits=8)}","quoteQty":"{decimal_text(quote, 8)}",'
        f'"time":{trades.times_ns[index] // 1000},"isBuyerMaker":{maker},"isBestMatch":true}}'
    ).encode()


def in_unit(rows: Rows, unit: str) -> Rows:
    """The same rows with their times in `unit`. Rows already in it, even recorded ones, stay as they are."""

    def rewrite(match: "re.Match[bytes]") -> bytes:
        time = int(match[2])
        return match[1] + str(time * resolution_ns(time) // NS_PER_UNIT[unit]).encode()

    return rows.rewritten(lambda row: _TIME_FIELD.sub(rewrite, row, count=1))


def resolution_ns(time: int) -> int:
    """The length in nanoseconds of the unit that a time is in, which its size tells."""
    return NS_PER_UNIT[MICROSECOND if time >= _SMALLEST_MICROSECONDS else MILLISECOND]


def read_body(body: bytes) -> Body:
    """Rows of a recorded page, oldest first."""
    return [_read_row(bytes(text)) for text in msgspec.json.decode(body, type=list[msgspec.Raw])]


def _read_row(text: bytes) -> RecordedRow:
    row = msgspec.json.decode(text, type=Row)
    return RecordedRow(text, row.time * resolution_ns(row.time), row.id)
