"""The events of a day, which are its largest moves within seconds: as dbt has found them, or as found here.

dbt builds `volatility_events`. Of a day that dbt hasn't searched up to its last trade, the seconds of the busiest venue
are searched instead, so that the page works before the first run, and between runs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .marts import Marts
from .snapshots import Snapshot
from .trades import DAY_US, SECOND_US, Trades
from .venues import Symbol

HOUR_US = 3600 * SECOND_US
WITHIN_SECONDS = 10
LEAST_SIGMA = 5.0
LEAST_BPS = 5.0
APART_SECONDS = 120
MOST = 20
"""How many events of a day are listed."""

_WITHIN_ONE_SIGMA = 0.6827

_SECONDS = f"""
    select epoch_us(trade_ts) // {SECOND_US} as second, arg_max(price, trade_ts) as price
    from read_parquet($files)
    where trade_ts >= make_timestamp($from_us::bigint) and trade_ts < make_timestamp($to_us::bigint)
      and symbol = $symbol and exchange = $exchange
    group by second order by second
"""


@dataclass(frozen=True)
class Event:
    """A large move of a symbol; times are microseconds since 1970, UTC."""

    rank: int
    """Its place among those of the day, from 1."""
    start_us: int
    end_us: int
    move_bps: float
    sigmas: float
    """How many times the usual change within that time it was."""
    first_exchange: str | None
    """The exchange that moved first; None if nothing tells."""
    origin: Literal["mart", "seconds"]
    """Where it was found: in `volatility_events`, or in the day's seconds."""


class Events:
    """Finds the events of a day."""

    def __init__(self, marts: Marts, trades: Trades) -> None:
        self._marts = marts
        self._trades = trades

    def of_day(self, snapshot: Snapshot, symbol: Symbol, day_us: int) -> list[Event]:
        """The events that begin within a day, the largest first."""
        is_searched = self._is_searched(snapshot, symbol, day_us)
        found = self._marts.events(symbol.name, day_us, day_us + DAY_US, MOST) if is_searched else None
        if found is None:
            return self._of_seconds(snapshot, symbol, day_us)
        return [Event(rank, **row, origin="mart") for rank, row in enumerate(found, 1)]

    # Whether the day's first and last trades, in each of its files, lie in hours that dbt has searched. An hour counts
    # also if trades were added to it since.
    def _is_searched(self, snapshot: Snapshot, symbol: Symbol, day_us: int) -> bool:
        ends_us = self._trades.ends(snapshot, symbol, day_us, day_us + DAY_US)
        hours = {us - us % HOUR_US for us in ends_us}
        return hours <= self._marts.searched_hours(symbol.base_asset, day_us, day_us + DAY_US)

    def _of_seconds(self, snapshot: Snapshot, symbol: Symbol, day_us: int) -> list[Event]:
        busiest = max(symbol.venues, key=lambda venue: venue.trades)
        files = snapshot.within(day_us, day_us + DAY_US)
        if not files:
            return []
        seconds = self._trades.query(
            snapshot,
            _SECONDS,
            files=files,
            from_us=day_us,
            to_us=day_us + DAY_US,
            symbol=busiest.symbol,
            exchange=busiest.exchange,
        )
        return large_moves(seconds["second"].to_numpy(), seconds["price"].to_numpy())


def large_moves(seconds: NDArray[np.int64], prices: NDArray[np.float64]) -> list[Event]:
    """The moves that stand out among the last prices of seconds since 1970, the largest first."""
    if len(seconds) < 2:
        return []
    logs = 1e4 * np.log(prices)
    first = np.searchsorted(seconds, seconds - WITHIN_SECONDS)
    changes = logs - logs[first]
    sigma = float(np.quantile(np.abs(changes), _WITHIN_ONE_SIGMA))
    chosen: list[int] = []
    for k in np.argsort(-np.abs(changes), kind="stable"):
        if len(chosen) == MOST or np.abs(changes[k]) < max(LEAST_SIGMA * sigma, LEAST_BPS):
            break
        if all(abs(int(seconds[k] - seconds[other])) > APART_SECONDS for other in chosen):
            chosen.append(int(k))
    return [_event(rank, seconds, logs, int(first[k]), k, sigma) for rank, k in enumerate(chosen, 1)]


def _event(
    rank: int, seconds: NDArray[np.int64], logs: NDArray[np.float64], first: int, last: int, sigma: float
) -> Event:
    """The event that lies within some seconds: from where a tenth of it was made to where nine tenths were."""
    size = float(logs[last] - logs[first])
    made = (logs[first : last + 1] - logs[first]) / size
    begin = first + int(np.flatnonzero(made <= 0.1)[-1])
    end = first + int(np.flatnonzero(made >= 0.9)[0])
    start_us, end_us = ((int(seconds[k]) + 1) * SECOND_US for k in (begin, max(begin, end)))
    sigmas = round(abs(size) / sigma, 1) if sigma else 0.0
    return Event(rank, start_us, end_us, round(size, 2), sigmas, None, "seconds")


def iso(us: int) -> str:
    """An instant as text, UTC, to the microsecond."""
    seconds, micro = divmod(us, SECOND_US)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{micro:06d}Z"
