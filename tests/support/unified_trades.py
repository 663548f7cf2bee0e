"""A lake with a table `trades_unified` of given trades, without exchanges, loads or dbt."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform
from pyiceberg.types import DoubleType, NestedField, StringType, TimestampType

from lakehouse.lake import Lake
from lakehouse.tables import existing_table
from schemahub.runs.context import RunContext
from schemahub.settings import load_settings

NOON = datetime(2026, 1, 5, 12)
NOON_US = int(NOON.replace(tzinfo=UTC).timestamp()) * 1_000_000

_TYPES = {
    "exchange": StringType(),
    "symbol": StringType(),
    "trade_id": StringType(),
    "side": StringType(),
    "price": DoubleType(),
    "quantity": DoubleType(),
    "trade_ts": TimestampType(),
    "ingest_ts": TimestampType(),
}
_SCHEMA = Schema(*(NestedField(number, name, type_) for number, (name, type_) in enumerate(_TYPES.items(), 1)))
_BY_DAY = PartitionSpec(PartitionField(7, 1000, DayTransform(), "trade_ts_day"))


@dataclass(frozen=True)
class Traded:
    """A trade, at a number of microseconds after noon on 2026-01-05, UTC."""

    exchange: str
    symbol: str
    us: int
    price: float
    side: str = "BUY"
    quantity: float = 1.0
    trade_id: str = "1"


def add_trades(lake: Lake, trades: Iterable[Traded]) -> str:
    """Append trades in one commit; the id of the snapshot that has them."""
    table = existing_table(lake, "trades_unified")
    if table is None:
        lake.catalog.create_namespace_if_not_exists("schemahub")
        location = lake.table_location("trades_unified")
        table = lake.catalog.create_table(
            "schemahub.trades_unified", _SCHEMA, location=location, partition_spec=_BY_DAY
        )
    rows = [
        {
            **{name: value for name, value in asdict(trade).items() if name != "us"},
            "trade_ts": NOON + timedelta(microseconds=trade.us),
            "ingest_ts": NOON + timedelta(days=1),
        }
        for trade in trades
    ]
    table.append(pa.Table.from_pylist(rows, schema=_SCHEMA.as_arrow()))
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return str(snapshot.snapshot_id)


def context_of(folder: Path | str) -> RunContext:
    """What `schemahub serve --lake` would work with."""
    return RunContext(load_settings(lake=str(folder)))
