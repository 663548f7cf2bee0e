"""What dbt has found out about events: its views `volatility_events` and `venue_lead_lag`.

Their SQL runs here, as dbt's models have it, on the files of the two tables that they read. So a lake in S3, whose
views are Athena's, is read like one in a folder, and no page sends Athena a statement. Only the days around an event
are read.
"""

from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined

from lakehouse.errors import LakeUnavailable
from lakehouse.lake import Lake
from schemahub.settings import PROJECT

from .bounded import Bounded
from .problems import Wrong
from .reading import FilesGone, Reader
from .snapshots import Snapshots
from .trades import DAY_US

MOVES, SUMS = "volatility_moves_versions", "lead_lag_sums_versions"

_EVENTS = """
    select epoch_us(started_at) as start_us, epoch_us(ended_at) as end_us, size_bps as move_bps, size_sigmas as sigmas,
           leading_exchange as first_exchange
    from volatility_events
    where canonical_symbol = $symbol
      and started_at >= make_timestamp($from_us::bigint) and started_at < make_timestamp($to_us::bigint)
    order by abs(size_bps) desc, started_at limit $most
"""
_HOURS = f"""
    with hours as (
        select distinct epoch_us(hour_start) as start_us from {MOVES}
        where base_asset = $base_asset
          and hour_start >= make_timestamp($from_us::bigint) and hour_start < make_timestamp($to_us::bigint))
    select * from hours
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
    """Evaluates the views, again only after a table has changed."""

    def __init__(self, lake: Lake, reader: Reader) -> None:
        self._reader = reader
        self._tables = {name: Snapshots(lake, name, "hour_start") for name in (MOVES, SUMS)}
        self._kept = Bounded[list[dict[str, Any]] | None](500)

    def events(self, symbol: str, from_us: int, to_us: int, most: int) -> list[dict[str, Any]] | None:
        """The events of a symbol that begin within a span, the largest first; None if nothing is stored near it."""
        sql = f"with {_view('volatility_events')} {_EVENTS}"
        return self._rows(sql, (MOVES,), (from_us, to_us), symbol=symbol, from_us=from_us, to_us=to_us, most=most)

    def searched_hours(self, base_asset: str, from_us: int, to_us: int) -> set[int]:
        """When the hours of a span begin in which events of an asset were looked for, also if there were none."""
        found = self._rows(_HOURS, (MOVES,), (from_us, to_us), base_asset=base_asset, from_us=from_us, to_us=to_us)
        return {row["start_us"] for row in found or ()}

    def delays(self, symbol: str, event_us: int) -> list[dict[str, Any]] | None:
        """How late each venue followed each other one in an event, which began then; None if that wasn't measured."""
        sql = f"with {_view('volatility_events')}, {_view('venue_lead_lag')} {_DELAYS}"
        return self._rows(sql, (MOVES, SUMS), (event_us, event_us + 1), symbol=symbol, us=event_us)

    def _rows(
        self, sql: str, tables: tuple[str, ...], span: tuple[int, int], **parameters: object
    ) -> list[dict[str, Any]] | None:
        """The rows of a statement, given the tables' rows of the span and of a day before and after it.

        An event is in the hour in which it ends, and is compared with the one after it and with its UTC day.
        """
        try:
            snapshots = {name: self._tables[name].newest() for name in tables}
            files = {name: found.within(span[0] - DAY_US, span[1] + DAY_US) for name, found in snapshots.items()}
            if not all(files.values()):
                return None
            key = (*(found.id for found in snapshots.values()), sql, *parameters.items())
            return self._kept.get(key, lambda: self._reader.rows(_on_files(sql, tables), **files, **parameters))
        except (Wrong, FilesGone, LakeUnavailable):  # no such table, or a run replaces it at this moment
            return None


def _on_files(sql: str, tables: tuple[str, ...]) -> str:
    """A statement that begins with `with`, in which names of tables stand for files that are parameters."""
    rows = (f"{name} as (from read_parquet(${name}, union_by_name = true))" for name in tables)
    return sql.replace("with ", f"with {', '.join(rows)}, ", 1)


@cache
def _view(name: str) -> str:
    """A view as a common table expression for DuckDB, from the model that dbt builds."""
    project = PROJECT / "dbt_project"
    jinja = Environment(undefined=StrictUndefined, autoescape=False)
    macros = jinja.from_string((project / "macros/sql/us_of_time.sql").read_text()).module
    model = jinja.from_string((project / f"models/events/{name}.sql").read_text())
    sql = model.render(ref=lambda table: table, us_of_time=vars(macros)["duckdb__us_of_time"])
    return f"{name} as ({sql})"
