"""Real answers of real exchanges go through the pipeline, and every row comes out as the recording says.

The recordings are not part of the project: the tests are skipped where they are not beside it. What must come out is
worked out here from the recorded JSON alone, with nothing of the project's.
"""

import base64
import gzip
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

import simulator.exchanges
from lakehouse.local import LocalLake
from loaders.channels.rest import Fetcher
from loaders.connectors import load_connector
from loaders.landing.ingest import ingest
from schemahub.runs.context import RunContext, utc_now
from schemahub.runs.unify import unify
from schemahub.settings import load_settings

RECORDINGS = Path(__file__).resolve().parents[1].parent / "shared" / "exchanges" / "recordings"
COINBASE = RECORDINGS / "coinbase" / "openbb" / "get_trades_ETH-USDT_20220620_0950.yaml"
BINANCE = RECORDINGS / "binance" / "gocryptotrader" / "http_public_routes.json"
KRAKEN = RECORDINGS / "kraken" / "xchange" / "example-trades-data.json"

SINCE = datetime(2013, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1)
OTHER_SIDE = {"buy": "SELL", "sell": "BUY"}
COLUMNS = ("exchange", "symbol", "trade_id", "side", "price", "quantity", "trade_ts")

pytestmark = pytest.mark.skipif(
    not all(path.exists() for path in (COINBASE, BINANCE, KRAKEN)),
    reason="the recordings are not in ../shared/exchanges/recordings",
)

Row = tuple[str, str, str, str, float, float, datetime]


@cache
def coinbase_body() -> bytes:
    """ETH-USDT, newest first, out of a cassette of HTTP exchanges."""
    cassette = yaml.safe_load(COINBASE.read_text())
    (response,) = (
        each["response"] for each in cassette["interactions"] if "/products/ETH-USDT/trades" in each["request"]["uri"]
    )
    body = response["body"]["string"]
    return gzip.decompress(body if isinstance(body, bytes) else base64.b64decode(body))


@cache
def binance_body() -> bytes:
    """ETHBTC, oldest first; it was kept indented, and Binance sends none of that."""
    routes = json.loads(BINANCE.read_text())["routes"]["/api/v3/trades"]["GET"]
    (body,) = (route["data"] for route in routes if route["queryString"] == "limit=1000&symbol=ETHBTC")
    return json.dumps(body, separators=(",", ":")).encode()


def kraken_body() -> bytes:
    return KRAKEN.read_bytes()


BODIES = {
    ("coinbase", "ETH-USDT"): coinbase_body,
    ("binance", "ETHBTC"): binance_body,
    ("kraken", "XBTUSD"): kraken_body,
}


def exact(body: bytes) -> Any:
    """JSON whose numbers with a point are kept as they were written."""
    return json.loads(body, parse_float=Decimal)


def moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def expected_coinbase() -> list[Row]:
    return [
        (
            "COINBASE",
            "ETH-USDT",
            str(trade["trade_id"]),
            OTHER_SIDE[trade["side"]],  # Coinbase tells the maker's
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
            f"{time}-{price}-{volume}-{side}-0",  # Kraken gave no ids then; no two of these trades are alike
            {"b": "BUY", "s": "SELL"}[side],
            float(price),
            float(volume),
            moment(int(time * 1_000_000)),
        )
        for price, volume, time, side, _, _ in rows
    ]


EXPECTED = {"coinbase": expected_coinbase, "binance": expected_binance, "kraken": expected_kraken}


