"""The board: the newest quote of each symbol and venue, how far venues are apart, and why.

    board = Board(listings(products, symbols), Limits())
    run_live(context, symbols, stop=stop, on_quote=board.quote, on_trades=board.trade, report=board.report)
    number = board.advance(time.time())
    message = board.frame_since(number - 1)

Exchanges tell it of quotes and trades in their threads; one other thread lets it advance, frame by frame. A frame has
the rows that changed after another frame, whichever that was, so a client that was slow gets one frame with the newest
state. Everything is in memory, and bounded by the number of symbols.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC
from math import log
from typing import Any

import pyarrow as pa

from lakehouse.errors import Misconfigured
from loaders.channels.runs import Run
from loaders.stream import Quote
from registry.products import Product
from schemahub.runs.live import LiveState

from .alerts import Alert, Alerts
from .causes import (
    CAUSES,
    CLOSES_AT,
    NOTHING,
    STALE_SECONDS,
    STAYS,
    Basis,
    Cause,
    Limits,
    Reading,
    Seen,
    distances,
    explain,
    read,
)
from .feed_meters import FeedMeter
from .frames import pack
from .venues import DOLLARS, looks_of

_MOST_SYMBOLS = 300
_HELD_SECONDS = 1.0
"""For how long a symbol's worst moment is shown, because what lasts a tenth of a second can't be read."""
_SLOW_SECONDS = 0.2
"""The time between two looks at causes, alerts, feeds and the history."""
_HISTORY = 150
_PAST = 64
_LONGEST_LINE = 300
_READ = tuple(each.name for each in fields(Reading))


@dataclass(frozen=True)
class Listing:
    """One product of one venue, and the symbol that it belongs to."""

    symbol: str
    venue: str
    product: str
    """Its name as the exchange writes it."""
    currency: str


def listings(products: Iterable[Product], symbols: Mapping[str, Sequence[str]]) -> list[Listing]:
    """One product for each symbol and venue, symbols in the order of `symbols`, which has products by exchange.

    Raises:
        Misconfigured: there are too many symbols.
    """
    meant = {(product.exchange.lower(), product.symbol): product for product in products}
    found: dict[tuple[str, str], Listing] = {}
    for exchange, names in symbols.items():
        for name in names:
            product = meant[exchange, name]
            currency = product.quote_asset
            # products in any kind of dollar are one symbol, and of several products of a venue, the first kind counts
            symbol = f"{product.base_asset}-{DOLLARS[0] if currency in DOLLARS else currency}"
            before = found.get((symbol, exchange))
            if before is None or _rank(currency) < _rank(before.currency):
                found[symbol, exchange] = Listing(symbol, exchange, name, currency)
    order = {symbol: number for number, symbol in enumerate(dict.fromkeys(symbol for symbol, _ in found))}
    if len(order) > _MOST_SYMBOLS:
        raise Misconfigured(f"{len(order):,} symbols are too many to watch; name up to {_MOST_SYMBOLS} with --symbols")
    return sorted(found.values(), key=lambda listing: (order[listing.symbol], listing.venue))


def _rank(currency: str) -> int:
    return DOLLARS.index(currency) if currency in DOLLARS else len(DOLLARS)


@dataclass
class Row:
    """The newest quote and trade of a venue. Times are seconds since 1970, by this machine's clock."""

    listing: Listing
    bid: float = 0.0
    ask: float = 0.0
    last: float = 0.0
    """The price of the last trade; 0 if none was heard."""
    size: float = 0.0
    """The quantity of the last trade."""
    at: float = 0.0
    """When the quote was made, as far as the venue's clock and its error are known; 0 if there is none."""
    heard: float = 0.0
    changed: int = 0
    """The frame in which it changed last."""
    past: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_PAST))

    @property
    def mid(self) -> float:
        return (self.bid + self.ask) / 2


@dataclass
class SymbolState:
    """What is known of a symbol beyond its rows."""

    name: str
    rows: list[Row]
    worst: Reading = NOTHING
    """The reading of the worst moment within the last second."""
    worst_at: float = 0.0
    cause: Cause | None = None
    changed: int = 0
    history: deque[float] = field(default_factory=lambda: deque(maxlen=_HISTORY))
    """How far apart it was, five times a second."""


