"""DuckDB and Athena give equal results for equal input: for every transform and every row of the unified table."""

import hashlib
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import simulator.exchanges
from lakehouse.lake import Lake, identifier
from lakehouse.ledger import LEDGER
from loaders.channels.rest import Fetcher
from loaders.landing.ingest import ingest
from macros_gen.sql_text import SQL_TYPES
from macros_gen.transforms import SQL
from registry.registry import Registry
from registry.transforms import CATALOGUE
from schemahub.runs.context import utc_now
from simulator.aws.local_athena import LocalAthena
from simulator.exchanges import RunningSimulator
from tests.athena.ask import ask
from tests.macros_gen.transform_inputs import longs, texts
from tests.support.connectors import CONNECTORS
from tests.support.lake_under_test import LakeUnderTest, binance, coinbase, kraken
from tests.support.lakes import glue_home, local_home
from tests.support.recorded_bodies import BODIES, where_they_are

INPUTS = {"string": texts(), "long": longs(), "boolean": [True, False]}
SIMULATED = {"binance": ["BTCUSDT", "ETHUSDT"], "coinbase": ["BTC-USD", "ETH-USD"], "kraken": ["XBTUSD"]}
ODD_IDS = ("7", "12e5", "1.5", "0x1F", "1_000", " 8 ", "-9", "9223372036854775808", "x")
SUMS = ("vwap", "base_volume", "quote_volume", "buy_volume", "sell_volume")
"""Columns that depend on the order in which an engine adds, by less than a trillionth."""


@pytest.fixture
def two_lakes(athena: LocalAthena, registry: Registry, tmp_path: Path) -> Iterator[tuple[LakeUnderTest, LakeUnderTest]]:
    """An empty lake in a folder, and one on Glue."""
    with athena.in_use():
        homes = {"duckdb": local_home(tmp_path), "athena": glue_home(athena.new_bucket(), tmp_path)}
        made = [LakeUnderTest(home, registry, tmp_path / f"target-{engine}") for engine, home in homes.items()]
        yield made[0], made[1]


def hashes(rows: pa.Table, *order: str, without: tuple[str, ...] = ()) -> dict[str, str]:
    """A hash of each column over all rows. It differs if one number differs in its last bit."""
    sorted_rows = rows.sort_by([(name, "ascending") for name in order])
    return {
        name: hashlib.sha256(repr(_exact(sorted_rows[name])).encode()).hexdigest()
        for name in sorted(rows.column_names)
        if name not in without
    }


def sums_that_differ(rows: pa.Table, others: pa.Table, *order: str) -> list[tuple[str, float | None, float | None]]:
    sorted_rows, sorted_others = (table.sort_by([(name, "ascending") for name in order]) for table in (rows, others))
    return [
        (name, value, other)
        for name in SUMS
        for value, other in zip(sorted_rows[name].to_pylist(), sorted_others[name].to_pylist(), strict=True)
        if value != other and (None in (value, other) or not math.isclose(value, other, rel_tol=1e-12))
    ]


def differences(rows: pa.Table, others: pa.Table, *order: str) -> list[tuple[object, ...]]:
    """Some of the values that differ, to help find the cause."""
    sorted_rows, sorted_others = (table.sort_by([(name, "ascending") for name in order]) for table in (rows, others))
    keys = list(zip(*(sorted_rows[name].to_pylist() for name in order), strict=True))
    found = [
        (key, name, value, other)
        for name in rows.column_names
        for key, value, other in zip(keys, _exact(sorted_rows[name]), _exact(sorted_others[name]), strict=True)
        if value != other
    ]
    return found[:10]


def _exact(column: pa.ChunkedArray) -> list[object]:
    if pa.types.is_timestamp(column.type):
        assert column.type == pa.timestamp("us")
        return column.cast(pa.int64()).to_pylist()  # Python has no year 10000
    if pa.types.is_floating(column.type):
        # 0.0 + … because DuckDB does not keep the sign of a zero
        return [None if value is None else (0.0 + value).hex() for value in column.to_pylist()]
    return column.to_pylist()


def sql_literal(value: object) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value).lower()


def transformed_sql(engine: str, source_type: str) -> str:
    """A query of every transform that accepts the type, on all inputs and on null."""
    inputs = [*map(sql_literal, INPUTS[source_type]), "null"]
    rows = ", ".join(f"({number}, {value})" for number, value in enumerate(inputs))
    columns = ",\n".join(
        f"cast({SQL[name].on(engine, 'value')} as {SQL_TYPES[transform.gives]}) as {name}"
        for name, transform in CATALOGUE.items()
        if source_type in transform.takes
    )
    value = f"cast(value as {SQL_TYPES[source_type]}) as value"
    return f"select number, {columns} from (select number, {value} from (values {rows}) as t (number, value)) as u"


@pytest.mark.parametrize("source_type", INPUTS)
def test_every_transform_gives_the_same_for_every_input(
    two_lakes: tuple[LakeUnderTest, LakeUnderTest], source_type: str
) -> None:
    _, lake = two_lakes
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        on_duckdb = connection.execute(transformed_sql("duckdb", source_type)).to_arrow_table()
    ask(
        f"create table schemahub.transformed with (table_type = 'iceberg', is_external = false, "
        f"location = '{lake.location}/transformed') as {transformed_sql('athena', source_type)}"
    )
    on_athena = lake.table("transformed").scan().to_arrow()
    assert on_duckdb.num_rows == on_athena.num_rows == len(INPUTS[source_type]) + 1
    assert hashes(on_duckdb, "number") == hashes(on_athena, "number")