@dataclass(frozen=True)
class Processed:
    """A lake after three runs: two products, then a third one, then nothing new."""

    lake: Path
    snapshots: list[int]
    """How many trades_unified had after each run."""

    def table(self, name: str) -> Table:
        return SqlCatalog("schemahub", uri=f"sqlite:///{self.lake}/catalog.db").load_table(f"schemahub.{name}")

    def rows(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.table(name).scan().to_arrow().to_pylist()
        return found


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory) -> Processed:
    recordings = tmp_path_factory.mktemp("recordings")
    for (venue, product), body in BODIES.items():
        folder = recordings / venue / product
        folder.mkdir(parents=True)
        (folder / "page.json").write_bytes(body())
    found = Processed(tmp_path_factory.mktemp("processed") / "lake", [])
    with pytest.MonkeyPatch.context() as patch, simulator.exchanges.running(recordings=recordings) as exchanges:
        patch.setenv("SCHEMAHUB_DBT_TARGET_PATH", str(tmp_path_factory.mktemp("target")))
        for run in (["coinbase", "kraken"], ["coinbase", "kraken", "binance"], ["coinbase", "kraken", "binance"]):
            for venue in run:
                land(found.lake, venue, exchanges.urls[venue])
            unify(RunContext(load_settings(lake=str(found.lake))), "trades_unified")
            found.snapshots.append(len(found.table("trades_unified").metadata.snapshots))
    return found


def land(lake: Path, venue: str, url: str) -> None:
    connector = load_connector(venue)
    symbols = [product for name, product in BODIES if name == venue]
    with Fetcher(connector, url) as fetcher:
        ingested = ingest(LocalLake(lake), connector, symbols, fetcher=fetcher, since=SINCE, now=utc_now)
    assert ingested.failures == {}


def unified(processed: Processed, venue: str) -> list[Row]:
    rows = [row for row in processed.rows("trades_unified") if row["exchange"] == venue.upper()]
    return sorted(tuple(row[column] for column in COLUMNS) for row in rows)


@pytest.mark.parametrize(("venue", "count"), [("binance", 1000), ("coinbase", 1000), ("kraken", 14)])
def test_every_recorded_trade_comes_out_once_as_it_was_recorded(processed: Processed, venue: str, count: int) -> None:
    expected = sorted(EXPECTED[venue]())
    assert len({row[:3] for row in expected}) == len(expected) == count
    assert unified(processed, venue) == expected


def test_nothing_else_comes_out(processed: Processed) -> None:
    assert len(processed.rows("trades_unified")) == sum(len(expected()) for expected in EXPECTED.values())


@pytest.mark.parametrize("venue", EXPECTED)
def test_ingest_time_is_that_of_the_load(processed: Processed, venue: str) -> None:
    landed = {row["_source_ingest_ts"] for row in processed.rows(f"raw_{venue}_trades")}
    assert len(landed) == 1
    assert {row["ingest_ts"] for row in processed.rows("trades_unified") if row["exchange"] == venue.upper()} == landed


def test_coinbase_payloads_are_kept_as_they_were_sent(processed: Processed) -> None:
    raw = {row["trade_id"]: row["_raw_payload"] for row in processed.rows("raw_coinbase_trades")}
    assert {name: json.loads(text) for name, text in raw.items()} == {
        str(trade["trade_id"]): trade for trade in json.loads(coinbase_body())
    }
    assert all(text.encode() in coinbase_body() for text in raw.values())


def test_binance_payloads_are_kept_as_they_were_sent(processed: Processed) -> None:
    raw = {row["id"]: json.loads(row["_raw_payload"]) for row in processed.rows("raw_binance_trades")}
    sent = json.loads(binance_body())
    # asked for microseconds, Binance, and so the simulator, sends times in them
    assert raw == {str(trade["id"]): {**trade, "time": trade["time"] * 1000} for trade in sent}


def test_kraken_payloads_are_kept_as_they_were_sent(processed: Processed) -> None:
    raw = processed.rows("raw_kraken_trades")
    assert sorted(exact(row["_raw_payload"]) for row in raw) == sorted(exact(kraken_body())["result"]["XXBTZUSD"])


def test_the_sides_of_coinbase_are_those_of_who_took(processed: Processed) -> None:
    """One order that takes several price levels climbs where it buys, and falls where it sells."""
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
