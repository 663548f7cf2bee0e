"""Imports of files in this process, and what the lake holds afterwards."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from lakehouse.coverage_record import read_coverage
from loaders.landing.take_over import TakenOver
from schemahub.runs.context import RunContext
from schemahub.runs.import_files import FileOutcome, Wanted, import_files
from schemahub.runs.ingest import ingest_symbols
from simulator.exchanges import RunningSimulator
from tests.support.command_line import iceberg_table, landed_ids

DAYS = ("2024-12-31", "2025-01-01")
DAILY = "BTCUSDT-trades-{}.zip"
MONTHLY = "BTCUSDT-trades-{}.zip"
HISTORY = "Kraken_Trading_History.zip"
BINANCE, KRAKEN, COINBASE = "raw_binance_trades", "raw_kraken_trades", "raw_coinbase_trades"
BESIDE = "XBTUSD (time and sales)"

Fetch = Callable[..., Path]


def take(context: RunContext, path: Path | str, **wanted: object) -> list[FileOutcome]:
    return list(import_files(context, Wanted(str(path), **wanted)))  # type: ignore[arg-type]


def take_one(context: RunContext, path: Path | str, **wanted: object) -> TakenOver:
    (outcome,) = take(context, path, **wanted)
    assert outcome.taken is not None, outcome
    return outcome.taken


def ingest(context: RunContext, exchange: str, symbol: str) -> None:
    for outcome in ingest_symbols(context, {exchange: [symbol]}, progress=lambda _: lambda *_: None):
        assert outcome.problems == []


def ids(market: RunningSimulator, exchange: str = "binance", symbol: str = "BTC-USDT") -> range:
    (listed,) = (each for each in market.market()[exchange].values() if each["symbol"] == symbol)
    return range(listed["first_id"], listed["last_id"] + 1)


def held(context: RunContext, exchange: str = "binance") -> Counter[int]:
    found = landed_ids(Path(context.settings.lake), exchange)
    return Counter({number: count for (_, number), count in found.items()})


def spans(context: RunContext, table: str, stream: str) -> list[tuple[int, int, str]]:
    return [(each.low, each.high, each.proof) for each in read_coverage(context.lake, table).of(stream)]


def json_lines(context: RunContext, path: Path) -> Path:
    """A file as the user's own earlier program wrote it, from the trades that a lake has."""
    rows = iceberg_table(Path(context.settings.lake), COINBASE).scan().to_arrow().to_pylist()
    records = [
        {
            "trade_id": row["trade_id"],
            "product_id": row["product_id"],
            "price": str(row["price"]),
            "size": str(row["size"]),
            "time": f"{row['time'].isoformat()}Z",
            "side": row["side"].upper(),
            "_source": "coinbase",
            "_source_ingest_ts": "2025-12-15T10:30:50.000000Z",
            "_raw_payload": row["_raw_payload"],
        }
        for row in reversed(rows)
    ]
    path.write_bytes(gzip.compress("".join(f"{json.dumps(record)}\n" for record in records).encode()))
    return path


def second_of(row: dict[str, Any]) -> tuple[datetime, float, float]:
    return row["time"].replace(microsecond=0), row["price"], row["volume"]


def kraken_trades(context: RunContext, pair: str = "XBTUSD") -> list[dict[str, Any]]:
    rows = iceberg_table(Path(context.settings.lake), KRAKEN).scan().to_arrow().to_pylist()
    return [row for row in rows if row["pair"] == pair]
