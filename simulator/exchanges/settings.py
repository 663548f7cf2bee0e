"""The settings of a simulator run, and the exchanges built from them."""

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulator.exchanges.budgets import UNLIMITED
from simulator.exchanges.endless import endless_tapes
from simulator.exchanges.market import DEFAULT_DURATION, DEFAULT_SEED, DEFAULT_START, DEFAULT_TRADES, Market, Trades
from simulator.exchanges.recordings import product_folders
from simulator.exchanges.simulated import simulated_exchanges
from simulator.exchanges.simulated_exchange import SimulatedExchange
from simulator.exchanges.tape import Tape

DEFAULT_EXCHANGES = ("binance", "coinbase", "kraken")
"""The exchanges that the market trades on unless others are named. On the others nothing was ever traded."""

_LAST_MILLISECOND_NS = 10**6
_OFFSET = re.compile(r"(?P<exchange>\w+)=(?P<seconds>-?\d{1,6}(\.\d{1,6})?)")


@dataclass(frozen=True)
class Settings:
    """Settings of one run; with `recordings` the exchanges serve that folder and nothing else."""

    trades: int = DEFAULT_TRADES
    """The number of trades of all exchanges and products together."""
    seed: int = DEFAULT_SEED
    exchanges: tuple[str, ...] = DEFAULT_EXCHANGES
    """The exchanges that the market trades on."""
    start: datetime = DEFAULT_START
    recordings: Path | None = None
    faults: tuple[str, ...] = ()
    enforce_limits: bool = True
    limit_scale: float = 1
    """A factor for the documented limits: 10 allows clients ten times as many requests."""
    duration: timedelta = DEFAULT_DURATION
    """The length of the market."""
    speed: float = 0
    """How fast the market's time passes while the simulator runs: 1 is real time. At 0 the whole market has happened
    before the simulator starts."""
    shown: float | None = None
    """The share of the market that has happened when the simulator starts. The default is nothing if the market's time
    passes, and otherwise everything."""
    connection_age_s: float = 24 * 3600
    """The age at which an exchange that limits it (Binance) ends a WebSocket connection."""
    ping_interval_s: float = 20
    """How often a WebSocket's client gets a ping frame."""
    oddities: tuple[str, ...] = ()
    """The oddities of bulk files."""
    endless: bool = False
    """Whether the market has no end, see `endless.py`. It begins at `start` and has its own number of trades."""
    clock_offsets: tuple[str, ...] = ()
    """The exchanges whose clocks are off: `kraken=2.5` is 2.5 seconds ahead, `kraken=-2.5` behind."""

    @property
    def offsets_ns(self) -> dict[str, int]:
        """How far the exchanges' clocks are ahead, in nanoseconds; raises ValueError if that can't be read."""
        return dict(_read_offset(text) for text in self.clock_offsets)


@dataclass(frozen=True)
class OpenExchange:
    """An exchange that is ready to respond, with the tapes that it was built from."""

    exchange: SimulatedExchange
    tapes: list[Tape]
    limit_scale: float

    def first(self, share: float) -> "OpenExchange":
        """The exchange as it was when it had the first `share` of each tape's trades."""
        tapes = [tape.first(int(len(tape) * share)) for tape in self.tapes]
        return self._with(tapes)

    def until(self, now_ns: Callable[[], int]) -> "OpenExchange":
        """The exchange with the trades up to a time that goes on."""
        return self._with([tape.until(now_ns) for tape in self.tapes])

    def _with(self, tapes: list[Tape]) -> "OpenExchange":
        return OpenExchange(type(self.exchange)(tapes, limit_scale=self.limit_scale), tapes, self.limit_scale)


