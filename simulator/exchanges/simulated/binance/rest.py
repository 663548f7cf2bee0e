"""Binance spot: `/api/v3/trades`, `historicalTrades`, `aggTrades`, `exchangeInfo`, `time`.

Written from binance-spot-api-docs rest-api.md and errors.md (2026-07-21), with the shapes of recorded responses.
`rows.py` shows a row. Pages are oldest first. `fromId`, `startTime` and `endTime` are inclusive.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from simulator.exchanges.budgets import TokenBucket, WeightWindow
from simulator.exchanges.market import Listing, Trades, decimal_text
from simulator.exchanges.recordings import read_recordings, recorded_tape
from simulator.exchanges.simulated.binance.feed import BinanceFeed
from simulator.exchanges.simulated.binance.files import BinanceFiles
from simulator.exchanges.simulated.binance.rows import (
    MICROSECOND,
    MILLISECOND,
    NS_PER_UNIT,
    Row,
    encode_row,
    in_unit,
    read_body,
    resolution_ns,
)
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
_DEFAULT_PAGE = 500
_WEIGHT_PER_MINUTE = 6000
_WEIGHTS = {
    "/api/v3/trades": 25,
    "/api/v3/historicalTrades": 25,
    "/api/v3/aggTrades": 4,
    "/api/v3/exchangeInfo": 20,
    "/api/v3/time": 1,
}
_CONNECTIONS, _CONNECTIONS_WITHIN_S = 300, 300
_WEBSOCKETS = "Please use WebSocket Streams for live updates to avoid"
_TOO_MUCH = (
    f"Too much request weight used; current limit is 6000 request weight per 1 MINUTE. {_WEBSOCKETS} polling the API."
)
_ERRORS = {
    418: (-1003, f"Way too much request weight used; IP banned. {_WEBSOCKETS} bans."),
    429: (-1003, _TOO_MUCH),
    500: (-1000, "An unknown error occurred while processing the request."),
    503: (-1008, "Server is currently overloaded with other requests. Please try again in a few minutes."),
}


class Binance(SimulatedExchange):
    """Responds as api.binance.com does."""

    name = "binance"
    listings = (
        Listing("binance", "BTC-USDT", 300, (0, 0), 2, 5),
        Listing("binance", "ETH-USDT", 200, (0, 0), 2, 4),
    )

    def __init__(self, tapes: list[Tape], *, limit_scale: float) -> None:
        self._products = {tape.product: _Product(tape) for tape in tapes}
        self._files = BinanceFiles(tapes)
        self._budget = WeightWindow(limit=_WEIGHT_PER_MINUTE * limit_scale)
        self._limit_scale = limit_scale
        self._connections = TokenBucket(
            rate=_CONNECTIONS / _CONNECTIONS_WITHIN_S * limit_scale, burst=_CONNECTIONS * limit_scale
        )

    @classmethod
    def market_tape(cls, trades: Trades) -> Tape:
        return Tape(
            product=trades.listing.symbol.replace("-", ""),
            symbol=trades.listing.symbol,
            ids=range(trades.first_id, trades.first_id + len(trades)),
            times_ns=trades.times_ns,
            rows=Rows(len(trades), lambda index: encode_row(trades, index)),
            price_decimals=trades.listing.price_decimals,
            quantity_decimals=trades.listing.quantity_decimals,
        )

    @classmethod
    def recorded_tape(cls, folder: Path) -> Tape:
        symbol = "-".join(split_joined(folder.name))
        return recorded_tape(folder.name, symbol, read_recordings(folder, read_body))

    def endpoints(self) -> Mapping[str, Endpoint]:
        return {
            "/api/v3/trades": self._recent_trades,
            "/api/v3/historicalTrades": self._historical_trades,
            "/api/v3/aggTrades": self._aggregate_trades,
            "/api/v3/exchangeInfo": self._exchange_info,
            "/api/v3/time": self._time,
            **self._files.endpoints(),
        }

    def feeds(self) -> Mapping[str, NewFeed]:
        return {"/ws": self._feed, "/ws/{streams:path}": self._feed, "/stream": self._feed}

    def _feed(self, request: IncomingRequest, tapes: Mapping[str, Tape]) -> BinanceFeed:
        if not self._connections.take(request.client, request.monotonic_s):
            raise Refused(self.error(429))
        is_combined = request.path.startswith("/stream")
        names = request.query.get("streams", "") if is_combined else request.path_parameters.get("streams", "")
        return BinanceFeed(
            tapes,
            names=[name for name in names.split("/") if name],
            is_combined=is_combined,
            unit=_known_unit(request.query.get("timeUnit", MILLISECOND)),
            limit_scale=self._limit_scale,
        )

    def cost(self, request: IncomingRequest) -> tuple[str, float]:
        return "", _WEIGHTS.get(request.path, 0)

    def answer(self, request: IncomingRequest, endpoint: Endpoint) -> Reply:
        if request.path not in _WEIGHTS:
            # Bulk files are on another host, which has no budget.
            return super().answer(request, endpoint)
        verdict = self._budget.spend(request.client, _WEIGHTS[request.path], request.monotonic_s)
        # of the documented limit, whatever the scale: a client would pause if it read that more was used
        used = str(int(verdict.used / self._limit_scale))
        headers = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        if verdict.status == 200:
            reply = super().answer(request, endpoint)
            return replace(reply, headers={**reply.headers, **headers})
        until_ms = request.wall_ns // 10**6 + verdict.retry_after_s * 1000
        banned = f"Way too much request weight used; IP banned until {until_ms}. {_WEBSOCKETS} bans."
        reply = self.error(verdict.status, banned if verdict.status == 418 else None)
        return replace(reply, headers={**headers, "Retry-After": str(verdict.retry_after_s)})

    def refusal(self, request: IncomingRequest) -> Reply | None:  # noqa: ARG002 # the budget is charged in `answer`
        return None

    def error(self, status: int, message: str | None = None) -> Reply:
        code, usual = _ERRORS[status]
        return _error(code, message or usual, status=status)

    def _recent_trades(self, request: IncomingRequest) -> Reply:
        product, unit = self._product(request), _time_unit(request)
        return _page(product.tape, product.rows(unit), None, _limit(request))

    def _historical_trades(self, request: IncomingRequest) -> Reply:
        product, unit, from_id = self._product(request), _time_unit(request), _number(request, "fromId")
        start = None if from_id is None else product.tape.from_id(from_id)
        return _page(product.tape, product.rows(unit), start, _limit(request))

    def _aggregate_trades(self, request: IncomingRequest) -> Reply:
        product, unit, limit = self._product(request), _time_unit(request), _limit(request)
        from_id, start_time, end_time = (_number(request, name) for name in ("fromId", "startTime", "endTime"))
        tape = product.aggregates
        start = None if from_id is None else tape.from_id(from_id)
        stop = len(tape)
        if start_time is not None:
            start = tape.from_time(start_time * resolution_ns(start_time))
        if end_time is not None:
            stop = tape.from_time((end_time + 1) * resolution_ns(end_time))
        has_both = from_id is not None and (start_time is not None or end_time is not None)
        if has_both or (start_time is not None and start is not None and stop < start):
            raise Refused(_error(-1128, "Combination of optional parameters invalid."))
        return _page(tape, product.aggregate_rows(unit), start, limit, stop=stop)

    def _exchange_info(self, request: IncomingRequest) -> Reply:
        products = self._asked_products(request)
        limit = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": _WEIGHT_PER_MINUTE}
        info = {
            "timezone": "UTC",
            "serverTime": request.wall_ns // NS_PER_UNIT[_time_unit(request)],
            "rateLimits": [limit],
            "exchangeFilters": [],
            "symbols": [_symbol(product.tape) for product in products],
        }
        return Reply(msgspec.json.encode(info))

    def _asked_products(self, request: IncomingRequest) -> "list[_Product]":
        if "symbols" in request.query:
            try:
                names = msgspec.json.decode(request.query["symbols"], type=list[str])
            except msgspec.MsgspecError:
                raise Refused(
                    _illegal("symbols", '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$')
                ) from None
            return [self._named(name) for name in names]
        return [self._product(request)] if "symbol" in request.query else list(self._products.values())

    def _time(self, request: IncomingRequest) -> Reply:
        return Reply(msgspec.json.encode({"serverTime": request.wall_ns // NS_PER_UNIT[_time_unit(request)]}))

    def _product(self, request: IncomingRequest) -> "_Product":
        symbol = request.query.get("symbol")
        if not symbol:
            raise Refused(_error(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."))
        if re.fullmatch(r"[A-Z0-9\-_.]{1,20}", symbol) is None:
            raise Refused(_illegal("symbol", "^[A-Z0-9-_.]{1,20}$"))
        return self._named(symbol)

    def _named(self, symbol: str) -> "_Product":
        if symbol not in self._products:
            raise Refused(_error(-1121, "Invalid symbol."))
        return self._products[symbol]


@dataclass(frozen=True)
class _Product:
    """One tape in both time units, and its aggregate trades."""

    tape: Tape

    def rows(self, unit: str) -> Rows:
        return self._rows[unit]

    def aggregate_rows(self, unit: str) -> Rows:
        return self._aggregate_rows[unit]

    @cached_property
    def aggregates(self) -> Tape:
        return self.tape.derived(_aggregate)

    @cached_property
    def _rows(self) -> dict[str, Rows]:
        return {unit: in_unit(self.tape.rows, unit) for unit in NS_PER_UNIT}

    @cached_property
    def _aggregate_rows(self) -> dict[str, Rows]:
        return {unit: in_unit(self.aggregates.rows, unit) for unit in NS_PER_UNIT}


def _aggregate(tape: Tape) -> Tape:
    """Join neighbouring trades with the same time, price and side: the fills of one taker order at one price."""
    trades = msgspec.json.decode(join_page(tape.rows.between(0, len(tape))), type=list[Row])
    groups = [list(group) for _, group in groupby(trades, lambda row: (row.time, row.price, row.isBuyerMaker))]
    first_id = trades[0].id * 2 // 3 if trades else 0
    return replace(
        tape,
        ids=range(first_id, first_id + len(groups)),
        times_ns=[group[0].time * resolution_ns(group[0].time) for group in groups],
        rows=Rows(len(groups), lambda index: _encode_aggregate(first_id + index, groups[index])),
    )


def _encode_aggregate(aggregate_id: int, fills: list[Row]) -> bytes:
    first, last = fills[0], fills[-1]
    quantity = sum(Decimal(fill.qty) for fill in fills)
    maker = "true" if first.isBuyerMaker else "false"
    row = f'"a":{aggregate_id},"p":"{first.price}","q":"{quantity:.8f}","f":{first.id},"l":{last.id}'
    return f'{{{row},"T":{first.time},"m":{maker},"M":true}}'.encode()


def _page(tape: Tape, rows: Rows, start: int | None, limit: int, *, stop: int | None = None) -> Reply:
    """The first rows from `start` on or, without a start, the last rows before `stop`."""
    stop = len(rows) if stop is None else stop
    first = max(0, stop - limit) if start is None else start
    return Reply(join_page(rows.between(first, min(stop, first + limit))), page_of=tape.product)


def _limit(request: IncomingRequest) -> int:
    limit = _number(request, "limit")
    if limit == 0:
        raise Refused(_error(-1130, "Data sent for parameter 'limit' is not valid."))
    return min(limit or _DEFAULT_PAGE, _LARGEST_PAGE)


def _number(request: IncomingRequest, name: str) -> int | None:
    text = request.query.get(name)
    if text is not None and re.fullmatch(r"[0-9]{1,20}", text) is None:
        raise Refused(_illegal(name, "^[0-9]{1,20}$"))
    return None if text is None else int(text)


def _time_unit(request: IncomingRequest) -> str:
    return _known_unit(request.headers.get("x-mbx-time-unit", MILLISECOND))


def _known_unit(name: str) -> str:
    unit = name.upper()
    if unit not in NS_PER_UNIT:
        message = f"Invalid value for time unit; expected either {MICROSECOND} or {MILLISECOND}."
        raise Refused(_error(-1194, message))
    return unit


def _error(code: int, message: str, *, status: int = 400) -> Reply:
    return Reply(msgspec.json.encode({"code": code, "msg": message}), status)


def _illegal(parameter: str, legal: str) -> Reply:
    return _error(-1100, f"Illegal characters found in parameter '{parameter}'; legal range is '{legal}'.")


def _symbol(tape: Tape) -> dict[str, Any]:
    base, _, quote = tape.symbol.partition("-")
    tick, lot = (decimal_text(1, decimals, digits=8) for decimals in (tape.price_decimals, tape.quantity_decimals))
    return {
        "symbol": tape.product,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": "9000.00000000", "stepSize": lot},
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
    }
