"""Kraken spot: `/0/public/Trades`, `/0/public/AssetPairs`, `/0/public/Assets`, `/0/public/Time`.

Written from docs.kraken.com/api-reference/market-data/get-recent-trades.md and support.kraken.com article 218198197
(how `since` pages), with the shapes of recorded responses. `rows.py` shows a row.

Errors come inside HTTP 200. The public limit is not documented; it is about one request per second, address and pair.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from simulator.exchanges.budgets import TokenBucket
from simulator.exchanges.market import Listing, Trades
from simulator.exchanges.recordings import read_recordings, recorded_tape
from simulator.exchanges.simulated.kraken.assets import asset_pair, assets
from simulator.exchanges.simulated.kraken.feed import KrakenFeed
from simulator.exchanges.simulated.kraken.files import KrakenFiles
from simulator.exchanges.simulated.kraken.names import CANONICAL_NAMES, asset_code, pair_key, pair_names
from simulator.exchanges.simulated.kraken.rows import encode_row, read_body, with_distinct_times
from simulator.exchanges.simulated_exchange import (
    Endpoint,
    IncomingRequest,
    NewFeed,
    Refused,
    Reply,
    SimulatedExchange,
)
from simulator.exchanges.symbols import split_joined
from simulator.exchanges.tape import Rows, Tape, join_page

_LARGEST_PAGE = 1000
_OLD_KEY = re.compile(r"X([A-Z]{3})Z([A-Z]{3})|X([A-Z]{3})X([A-Z]{3})")
# A smaller number is in seconds: in nanoseconds it would be within the first quarter of an hour of 1970.
_LARGEST_SECONDS = 10**12


def _listing(symbol: str, weight: int, price_decimals: int) -> Listing:
    return Listing("kraken", symbol, weight, (70, 190), price_decimals, 8, time_step_ns=1)


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
        self._tapes = {name: tape for tape in tapes for name in pair_names(tape)}
        self._pairs = {tape.product: asset_pair(tape) for tape in tapes}
        self._files = KrakenFiles(tapes)
        self._assets = assets(tapes)
        self._bucket = TokenBucket(rate=limit_scale, burst=2 * limit_scale)

    @classmethod
    def market_tape(cls, trades: Trades) -> Tape:
        return Tape(
            product=pair_key(*trades.listing.symbol.split("-")),
            symbol=trades.listing.symbol,
            ids=range(trades.first_id, trades.first_id + len(trades)),
            times_ns=trades.times_ns,
            rows=Rows(len(trades), lambda index: encode_row(trades, index)),
            price_decimals=trades.listing.price_decimals,
            quantity_decimals=trades.listing.quantity_decimals,
        )

    @classmethod
    def recorded_tape(cls, folder: Path) -> Tape:
        old = _OLD_KEY.fullmatch(folder.name)
        base, quote = [part for part in old.groups() if part] if old else split_joined(folder.name)
        base, quote = (CANONICAL_NAMES.get(asset, asset) for asset in (base, quote))
        rows = with_distinct_times(read_recordings(folder, read_body))
        return recorded_tape(pair_key(base, quote), f"{base}-{quote}", rows)

    def endpoints(self) -> Mapping[str, Endpoint]:
        return {
            "/0/public/Trades": self._trades,
            "/0/public/AssetPairs": self._asset_pairs,
            "/0/public/Assets": self._asset_list,
            "/0/public/Time": self._time,
            **self._files.endpoints(),
        }

    def feeds(self) -> Mapping[str, NewFeed]:
        return {"/v2": lambda _, tapes: KrakenFeed(tapes)}

    def refusal(self, request: IncomingRequest) -> Reply | None:
        if not self.cost(request)[1]:
            return None
        client = (request.client, *self.cost(request))
        return None if self._bucket.take(client, request.monotonic_s) else self.error(200)

    def cost(self, request: IncomingRequest) -> tuple[str, float]:
        if not request.path.startswith("/0/"):
            # Bulk files are on another host, which has no budget.
            return "", 0
        pair = request.query.get("pair", "")
        tape = self._tapes.get(pair)
        return f"{request.path} {tape.product if tape else pair}", 1

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

    def _asset_list(self, request: IncomingRequest) -> Reply:
        asked = request.query.get("asset")
        found = {}
        for name in asked.split(",") if asked else self._assets:
            key = name if name in self._assets else asset_code(name)
            if key not in self._assets:
                raise Refused(self.error(200, "EQuery:Unknown asset"))
            found[key] = self._assets[key]
        return _result(found)

    def _time(self, request: IncomingRequest) -> Reply:
        return _result({"unixtime": request.wall_ns // 10**9})


def _result(result: Mapping[str, Any]) -> Reply:
    return Reply(msgspec.json.encode({"error": [], "result": result}))
