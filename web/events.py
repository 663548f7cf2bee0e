"""The events of a day, which are its largest moves within seconds: as dbt has found them, or as found here.

dbt builds `volatility_events`. Where a lake has none yet, the seconds of the busiest venue are searched instead, so
that the page works before the first run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from lakehouse.lake import Lake

from .problems import Wrong
from .reading import FilesGone
from .snapshots import Snapshot, Snapshots
from .trades import DAY_US, SECOND_US, Trades
from .venues import Symbol

MART = "volatility_events"
WITHIN_SECONDS = 10
LEAST_SIGMA = 5.0
APART_US = 120 * SECOND_US
MOST = 20
"""How many events of a day are listed."""

_CANDIDATES = f"""
    with seconds as (
        select epoch_us(trade_ts) // {SECOND_US} as second, arg_max(price, trade_ts) as price
        from read_parquet($files)
        where trade_ts >= make_timestamp($from_us::bigint) and trade_ts < make_timestamp($to_us::bigint)
          and symbol = $symbol and exchange = $exchange
        group by second),
    changes as (
        select second, 1e4 * ln(price / first_value(price) over (
            order by second range between {WITHIN_SECONDS} preceding and current row)) as bps
        from seconds),
    scale as (select quantile_cont(abs(bps), 0.6827) as sigma from changes)
    select second * {SECOND_US} as us, bps, abs(bps) / sigma as sigmas
    from changes, scale where abs(bps) >= {LEAST_SIGMA} * sigma and sigma > 0
    order by sigmas desc, us limit 2000
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

    def __init__(self, lake: Lake, trades: Trades) -> None:
        self._trades = trades
        self._mart = Snapshots(lake, MART, "started_at")

    def of_day(self, snapshot: Snapshot, symbol: Symbol, day_us: int) -> list[Event]:
        """The events that begin within a day, the largest first."""
        found = self._of_the_mart(symbol, day_us)
        return self._of_seconds(snapshot, symbol, day_us) if found is None else found

    def _of_the_mart(self, symbol: Symbol, day_us: int) -> list[Event] | None:
        try:
            files = self._mart.newest().within(day_us, day_us + DAY_US)
            rows = self._trades.reader.rows(_OF_THE_MART, files=files, symbol=symbol.name) if files else []
        except (Wrong, FilesGone):  # it isn't there, or a run replaces it at this moment
            return None
        mine = [row for row in rows if day_us <= row["start_us"] < day_us + DAY_US]
        return [Event(rank, **row, origin="mart") for rank, row in enumerate(mine[:MOST], 1)]

    def _of_seconds(self, snapshot: Snapshot, symbol: Symbol, day_us: int) -> list[Event]:
        busiest = max(symbol.venues, key=lambda venue: venue.trades)
        files = snapshot.within(day_us, day_us + DAY_US)
        if not files:
            return []
        found = self._trades.query(
            snapshot,
            _CANDIDATES,
            files=files,
            from_us=day_us,
            to_us=day_us + DAY_US,
            symbol=busiest.symbol,
            exchange=busiest.exchange,
        )
        chosen = apart(found.to_pylist())
        return [
            Event(
                rank,
                row["us"] - WITHIN_SECONDS * SECOND_US,
                row["us"],
                round(row["bps"], 2),
                round(row["sigmas"], 1),
                None,
                "seconds",
            )
            for rank, row in enumerate(chosen, 1)
        ]


_OF_THE_MART = """
    select epoch_us(started_at) as start_us, epoch_us(ended_at) as end_us, move_bps, sigmas, first_exchange
    from read_parquet($files) where canonical_symbol = $symbol order by abs(move_bps) desc, started_at
"""


def apart(candidates: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first of the candidates, and of the others those that lie far enough from every one chosen before."""
    chosen: list[Mapping[str, Any]] = []
    for each in candidates:
        if len(chosen) < MOST and all(abs(each["us"] - other["us"]) > APART_US for other in chosen):
            chosen.append(each)
    return chosen


def iso(us: int) -> str:
    """An instant as text, UTC, to the microsecond."""
    seconds, micro = divmod(us, SECOND_US)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{micro:06d}Z"