def draw_market(
    *,
    trades: int = DEFAULT_TRADES,
    seed: int = DEFAULT_SEED,
    exchanges: Sequence[str] = DEFAULT_EXCHANGES,
    start: datetime = DEFAULT_START,
    duration: timedelta = DEFAULT_DURATION,
) -> Market:
    """The market that the simulator serves, drawn in this process: a client must end up with its trades.

    Raises ValueError for an exchange that isn't simulated.
    """
    if strangers := set(exchanges) - set(simulated_exchanges()):
        expected = ", ".join(simulated_exchanges())
        raise ValueError(f"unknown exchange {', '.join(sorted(strangers))}: expected some of {expected}")
    listings = tuple(
        listing if listing.exchange in exchanges else replace(listing, weight=0)
        for exchange in simulated_exchanges().values()
        for listing in exchange.listings
    )
    return Market(listings, trades=trades, seed=seed, start=start, duration=duration)


def open_exchanges(settings: Settings) -> list[OpenExchange]:
    """Draw the market or read the recordings; raises ValueError, which says what is wrong with them."""
    scale = settings.limit_scale if settings.enforce_limits else UNLIMITED
    if scale <= 0:
        raise ValueError(f"limit scale {scale}: expected a number above 0")
    if settings.recordings is not None and (settings.endless or settings.clock_offsets):
        raise ValueError("recordings are served as they are; expected neither an endless market nor clock offsets")
    tapes = _market_tapes(settings) if settings.recordings is None else _recorded_tapes(settings.recordings)
    return [
        OpenExchange(kind(tapes[name], limit_scale=scale), tapes[name], scale)
        for name, kind in simulated_exchanges().items()
    ]


def market_span_ns(settings: Settings, open_exchanges: list[OpenExchange]) -> tuple[int, int]:
    """When the market starts and when all of it has happened, in nanoseconds since 1970.

    Recordings start with their first trade.
    """
    if settings.recordings is None:
        start_ns = _start_ns(settings)
        end_ns = start_ns + settings.duration // timedelta(microseconds=1) * 1000
    else:
        tapes = [tape for opened in open_exchanges for tape in opened.tapes if len(tape)]
        start_ns = min(tape.times_ns[0] for tape in tapes)
        end_ns = max(tape.times_ns[-1] for tape in tapes)
    # A running clock shows whole milliseconds only, and the last fills of a sweep may be a little late.
    return start_ns, end_ns + _LAST_MILLISECOND_NS


def _start_ns(settings: Settings) -> int:
    return (settings.start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def _market_tapes(settings: Settings) -> dict[str, list[Tape]]:
    offsets_ns = settings.offsets_ns
    if settings.endless:
        return {
            name: endless_tapes(
                kind, seed=settings.seed, start_ns=_start_ns(settings), offset_ns=offsets_ns.get(name, 0)
            )
            for name, kind in simulated_exchanges().items()
        }
    market = draw_market(
        trades=settings.trades,
        seed=settings.seed,
        exchanges=settings.exchanges,
        start=settings.start,
        duration=settings.duration,
    )
    return {
        name: [
            kind.market_tape(_shifted(market.trades_of(name, listing.symbol), offsets_ns.get(name, 0)))
            for listing in kind.listings
        ]
        for name, kind in simulated_exchanges().items()
    }


def _shifted(trades: Trades, offset_ns: int) -> Trades:
    return replace(trades, times_ns=array("q", (each + offset_ns for each in trades.times_ns))) if offset_ns else trades


def _read_offset(text: str) -> tuple[str, int]:
    match = _OFFSET.fullmatch(text)
    if match is None or match["exchange"] not in simulated_exchanges():
        raise ValueError(
            f"clock offset {text!r}: expected EXCHANGE=SECONDS, such as kraken=2.5, with one of "
            f"{', '.join(simulated_exchanges())}"
        )
    return match["exchange"], round(float(match["seconds"]) * 10**9)


def _recorded_tapes(folder: Path) -> dict[str, list[Tape]]:
    folders = product_folders(folder, simulated_exchanges())
    return {
        name: [kind.recorded_tape(product) for product in folders[name]] for name, kind in simulated_exchanges().items()
    }
