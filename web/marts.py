"""What dbt has found out about events: its views `volatility_events` and `venue_lead_lag`.

dbt publishes the views of a lake in a folder as a file that DuckDB reads. Those of a lake in S3 are Athena's, and no
page sends it a statement; there, and before the views are built, nothing is known.
"""

from typing import Any

import duckdb

from lakehouse.duckdb.connect import LakeUnusable, connect, shut_in
from lakehouse.lake import Lake
from lakehouse.local import LocalLake

from .bounded import Bounded

_EVENTS = """
    select epoch_us(started_at) as start_us, epoch_us(ended_at) as end_us, size_bps as move_bps, size_sigmas as sigmas,
           leading_exchange as first_exchange
    from volatility_events
    where canonical_symbol = $symbol
      and started_at >= make_timestamp($from_us::bigint) and started_at < make_timestamp($to_us::bigint)
    order by abs(size_bps) desc, started_at limit $most
"""
_DELAYS = """
    select leader_exchange as leader, follower_exchange as follower, has_different_quotes, move_count as moves,
           median_delay_ms as median_ms, low_delay_ms as low_ms, high_delay_ms as high_ms, no_verdict_reason as reason,
           day_delay_ms as day_ms, no_day_verdict_reason as day_reason
    from venue_lead_lag
    where canonical_symbol = $symbol and started_at = make_timestamp($us::bigint)
    order by follower_exchange, leader_exchange, leader_symbol, follower_symbol limit 100
"""


class Marts:
    """Reads the views, again only after a run has published others or a table has changed."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._kept = Bounded[list[dict[str, Any]] | None](500)

    def events(self, symbol: str, from_us: int, to_us: int, most: int) -> list[dict[str, Any]] | None:
        """The events of a symbol that begin within a span, the largest first; None if there is no such view."""
        return self._rows(_EVENTS, symbol=symbol, from_us=from_us, to_us=to_us, most=most)

    def delays(self, symbol: str, event_us: int) -> list[dict[str, Any]] | None:
        """How late each venue followed each other one in an event, which began then; None if there is no such view."""
        return self._rows(_DELAYS, symbol=symbol, us=event_us)

    def _rows(self, sql: str, **parameters: object) -> list[dict[str, Any]] | None:
        lake = self._lake
        if not isinstance(lake, LocalLake) or not lake.is_there:
            return None
        written = lake.written()
        key = (tuple(written.tables.items()), tuple(written.views.items()), sql, tuple(parameters.items()))
        return self._kept.get(key, lambda: _read(lake, sql, parameters))


def _read(lake: LocalLake, sql: str, parameters: dict[str, object]) -> list[dict[str, Any]] | None:
    try:
        with connect(lake.folder) as connection:
            shut_in(connection, lake.folder)
            rows: list[dict[str, Any]] = connection.execute(sql, parameters).to_arrow_table().to_pylist()
            return rows
    except (duckdb.Error, LakeUnusable):  # no such view, or a run replaces what it reads at this moment
        return None
