"""dbt on a small lake whose loads were committed by clocks that are ahead of DuckDB's and behind it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.lake_under_test import LakeUnderTest, binance, coinbase, on_duckdb_alone, trade_ids

pytestmark = pytest.mark.slow

DAY = 24 * 3600


@contextmanager
def clock_ahead(seconds: float) -> Iterator[None]:
    """Move only pyiceberg's clock ahead: DuckDB isn't written in Python, and the catalog runs in another process."""
    right = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: right() + seconds)
        yield


@on_duckdb_alone
def test_whatever_the_clocks_say_every_load_is_unified_by_the_next_run(unified: LakeUnderTest) -> None:
    landed = [1, 2, 3]
    for seconds in (120, 330 * DAY, -330 * DAY):
        with clock_ahead(seconds):
            landed.append(len(landed) + 1)
            unified.land("raw_binance_trades", binance(landed[-1]), load=f"b{seconds}", at="2026-01-05 13:00:00")
        unified.land(
            "raw_coinbase_trades", coinbase(seconds, price=100.0), load=f"c{seconds}", at="2026-01-05 13:00:00"
        )
        unified.dbt("run")
        assert trade_ids(unified, "BINANCE") == landed
    unified.dbt("test", "--select", "trades_unified_holds_what_was_landed")
    assert unified.query("select count(*) from schemahub.schemahub.trades_unified") == [(14,)]
