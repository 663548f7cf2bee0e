"""Kraken spot: `/0/public/Trades`, `/0/public/AssetPairs`, `/0/public/Time`.

Written from docs.kraken.com/api-reference/market-data/get-recent-trades.md and support.kraken.com article 218198197
(how `since` pages), with the shapes of recorded responses. One row of a page, whose exact seconds are 35.982277754:

    ["105433.60000","0.00027625",1762820035.9822779,"b","l","",10218208]

Errors come inside HTTP 200. The public limit is not documented; it is about one request per second, address and pair.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from simulator.exchanges.budgets import TokenBucket
from simulator.exchanges.market import Listing, Trades, decimal_text
from simulator.exchanges.recordings import Body, RecordedRow, read_recordings, recorded_tape
from simulator.exchanges.simulated_exchange import Endpoint, IncomingRequest, Refused, Reply, SimulatedExchange
from simulator.exchanges.symbols import split_joined
from simulator.exchanges.tape import Rows, Tape, join_page

_LARGEST_PAGE = 1000
_KRAKEN_NAMES = {"BTC": "XBT", "DOGE": "XDG"}
_CANONICAL_NAMES = {kraken: canonical for canonical, kraken in _KRAKEN_NAMES.items()}
# Only assets listed early on carry a class letter: X for coins, Z for government currencies.
_OLD_COINS = {"XBT", "ETH", "XDG", "LTC", "XRP", "XLM", "XMR", "ZEC", "ETC", "REP", "MLN"}
_CURRENCIES = {"USD", "EUR", "GBP", "JPY", "CAD", "AUD"}
_OLD_KEY = re.compile(r"X([A-Z]{3})Z([A-Z]{3})|X([A-Z]{3})X([A-Z]{3})")
# A smaller number is in seconds: in nanoseconds it would be within the first quarter of an hour of 1970.
_LARGEST_SECONDS = 10**12


def _listing(symbol: str, weight: int, price_decimals: int) -> Listing:
    return Listing("kraken", symbol, weight, 60, price_decimals, 8, time_step_ns=1)


class Kraken(SimulatedExchange):
    """Responds as Kraken does; rows have their exact times in nanoseconds, which no two trades of a pair share."""

    name = "kraken"
    page_parameter = "count"
    listings = (
        _listing("BTC-USD", 60, 1),
        _listing("ETH-USD", 40, 2),
        _listing("BTC-USDT", 30, 1),
        _listing("ETH-USDT", 20, 2),
    )

    def __init__(self, tapes: list[Tape], *, limit_scale: float) -> None:
        self._tapes = {name: tape for tape in tapes for name in _names(tape)}
        self._pairs = {tape.product: _asset_pair(tape) for tape in tapes}
        self._bucket = TokenBucket(rate=limit_scale, burst=2 * limit_scale)

    @classmethod
    def market_tape(cls, trades: Trades) -> Tape:
        return Tape(
            product=_key(*trades.listing.symbol.split("-")),
            symbol=trades.listing.symbol,
            ids=range(trades.first_id, trades.first_id + len(trades)),
            times_ns=trades.times_ns,
            rows=Rows(len(trades), lambda index: _encode_row(trades, index)),
            price_decimals=trades.listing.price_decimals,
            quantity_decimals=trades.listing.quantity_decimals,
        )

    @classmethod
    def recorded_tape(cls, folder: Path) -> Tape:
        old = _OLD_KEY.fullmatch(folder.name)
        base, quote = [part for part in old.groups() if part] if old else split_joined(folder.name)
        base, quote = (_CANONICAL_NAMES.get(asset, asset) for asset in (base, quote))
        rows = _with_distinct_times(read_recordings(folder, _read_body))
        return recorded_tape(_key(base, quote), f"{base}-{quote}", rows)

    def endpoints(self) -> Mapping[str, Endpoint]:
        return {
            "/0/public/Trades": self._trades,
            "/0/public/AssetPairs": self._asset_pairs,
            "/0/public/Time": self._time,
        }

    def refusal(self, request: IncomingRequest) -> Reply | None:
        pair = request.query.get("pair", "")
        tape = self._tapes.get(pair)
        client = (request.client, request.path, tape.product if tape else pair)
        return None if self._bucket.take(client, request.monotonic_s) else self.error(200)

    def error(self, status: int, message: str | None = None) -> Reply:
        if status == 200:
            body = msgspec.json.encode({"error": [message or "EGeneral:Too many requests"]})
            return Reply(body)
        # Any other status comes from the proxy in front of the API, which sends HTML.
        return Reply(f"<html><body><h1>{status}</h1></body></html>".encode(), status, content_type="text/html")

    def _trades(self, request: IncomingRequest) -> Reply:
        tape = self._tape(request.query.get("pair"))
        count = request.query.get("count", str(_LARGEST_PAGE))
        if not (count.isdecimal() and 1 <= int(count) <= _LARGEST_PAGE):
            raise Refused(self.error(200, "EGeneral:Invalid arguments:count"))
        since = request.query.get("since")
        start = max(0, len(tape) - int(count)) if since is None else tape.after_time(self._since_ns(since))
        rows = tape.rows.between(start, start + int(count))
        last = str(tape.times_ns[start + len(rows) - 1]) if rows else since or "0"
        parts = (b'{"error":[],"result":{"', tape.product.encode(), b'":', join_page(rows), b',"last":"', last.encode())
        return Reply(b"".join(parts) + b'"}}', page_of=tape.product)

    def _since_ns(self, since: str) -> int:
        if re.fullmatch(r"\d+(\.\d+)?", since) is None:
            raise Refused(self.error(200, "EGeneral:Invalid arguments:since"))
        number = Decimal(since)
        return int(number * 10**9) if number < _LARGEST_SECONDS else int(number)

    def _tape(self, pair: str | None) -> Tape:
        if not pair:
            raise Refused(self.error(200, "EGeneral:Invalid arguments"))
        if pair not in self._tapes:
            raise Refused(self.error(200, "EQuery:Unknown asset pair"))
        return self._tapes[pair]

    def _asset_pairs(self, request: IncomingRequest) -> Reply:
        asked = request.query.get("pair")
        keys = [self._tape(pair).product for pair in asked.split(",")] if asked else list(self._pairs)
        return _result({key: self._pairs[key] for key in keys})

    def _time(self, request: IncomingRequest) -> Reply:
        return _result({"unixtime": request.wall_ns // 10**9})


def _result(result: Mapping[str, Any]) -> Reply:
    return Reply(msgspec.json.encode({"error": [], "result": result}))


def _encode_row(trades: Trades, index: int) -> bytes:
    price = decimal_text(trades.prices[index], trades.listing.price_decimals, digits=5)
    volume = decimal_text(trades.quantities[index], trades.listing.quantity_decimals)
    side = "b" if trades.taker_buys[index] else "s"
    order_type = "l" if trades.quantities[index] % 4 else "m"
    time = _time_text(trades.times_ns[index])
    return f'["{price}","{volume}",{time},"{side}","{order_type}","",{trades.first_id + index}]'.encode()


def _time_text(time_ns: int) -> str:
    """Seconds rounded to 100 ns, without trailing zeros: 1762820035.9822779 for ...982277900 as for ...982277949."""
    return decimal_text((time_ns + 50) // 100, 7).rstrip("0").rstrip(".")


def _read_body(body: bytes) -> Body:
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


def _with_distinct_times(rows: list[RecordedRow]) -> list[RecordedRow]:
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


def _asset_code(asset: str) -> str:
    if asset in _CURRENCIES:
        return "Z" + asset
    return "X" + asset if asset in _OLD_COINS else asset


def _key(base: str, quote: str) -> str:
    """The key of a pair among results: XXBTZUSD for BTC and USD, but XBTUSDT for BTC and USDT."""
    base, quote = (_KRAKEN_NAMES.get(asset, asset) for asset in (base, quote))
    is_old = base in _OLD_COINS and quote in _CURRENCIES | _OLD_COINS
    return _asset_code(base) + _asset_code(quote) if is_old else base + quote


def _names(tape: Tape) -> tuple[str, str, str]:
    """Key, altname and wsname: XXBTZUSD, XBTUSD, XBT/USD."""
    base, quote = (_KRAKEN_NAMES.get(asset, asset) for asset in tape.symbol.split("-"))
    return tape.product, base + quote, f"{base}/{quote}"


def _asset_pair(tape: Tape) -> dict[str, Any]:
    _, altname, wsname = _names(tape)
    base, quote = (_KRAKEN_NAMES.get(asset, asset) for asset in tape.symbol.split("-"))
    return {
        "altname": altname,
        "wsname": wsname,
        "aclass_base": "currency",
        "base": _asset_code(base),
        "aclass_quote": "currency",
        "quote": _asset_code(quote),
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": tape.price_decimals,
        "lot_decimals": tape.quantity_decimals,
        "lot_multiplier": 1,
        "status": "online",
    }


EXCHANGE = Kraken