class Board:
    """All symbols, venues and alerts; any thread may call any method."""

    def __init__(
        self,
        listed: Sequence[Listing],
        limits: Limits,
        *,
        source: str = "",
        lands: bool = False,
        looks: Mapping[str, int] | None = None,
    ) -> None:
        """Nothing is known yet. `looks` has the number of each exchange's colour and shape."""
        self.limits, self.source, self.lands = limits, source, lands
        self.rows = [Row(listing) for listing in listed]
        names = {listing.venue for listing in listed}
        self._looks = looks or looks_of(name.upper() for name in names)
        self.venues = sorted(names, key=lambda name: (self._looks[name.upper()], name))
        self.meters = {name: FeedMeter(title(name)) for name in self.venues}
        by_symbol: dict[str, list[Row]] = {}
        for row in self.rows:
            by_symbol.setdefault(row.listing.symbol, []).append(row)
        self.symbols = [SymbolState(name, rows) for name, rows in by_symbol.items()]
        self.alerts = Alerts(limits)
        self.basis = Basis()
        self.frame = 0
        """The number of the newest frame."""
        self.trouble: str | None = None
        """Why nothing is heard any more, if so."""
        self._row_of = {(row.listing.venue, row.listing.product): row for row in self.rows}
        self._now = 0.0
        self._slow_at = 0.0
        self._lock = threading.Lock()
        self._packed: dict[int, bytes] = {}
        """The frames that were packed since the board advanced, by the frame that they follow."""

    def quote(self, exchange: str, quote: Quote, heard: float | None = None) -> None:
        """Take a quote in."""
        row = self._row_of.get((exchange, quote.symbol))
        if row is None or not 0.0 < quote.bid <= quote.ask < float("inf"):
            return
        heard = time.time() if heard is None else heard
        with self._lock:
            made = None if quote.time is None else quote.time.replace(tzinfo=UTC).timestamp()
            row.at, row.heard = self.meters[exchange].note(heard, made), heard
            row.bid, row.ask = quote.bid, quote.ask
            row.past.append((heard, log(row.mid)))
            row.changed = self.frame + 1

    def trade(self, exchange: str, stream: str, price: float, quantity: float) -> None:
        """Take in the newest trade of a product."""
        row = self._row_of.get((exchange, stream))
        if row is not None and price > 0.0:
            with self._lock:
                row.last, row.size, row.changed = price, quantity, self.frame + 1

    def report(self, states: Sequence[LiveState]) -> None:
        """Take in what the listeners say of themselves."""
        with self._lock:
            for state in states:
                if (meter := self.meters.get(state.exchange)) is not None:
                    meter.report(state)

    def advance(self, now: float) -> int:
        """Begin the next frame; returns its number. `now` is in seconds since 1970."""
        with self._lock:
            self.frame += 1
            self._packed.clear()
            elapsed, self._now = now - self._slow_at, now
            is_slow = elapsed >= _SLOW_SECONDS
            for symbol in self.symbols:
                if is_slow or any(row.changed == self.frame for row in symbol.rows):
                    self._look(symbol, now)
            if is_slow:
                self._slow_at = now
                self._look_slowly(now, min(elapsed, 1.0))
            return self.frame

    def _look(self, symbol: SymbolState, now: float) -> None:
        """Keep the worst moment of the last second."""
        seen = seen_of(symbol.rows, now)
        off = distances(seen)
        is_over = now - symbol.worst_at > _HELD_SECONDS
        if is_over or not off or max(off) - min(off) >= symbol.worst.apart:
            symbol.worst, symbol.worst_at = read(seen, self.basis.of, fees=self.limits.fees, now=now), now

    def _look_slowly(self, now: float, elapsed: float) -> None:
        self.basis.follow([seen_of(symbol.rows, now) for symbol in self.symbols], elapsed)
        for name, meter in self.meters.items():
            silent = meter.heard > 0.0 and now - meter.heard > STALE_SECONDS
            self.alerts.watch_feed(title(name), is_silent=silent, now=now, frame=self.frame)
        for symbol in self.symbols:
            symbol.cause = explain(symbol.worst, self.limits, symbol.cause)
            symbol.history.append(round(symbol.worst.apart, 2))
            symbol.changed = self.frame
            self.alerts.watch(symbol.name, symbol.worst, symbol.cause, now=now, frame=self.frame)

    def hello(self) -> dict[str, Any]:
        """What a client needs to know before its first frame."""
        with self._lock:
            return {
                "symbols": [symbol.name for symbol in self.symbols],
                "venues": [
                    {"name": name, "title": title(name), "look": self._looks[name.upper()]} for name in self.venues
                ],
                "rows": [
                    [self._symbol_numbers[row.listing.symbol], self.venues.index(row.listing.venue),
                     row.listing.product, row.listing.currency]
                    for row in self.rows
                ],
                "history": [list(symbol.history) for symbol in self.symbols],
                "causes": [asdict(cause) for cause in CAUSES],
                "closes_at": CLOSES_AT,
                "stays": STAYS,
                "limits": asdict(self.limits),
                "stale_ms": STALE_SECONDS * 1000,
                "source": self.source,
                "lands": self.lands,
            }  # fmt: skip

    @property
    def _symbol_numbers(self) -> dict[str, int]:
        return {symbol.name: number for number, symbol in enumerate(self.symbols)}

    def frame_since(self, frame: int) -> bytes:
        """What changed after a frame, packed: from 0 on, everything. Packed once, whoever asks for it."""
        with self._lock:
            if (packed := self._packed.get(frame)) is None:
                packed = self._packed[frame] = self._pack(frame)
            return packed

    def _pack(self, frame: int) -> bytes:
        changed = [(number, row) for number, row in enumerate(self.rows) if row.changed > frame and row.at]
        meta: dict[str, Any] = {"n": self.frame, "ms": round(self._now * 1000, 1)}
        if readings := [_reading(n, each) for n, each in enumerate(self.symbols) if each.changed > frame]:
            meta["readings"], meta["feeds"] = readings, [self._feed(meter) for meter in self.meters.values()]
            meta["trouble"] = self.trouble
        if alerts := self.alerts.since(frame):
            meta["alerts"] = [shown(alert) for alert in alerts]
        rows = [row for _, row in changed]
        return pack(
            meta,
            {
                "row": pa.array([number for number, _ in changed], pa.uint16()),
                "bid": pa.array([row.bid for row in rows], pa.float64()),
                "ask": pa.array([row.ask for row in rows], pa.float64()),
                "last": pa.array([row.last for row in rows], pa.float64()),
                "size": pa.array([row.size for row in rows], pa.float32()),
                "at": pa.array([row.at * 1000 for row in rows], pa.float64()),
            },
        )

    def feeds(self) -> list[dict[str, Any]]:
        """How each venue's feed is."""
        with self._lock:
            return [self._feed(meter) for meter in self.meters.values()]

    def _feed(self, meter: FeedMeter) -> dict[str, Any]:
        state, delays = meter.state, meter.delays
        troubles = () if state is None else (*state.outcome.problems, *state.warnings)
        return {
            "venue": meter.venue,
            "messages_a_second": round(meter.rate, 1),
            "delay_ms": None if delays is None else round(delays[0] * 1000, 1),
            "delay_p95_ms": None if delays is None else round(delays[1] * 1000, 1),
            "clock_ms": round(meter.skew * 1000),
            "silent_ms": None if not meter.heard else max(0, round((self._now - meter.heard) * 1000)),
            "reconnects": 0 if state is None else state.reconnects,
            "landed": 0 if state is None else state.landed,
            "is_over": state is not None and state.is_over,
            "trouble": next((line[:_LONGEST_LINE] for line in troubles), None),
        }

    def newest_alerts(self) -> list[Alert]:
        """All alerts that are kept, newest first."""
        with self._lock:
            return list(reversed(self.alerts.all))


