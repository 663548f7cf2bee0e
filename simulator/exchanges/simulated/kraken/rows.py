"""Rows of Kraken's trade pages: made from the market, and read from recordings.

The exact seconds of this row are 35.982277754; pages show times rounded to 100 ns:

    ["105433.60000","0.00027625",1762820035.9822779,"b","l","",10218208]
"""

from dataclasses import replace
from decimal import Decimal

import msgspec

from simulator.exchanges.market import Trades, decimal_text
from simulator.exchanges.recordings import Body, RecordedRow


def encode_row(trades: Trades, index: int) -> bytes:
    """The row of one of the market's trades."""
    price = decimal_text(trades.prices[index], trades.listing.price_decimals, digits=5)
    volume = decimal_text(trades.quantities[index], trades.listing.quantity_decimals)
    side = "b" if trades.taker_buys[index] else "s"
    order_type = "l" if trades.quantities[index] % 4 else "m"
    time = _time_text(trades.times_ns[index])
    return f'["{price}","{volume}",{time},"{side}","{order_type}","",{trades.first_id + index}]'.encode()


def _time_text(time_ns: int) -> str:
    """Seconds rounded to 100 ns, without trailing zeros: 1762820035.9822779 for ...982277900 as for ...982277949."""
    return decimal_text((time_ns + 50) // 100, 7).rstrip("0").rstrip(".")


def read_body(body: bytes) -> Body:
    """Rows of `{"error":[],"result":{"XXBTZUSD":[...],"last":"..."}}`; the exact time of the last row is in `last`."""
    result = msgspec.json.decode(body, type=dict[str, msgspec.Raw])["result"]
    parts = msgspec.json.decode(result, type=dict[str, msgspec.Raw])
    last_ns = int(msgspec.json.decode(parts.pop("last"), type=str))
    (texts,) = (msgspec.json.decode(rows, type=list[msgspec.Raw]) for rows in parts.values())
    rows = [_read_row(bytes(text)) for text in texts]
    return [*rows[:-1], RecordedRow(rows[-1].text, last_ns, rows[-1].id)] if rows else []


def _read_row(text: bytes) -> RecordedRow:
    row = msgspec.json.decode(text, type=list[msgspec.Raw])
    time_ns = int(Decimal(bytes(row[2]).decode()) * 10**9)
    return RecordedRow(text, time_ns, int(bytes(row[6])) if len(row) > 6 else None)


def with_distinct_times(rows: list[RecordedRow]) -> list[RecordedRow]:
    """Give rows distinct times in their order, like the exact times; rounding made some equal and some too late."""
    times_ns = [row.time_ns for row in rows]
    # Rounded times are whole hundreds; any other time is a body's `last`, which is exact and stays.
    shown = [index for index, time_ns in enumerate(times_ns) if time_ns % 100 == 0]
    for index in reversed(shown):
        if index + 1 < len(rows):
            times_ns[index] = min(times_ns[index], times_ns[index + 1] - 1)
    for index in shown:
        if index > 0:
            times_ns[index] = max(times_ns[index], times_ns[index - 1] + 1)
    return [replace(row, time_ns=time_ns) for row, time_ns in zip(rows, times_ns, strict=True)]
