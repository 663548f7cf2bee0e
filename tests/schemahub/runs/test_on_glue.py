"""`live` and `gaps` on a lake in S3 and Glue, whose rows, coverage and ledger must agree as in a folder."""

from collections import Counter
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

import simulator.exchanges
from lakehouse.coverage_record import read_coverage
from lakehouse.lake import Lake, identifier
from lakehouse.ledger import loads
from schemahub.cli.app import app
from schemahub.runs.context import RunContext
from schemahub.settings import load_settings
from simulator.exchanges import RunningSimulator
from tests.support.command_line import served
from tests.support.lakes import LakeHome
from tests.support.landed_parts import land_parts
from tests.support.live_lake import listening, settings_for, wait_until

NAME, RAW = "coinbase", "raw_coinbase_trades"
SYMBOL = "BTC-USDT"
SHOWN = 0.3


@pytest.fixture(scope="module")
def exchanges() -> Iterator[RunningSimulator]:
    with simulator.exchanges.running(trades=6_000, exchanges=[NAME], enforce_limits=False, shown=SHOWN) as running:
        yield running


def assert_landed_once(lake: Lake, low: int, high: int) -> None:
    """Check that exactly the trades with ids in [low, high) are in the raw table, the coverage and the ledger."""
    rows = lake.catalog.load_table(identifier(RAW)).scan().to_arrow()
    landed = Counter(zip(rows["product_id"].to_pylist(), map(int, rows["trade_id"].to_pylist()), strict=True))
    assert landed == Counter((SYMBOL, trade_id) for trade_id in range(low, high))
    (held,) = read_coverage(lake, RAW).of(SYMBOL)
    assert (held.low, held.high, held.rows) == (low, high, high - low)
    by_load = Counter(rows["_dlt_load_id"].to_pylist())
    assert {row.load_id: row.row_count for row in loads(lake)} == by_load


def test_live_lands_in_glue_and_fills_what_it_missed(exchanges: RunningSimulator, s3_home: LakeHome) -> None:
    (product,) = served(exchanges, SYMBOL)
    context = RunContext(settings_for(exchanges, s3_home.location))
    land_parts(context, NAME, SYMBOL, [(product.first_id, product.first_id + 30)])
    with listening(exchanges, s3_home.location, NAME, symbols=(SYMBOL,)) as live:
        live.show_until_heard(SHOWN)
        wait_until(lambda: live.is_complete(since_first=True))
    assert live.states[0].outcome.problems == []
    assert live.states[0].filled > 0
    (product,) = live.products()
    assert_landed_once(s3_home.open(), product.first_id, product.last_id + 1)


def test_gaps_in_glue_are_listed_and_filled(
    exchanges: RunningSimulator, s3_home: LakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**exchanges.environment, "SCHEMAHUB_LAKE": s3_home.location}.items():
        monkeypatch.setenv(name, value)
    exchanges.show(SHOWN)
    (product,) = served(exchanges, SYMBOL)
    first = product.first_id
    land_parts(
        RunContext(load_settings(lake=s3_home.location)), NAME, SYMBOL, [(first, first + 30), (first + 50, first + 60)]
    )
    assert lines()[-1] == "1 gap in 1 of 1 stream, 20 ids"
    assert lines("--by-date")
    assert lines("--fill")[-1] == "no gaps in 1 stream"
    assert lines() == lines("--fill") == ["no gaps in 1 stream"]
    assert_landed_once(s3_home.open(), first, first + 60)


def lines(*options: str) -> list[str]:
    result = CliRunner().invoke(app, ["gaps", *options])
    assert result.exception is None, result.exception
    return result.output.splitlines()
