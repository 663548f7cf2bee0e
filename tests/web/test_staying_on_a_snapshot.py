import shutil
import threading
from pathlib import Path

import httpx
import pytest

from lakehouse.local import LocalLake
from tests.support.unified_trades import NOON_US, Traded, add_trades, context_of
from tests.support.web_server import running
from web.app import create_app

OF_A_SECOND = {"symbol": "BTC-USD", "from": NOON_US, "to": NOON_US + 1_000_000, "form": "json"}


def some(count: int, first: int = 0) -> list[Traded]:
    return [Traded("COINBASE", "BTC-USD", 1000 * k, 40_000.0 + k, trade_id=str(k)) for k in range(first, first + count)]


def ticks(site: httpx.Client, snapshot: str | None = None) -> httpx.Response:
    return site.get("/api/ticks", params=OF_A_SECOND | ({} if snapshot is None else {"snapshot": snapshot}))


def test_a_page_stays_on_its_snapshot_while_commits_go_on(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    first = add_trades(lake, some(10))
    with running(create_app(context_of(lake.folder))) as site:
        before = ticks(site, first).content
        stop = threading.Event()
        commits = []

        def commit() -> None:
            while not stop.is_set():
                commits.append(add_trades(LocalLake(lake.folder), some(5, 10 + 5 * len(commits))))

        writer = threading.Thread(target=commit)
        writer.start()
        try:
            seen = {ticks(site, first).content for _ in range(60)}
        finally:
            stop.set()
            writer.join()
        assert len(commits) > 1
        assert seen == {before}
        assert len(ticks(site).json()["price"]) == 10 + 5 * len(commits)


def test_a_snapshot_that_was_never_read_is_found_by_its_id(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    first = add_trades(lake, some(10))
    add_trades(lake, some(5, 10))
    with running(create_app(context_of(lake.folder))) as site:
        assert len(ticks(site, first).json()["price"]) == 10
        published = site.get("/api/snapshots").json()
    assert [each["rows"] for each in published] == [15, 10]
    assert published[1]["snapshot"] == first


def test_a_snapshot_that_is_gone_is_answered_with_what_to_do(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    first = add_trades(lake, some(10))
    with running(create_app(context_of(lake.folder))) as site:
        assert ticks(site, "12345").status_code == 410
        shutil.rmtree(lake.folder / "schemahub" / "trades_unified" / "data")
        answer = ticks(site, first)
    assert answer.status_code == 410
    assert "leave `snapshot` away" in answer.json()["error"]


@pytest.mark.slow
def test_memory_stays_bounded_however_much_is_asked(tmp_path: Path) -> None:
    size = 100_000
    lake = LocalLake(tmp_path / "lake")
    spread = [
        Traded("COINBASE", "BTC-USD", k * 3_600_000_000 // size, 40_000.0 + k % 7, trade_id=str(k)) for k in range(size)
    ]
    snapshot = add_trades(lake, spread)
    app = create_app(context_of(lake.folder))
    trades = app.state.served.trades
    with running(app) as site:
        for second in range(0, 3600, 20):
            start = NOON_US + second * 1_000_000
            of = {"symbol": "BTC-USD", "from": start, "to": start + 4_000_000, "snapshot": snapshot}
            assert site.get("/api/ticks", params=of).status_code == 200
    limits = trades.reader.rows("select current_setting('memory_limit') as memory")
    assert limits[0]["memory"].endswith("MiB")
    assert 0 < trades.kept_bytes <= 64 * 1024 * 1024


def test_a_damaged_file_is_named_and_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path / "lake")
    first = add_trades(lake, some(10))
    for file in (lake.folder / "schemahub" / "trades_unified" / "data").rglob("*.parquet"):
        file.write_bytes(b"PAR1" + b"x" * 100)
    with running(create_app(context_of(lake.folder))) as site:
        answer = ticks(site, first)
    assert answer.status_code == 503
    assert "can't be read" in answer.json()["error"]
    assert "Traceback" not in answer.text
