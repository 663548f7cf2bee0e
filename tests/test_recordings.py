"""Recorded responses of real exchanges go through the pipeline, and every row comes out as it was recorded.

The recordings are not part of the project: the tests are skipped if they are not next to it. The expected
rows are computed here from the recorded JSON alone, without any of the project's code.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

import simulator.exchanges
from lakehouse.local import LocalLake
from loaders.channels.rest import Fetcher
from loaders.landing.ingest import ingest
from schemahub.runs.context import RunContext, utc_now
from schemahub.runs.unify import unify
from schemahub.settings import load_settings
from tests.support.connectors import CONNECTORS
from tests.support.recorded_bodies import BODIES, binance_body, coinbase_body, kraken_body, where_they_are

SINCE = datetime(2013, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1)
OTHER_SIDE = {"buy": "SELL", "sell": "BUY"}
COLUMNS = ("exchange", "symbol", "trade_id", "side", "price", "quantity", "trade_ts")

pytestmark = [where_they_are, pytest.mark.long, pytest.mark.slow]

Row = tuple[str, str, str, str, float, float, datetime]


def exact(body: bytes) -> Any:
    """JSON in which numbers with a decimal point keep their text."""
    return json.loads(body, parse_float=Decimal)


def moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def expected_coinbase() -> list[Row]:
    return [
        (
            "COINBASE",
            "ETH-USDT",
            str(trade["trade_id"]),
            OTHER_SIDE[trade["side"]],  # Coinbase gives the maker's side
            float(trade["price"]),
            float(trade["size"]),
            datetime.fromisoformat(trade["time"]).replace(tzinfo=None),
        )
        for trade in exact(coinbase_body())
    ]


def expected_binance() -> list[Row]:
    return [
        (
            "BINANCE",
            "ETHBTC",
            str(trade["id"]),
            "SELL" if trade["isBuyerMaker"] else "BUY",
            float(trade["price"]),
            float(trade["qty"]),
            moment(trade["time"] * 1000),
        )
        for trade in exact(binance_body())
    ]


def expected_kraken() -> list[Row]:
    rows = exact(kraken_body())["result"]["XXBTZUSD"]
    return [
        (
            "KRAKEN",
            "XBTUSD",
            str(trade_id),
            {"b": "BUY", "s": "SELL"}[side],
            float(price),
            float(volume),
            moment(int(time * 1_000_000)),
        )
        for price, volume, time, side, _, _, trade_id in rows
    ]


EXPECTED = {"coinbase": expected_coinbase, "binance": expected_binance, "kraken": expected_kraken}


@dataclass(frozen=True)
class Processed:
    """A lake after three runs: with two products, with a third one, and with nothing new."""

    lake: Path
    snapshots: list[int]
    """The number of rows that trades_unified had after each run."""

    def table(self, name: str) -> Table:
        return SqlCatalog("schemahub", uri=f"sqlite:///{self.lake}/catalog.db").load_table(f"schemahub.{name}")

    def rows(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.table(name).scan().to_arrow().to_pylist()
        return found


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory, target_path: Path) -> Processed:
    recordings = tmp_path_factory.mktemp("recordings")
    for (exchange, product), body in BODIES.items():
        folder = recordings / exchange / product
        folder.mkdir(parents=True)
        (folder / "page.json").write_bytes(body())
    found = Processed(tmp_path_factory.mktemp("processed") / "lake", [])
    with pytest.MonkeyPatch.context() as patch, simulator.exchanges.running(recordings=recordings) as exchanges:
        patch.setenv("SCHEMAHUB_DBT_TARGET_PATH", str(target_path))
        for run in (["coinbase", "kraken"], ["coinbase", "kraken", "binance"], ["coinbase", "kraken", "binance"]):
            for exchange in run:
                land(found.lake, exchange, exchanges.urls[exchange])
            unify(RunContext(load_settings(lake=str(found.lake))), "trades_unified")
            found.snapshots.append(len(found.table("trades_unified").metadata.snapshots))
    return found


def land(lake: Path, exchange: str, url: str) -> None:
    connector = CONNECTORS[exchange]
    symbols = [product for name, product in BODIES if name == exchange]
    with Fetcher(connector, url) as fetcher:
        ingested = ingest(LocalLake(lake), connector, symbols, fetcher=fetcher, since=SINCE, now=utc_now)
    assert ingested.failures == {}


def unified(processed: Processed, exchange: str) -> list[Row]:
    rows = [row for row in processed.rows("trades_unified") if row["exchange"] == exchange.upper()]
    return sorted(tuple(row[column] for column in COLUMNS) for row in rows)


@pytest.mark.parametrize(("exchange", "count"), [("binance", 1000), ("coinbase", 1000), ("kraken", 14)])
def test_every_recorded_trade_comes_out_once_as_it_was_recorded(
    processed: Processed, exchange: str, count: int
) -> None:
    expected = sorted(EXPECTED[exchange]())
    assert len({row[:3] for row in expected}) == len(expected) == count
    assert unified(processed, exchange) == expected


def test_no_other_trade_comes_out(processed: Processed) -> None:
    assert len(processed.rows("trades_unified")) == sum(len(expected()) for expected in EXPECTED.values())


@pytest.mark.parametrize("exchange", EXPECTED)
def test_ingest_time_is_that_of_the_load(processed: Processed, exchange: str) -> None:
    landed = {row["_source_ingest_ts"] for row in processed.rows(f"raw_{exchange}_trades")}
    assert len(landed) == 1
    assert {
        row["ingest_ts"] for row in processed.rows("trades_unified") if row["exchange"] == exchange.upper()
    } == landed


def test_coinbase_payloads_are_kept_as_they_were_sent(processed: Processed) -> None:
    raw = {row["trade_id"]: row["_raw_payload"] for row in processed.rows("raw_coinbase_trades")}
    assert {name: json.loads(text) for name, text in raw.items()} == {
        str(trade["trade_id"]): trade for trade in json.loads(coinbase_body())
    }
    assert all(text.encode() in coinbase_body() for text in raw.values())


def test_binance_payloads_are_kept_as_they_were_sent(processed: Processed) -> None:
    raw = {row["id"]: json.loads(row["_raw_payload"]) for row in processed.rows("raw_binance_trades")}
    sent = json.loads(binance_body())
    # Binance, and so the simulator, sends times in microseconds if they are requested
    assert raw == {str(trade["id"]): {**trade, "time": trade["time"] * 1000} for trade in sent}


def test_kraken_payloads_are_kept_as_they_were_sent(processed: Processed) -> None:
    raw = processed.rows("raw_kraken_trades")
    assert sorted(exact(row["_raw_payload"]) for row in raw) == sorted(exact(kraken_body())["result"]["XXBTZUSD"])


def test_the_sides_of_coinbase_are_the_takers(processed: Processed) -> None:
    """The prices of an order that takes several levels rise if it buys and fall if it sells."""
    sweeps: dict[tuple[datetime, str], list[tuple[int, float]]] = defaultdict(list)
    for _, _, trade_id, side, price, _, time in unified(processed, "coinbase"):
        sweeps[time, side].append((int(trade_id), price))
    with_the_side, against_it = 0, 0
    for (_, side), fills in sweeps.items():
        for (_, before), (_, after) in pairwise(sorted(fills)):
            climb = (after - before) * (1 if side == "BUY" else -1)
            with_the_side += climb > 0
            against_it += climb < 0
    assert against_it == 0
    assert with_the_side > 50


def test_pyiceberg_alone_finds_the_unified_table_as_it_was_asked_for(processed: Processed) -> None:
    table = processed.table("trades_unified")
    assert [(field.name, str(field.field_type)) for field in table.schema().fields] == [
        ("exchange", "string"),
        ("symbol", "string"),
        ("trade_id", "string"),
        ("side", "string"),
        ("price", "double"),
        ("quantity", "double"),
        ("trade_ts", "timestamp"),
        ("ingest_ts", "timestamp"),
    ]
    (partition,) = table.spec().fields
    assert str(partition.transform) == "day"
    assert table.schema().find_column_name(partition.source_id) == "trade_ts"


def test_a_run_adds_one_snapshot_where_it_added_rows_and_none_where_not(processed: Processed) -> None:
    assert processed.snapshots == [1, 2, 2]