def test_the_same_raw_rows_become_the_same_unified_rows(
    two_lakes: tuple[LakeUnderTest, LakeUnderTest], shared_exchanges: RunningSimulator
) -> None:
    here, there = two_lakes
    for exchange, symbols in SIMULATED.items():
        land_trades(here.lake, exchange, symbols, shared_exchanges.urls[exchange])
    land_edge_cases(here, "a", "2026-01-05 12:00:00")
    copy_raw(here, there)
    unify(here, there)
    first = compared(here, there)
    land_trades(here.lake, "kraken", ["ETHUSD"], shared_exchanges.urls["kraken"])
    land_edge_cases(here, "b", "2026-01-05 13:00:00")
    copy_raw(here, there)
    unify(here, there)
    assert compared(here, there) > first > 3_000


@where_they_are
def test_what_exchanges_once_answered_becomes_the_same_unified_rows(
    two_lakes: tuple[LakeUnderTest, LakeUnderTest], tmp_path: Path
) -> None:
    here, there = two_lakes
    land_recorded(here.lake, tmp_path)
    copy_raw(here, there)
    unify(here, there)
    assert compared(here, there) > 1_000


def land_trades(lake: Lake, exchange: str, symbols: list[str], url: str) -> None:
    connector = CONNECTORS[exchange]
    with Fetcher(connector, url) as fetcher:
        since = datetime(2013, 1, 1, tzinfo=UTC)
        ingest(lake, connector, symbols, fetcher=fetcher, since=since, now=utc_now)


def land_recorded(lake: Lake, folder: Path) -> None:
    recordings = folder / "recordings"
    for (exchange, product), body in BODIES.items():
        (recordings / exchange / product).mkdir(parents=True)
        (recordings / exchange / product / "page.json").write_bytes(body())
    with simulator.exchanges.running(recordings=recordings) as exchanges:
        for exchange, url in exchanges.urls.items():
            symbols = [product for name, product in BODIES if name == exchange]
            land_trades(lake, exchange, symbols, url)


def land_edge_cases(lake: LakeUnderTest, load: str, at: str) -> None:
    """Land rows that an exchange should never send, and some that it may. Each kind has its own ids."""
    odd: list[dict[str, object]] = [
        {"price": None}, {"price": 0.0}, {"price": -0.0}, {"price": -1.5}, {"price": 1e308}, {"price": 5e-324},
        {"price": 0.1 + 0.2}, {"price": float("nan")}, {"price": float("inf")},
        {"time": None}, {"time": "0001-01-01 00:00:00"}, {"time": "1969-12-31 23:59:59.999999"},
        {"time": "2009-01-03 00:00:00"}, {"time": "2026-01-05 11:59:59.999999"}, {"time": "9999-12-31 23:59:59.999999"},
        {"time": "2026-01-05 11:59:59.000001"},
    ]  # fmt: skip
    rows = [row for number, changes in enumerate(odd) for row in binance(9_000_000 + number, **changes)]
    # all at one time, so that the order of the ids decides which trade opens and closes a candle
    rows += [row for number, odd_id in enumerate(ODD_IDS) for row in binance(number, id=odd_id, symbol="ODD", time=at)]
    rows += binance(9_000_100, is_buyer_maker=None) + binance(9_000_101, symbol="") + binance(9_000_102, id="")
    lake.land("raw_binance_trades", rows + binance(9_000_100), load=f"{load}-binance", at=at)
    sides = ["buy", "SELL", "", None, " Buy ", "auction"]
    lake.land(
        "raw_coinbase_trades",
        [row for number, side in enumerate(sides) for row in coinbase(9_000_000 + number, side=side)],
        load=f"{load}-coinbase",
        at=at,
        channel="stream",
    )
    lake.land(
        "raw_kraken_trades",
        [*kraken(9_000_000, side="s"), *kraken(9_000_000, time="2026-01-05 11:00:00.000001"), *kraken(9_000_001)],
        load=f"{load}-kraken",
        at=at,
    )


def copy_raw(here: LakeUnderTest, there: LakeUnderTest) -> None:
    """Copy the raw rows and ledger rows that the other lake lacks, unchanged."""
    for name in (*here.tables, LEDGER):
        table = there.table(name)
        rows = here.table(name).scan().to_arrow()
        load_id = "load_id" if name == LEDGER else "_dlt_load_id"
        known = set(table.scan(selected_fields=(load_id,)).to_arrow()[load_id].to_pylist())
        missing = [load not in known for load in rows[load_id].to_pylist()]
        table.append(rows.filter(pa.array(missing, pa.bool_())))


def unify(*lakes: LakeUnderTest) -> None:
    for lake in lakes:
        lake.dbt("seed")
        lake.dbt("run")


def compared(here: LakeUnderTest, there: LakeUnderTest) -> int:
    """Check that both lakes hold the same unified rows, and return their number."""
    key = ("exchange", "symbol", "trade_id")
    rows, others = (
        lake.lake.catalog.load_table(identifier("trades_unified")).scan().to_arrow() for lake in (here, there)
    )
    assert rows.num_rows == others.num_rows
    assert hashes(rows, *key) == hashes(others, *key), differences(rows, others, *key)
    bars, other_bars = (lake.table("trades_1m_versions").scan().to_arrow() for lake in (here, there))
    bar_key = (*key[:2], "minute", "trade_count")
    assert hashes(bars, *bar_key, without=SUMS) == hashes(other_bars, *bar_key, without=SUMS)
    assert sums_that_differ(bars, other_bars, *bar_key) == []
    refused = "select rejection_reason, count(*) from {}.trades_rejected group by 1 order by 1"
    assert here.query(refused.format(here.views)) == there.query(refused.format(there.views))
    return int(rows.num_rows)
