"""Candles of a symbol's venues, from the mart `trades_1m_versions`, as wide as it takes to see all of a span."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count

import pyarrow as pa

from lakehouse.lake import Lake

from .problems import Wrong
from .reading import FilesGone
from .snapshots import Snapshots
from .trades import SECOND_US, Trades
from .venues import Symbol

TABLE = "trades_1m_versions"
MINUTE_US = 60 * SECOND_US
WEEK_MINUTES = 10_080
WIDTHS_MINUTES = (1, 5, 15, 60, 240, 1440, WEEK_MINUTES)
"""Longer spans have candles of several weeks."""
MOST = 400
"""A span has at most as many candles of each venue."""

# a minute has one row for each time that it was computed; the one with the most trades is the newest
_CANDLES = """
    with versions as (
        select exchange, symbol, epoch_us(minute) as us, open_price, high_price, low_price, close_price,
               trade_count, base_volume, quote_volume
        from read_parquet($files)
        where minute >= make_timestamp($from_us::bigint) and minute < make_timestamp($to_us::bigint)
          and exchange = $exchange and symbol = $symbol
        qualify row_number() over (partition by minute order by trade_count desc) = 1)
    select us - us % $width_us::bigint as start_us, arg_min(open_price, us) as open, max(high_price) as high,
           min(low_price) as low, arg_max(close_price, us) as close, sum(base_volume) as volume,
           sum(quote_volume) as turnover, sum(trade_count)::bigint as trades
    from versions group by start_us order by start_us
"""


@dataclass(frozen=True)
class Candles:
    """The candles of one venue, in time order; those without a trade are left out."""

    exchange: str
    rows: pa.Table


class CandleStore:
    """Reads the mart."""

    def __init__(self, lake: Lake, trades: Trades) -> None:
        self._trades = trades
        self._mart = Snapshots(lake, TABLE, "minute")

    def of(self, symbol: Symbol, from_us: int, to_us: int) -> tuple[int, Sequence[Candles]]:
        """The width of the candles in minutes, and the candles of each venue; raises Wrong."""
        width = width_minutes(from_us, to_us)
        try:
            return width, self._read(symbol, from_us, to_us, width)
        except FilesGone:  # a run has replaced the table meanwhile
            return width, self._read(symbol, from_us, to_us, width)

    def _read(self, symbol: Symbol, from_us: int, to_us: int, width: int) -> Sequence[Candles]:
        try:
            snapshot = self._mart.newest()
        except Wrong as error:
            raise Wrong(
                404, f"the lake has no `{TABLE}` yet; `schemahub run unify trades_unified` builds it"
            ) from error
        files = snapshot.within(from_us - MINUTE_US, to_us) or [snapshot.files[0].path]
        span = {"files": files, "from_us": from_us, "to_us": to_us, "width_us": width * MINUTE_US}
        return [
            Candles(
                venue.exchange,
                self._trades.reader.table(_CANDLES, exchange=venue.exchange, symbol=venue.symbol, **span),
            )
            for venue in symbol.venues
        ]


def width_minutes(from_us: int, to_us: int) -> int:
    """The narrowest candles of which a span has at most `MOST`; the first and the last may begin or end beyond it."""
    widths = chain(WIDTHS_MINUTES, count(2 * WEEK_MINUTES, WEEK_MINUTES))
    return next(each for each in widths if _slot(to_us - 1, each) - _slot(from_us, each) < MOST)


def _slot(us: int, width: int) -> int:
    return us // (width * MINUTE_US)