def seen_of(rows: Iterable[Row], now: float) -> list[Seen]:
    """What the venues of a symbol show now; those without a quote show nothing."""
    return [
        Seen(title(row.listing.venue), row.listing.currency, row.mid, row.heard, now - row.at, row.past)
        for row in rows
        if row.at
    ]


def title(venue: str) -> str:
    """A venue's name as people read it."""
    return venue.capitalize() if len(venue) > 3 else venue.upper()


def shown(alert: Alert) -> dict[str, Any]:
    """An alert as clients get it; times are in milliseconds since 1970."""
    return {
        "number": alert.number,
        "began_ms": round(alert.began * 1000),
        "ended_ms": None if alert.ended is None else round(alert.ended * 1000),
        "symbol": alert.symbol,
        "venue": alert.venue,
        "worst_bps": round(alert.apart, 2),
        "cause": alert.cause.name,
        "title": alert.cause.title,
        "words": alert.words,
    }


def _reading(number: int, symbol: SymbolState) -> list[Any]:
    """The number of the symbol, the number of its cause from 1 on, and the fields of its reading."""
    found = (getattr(symbol.worst, name) for name in _READ)
    values = [round(value, 2) if isinstance(value, float) else value for value in found]
    return [number, 0 if symbol.cause is None else CAUSES.index(symbol.cause) + 1, *values]


def last_of(run: Run, price: str, quantity: str) -> tuple[float, float] | None:
    """Price and quantity of a run's last trade, by the names of their columns; None if they make no sense."""
    found = [run.rows[name][-1].as_py() for name in (price, quantity)]
    return None if None in found else (float(found[0]), float(found[1]))
