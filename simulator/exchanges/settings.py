"""The settings of a simulator run, and the exchanges built from them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from simulator.exchanges.budgets import UNLIMITED
from simulator.exchanges.market import DEFAULT_SEED, DEFAULT_START, DEFAULT_TRADES, Market
from simulator.exchanges.recordings import product_folders
from simulator.exchanges.simulated import simulated_exchanges
from simulator.exchanges.simulated_exchange import SimulatedExchange
from simulator.exchanges.tape import Tape


@dataclass(frozen=True)
class Settings:
    """Settings of one run; with `recordings` the exchanges serve that folder and nothing else."""

    trades: int = DEFAULT_TRADES
    """The number of trades of all exchanges and products together."""
    seed: int = DEFAULT_SEED
    start: datetime = DEFAULT_START
    recordings: Path | None = None
    faults: tuple[str, ...] = ()
    enforce_limits: bool = True
    limit_scale: float = 1
    """A factor for the documented limits: 10 allows clients ten times as many requests."""


@dataclass(frozen=True)
class OpenExchange:
    """An exchange that is ready to respond, with the tapes that it was built from."""

    exchange: SimulatedExchange
    tapes: list[Tape]
    limit_scale: float

    def first(self, share: float) -> "OpenExchange":
        """The exchange as it was when it had the first `share` of each tape's trades."""
        tapes = [tape.first(int(len(tape) * share)) for tape in self.tapes]
        return OpenExchange(type(self.exchange)(tapes, limit_scale=self.limit_scale), tapes, self.limit_scale)


def draw_market(*, trades: int = DEFAULT_TRADES, seed: int = DEFAULT_SEED, start: datetime = DEFAULT_START) -> Market:
    """The market that the simulator serves, drawn in this process: a client must end up with its trades."""
    listings = tuple(listing for exchange in simulated_exchanges().values() for listing in exchange.listings)
    return Market(listings, trades=trades, seed=seed, start=start)


def open_exchanges(settings: Settings) -> list[OpenExchange]:
    """Draw the market or read the recordings; raises ValueError, which says what is wrong with them."""
    scale = settings.limit_scale if settings.enforce_limits else UNLIMITED
    if scale <= 0:
        raise ValueError(f"limit scale {scale}: expected a number above 0")
    tapes = _market_tapes(settings) if settings.recordings is None else _recorded_tapes(settings.recordings)
    return [
        OpenExchange(kind(tapes[name], limit_scale=scale), tapes[name], scale)
        for name, kind in simulated_exchanges().items()
    ]


def _market_tapes(settings: Settings) -> dict[str, list[Tape]]:
    market = draw_market(trades=settings.trades, seed=settings.seed, start=settings.start)
    return {
        name: [kind.market_tape(market.trades_of(name, listing.symbol)) for listing in kind.listings]
        for name, kind in simulated_exchanges().items()
    }


def _recorded_tapes(folder: Path) -> dict[str, list[Tape]]:
    folders = product_folders(folder, simulated_exchanges())
    return {
        name: [kind.recorded_tape(product) for product in folders[name]] for name, kind in simulated_exchanges().items()
    }
