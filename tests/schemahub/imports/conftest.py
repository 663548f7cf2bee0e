"""A market of two days, whose bulk files are downloaded, and a lake for each test."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

import simulator.exchanges
from loaders.channels import ordered
from schemahub.runs import import_files as module
from schemahub.runs.context import RunContext
from schemahub.runs.files_given import CHECKSUM
from schemahub.settings import load_settings
from simulator.exchanges import RunningSimulator
from tests.support.imported import Fetch, ingest, json_lines, kraken_trades, second_of
from tests.support.importing_program import in_small_blocks, in_small_loads


@pytest.fixture(scope="module")
def market() -> Iterator[RunningSimulator]:
    """Six hours around New Year 2025, with 1,800 trades of BTCUSDT on Binance."""
    start = datetime(2024, 12, 31, 21, tzinfo=UTC)
    with simulator.exchanges.running(
        trades=6_000, seed=7, start=start, duration=timedelta(hours=6), enforce_limits=False
    ) as running:
        yield running


@pytest.fixture
def fetch(market: RunningSimulator, tmp_path: Path) -> Fetch:
    """Download a bulk file and its checksum to a folder."""
    market.set_oddities()

    def fetch(name: str, folder: str = "files", *, oddities: tuple[str, ...] = ()) -> Path:
        market.set_oddities(*oddities)
        (tmp_path / folder).mkdir(exist_ok=True)
        if name.startswith("Kraken"):
            urls = {name: f"{market.urls['kraken']}/time-and-sales/{name}"}
        else:
            interval = "daily" if name.count("-") == 4 else "monthly"
            base = f"{market.urls['binance']}/data/spot/{interval}/trades/BTCUSDT/{name}"
            urls = {name: base, name + CHECKSUM: base + CHECKSUM}
        for each, url in urls.items():
            (tmp_path / folder / each).write_bytes(httpx.get(url, trust_env=False).raise_for_status().content)
        return tmp_path / folder / name

    return fetch


@pytest.fixture
def context(market: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunContext:
    for name, url in market.environment.items():
        monkeypatch.setenv(name, url)
    return RunContext(load_settings(lake=str(tmp_path / "lake"), since="2024-12-31"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files in small blocks, and land them in small loads."""
    monkeypatch.setattr(module, "format_of", in_small_blocks)
    monkeypatch.setattr(module, "take_over", in_small_loads)
    monkeypatch.setattr(ordered, "_RUN_BATCH", 100)


@pytest.fixture
def lines(context: RunContext, market: RunningSimulator, tmp_path: Path) -> Path:
    elsewhere = replace(context, settings=context.settings.model_copy(update={"lake": str(tmp_path / "first")}))
    ingest(elsewhere, "coinbase", "BTC-USD")
    return json_lines(elsewhere, tmp_path / "raw_coinbase_trades_BTC-USD_20251215T103050Z_1.jsonl.gz")


@pytest.fixture
def of_rest(context: RunContext, tmp_path: Path) -> Counter[tuple[datetime, float, float]]:
    """All trades of XBTUSD, with times in whole seconds."""
    elsewhere = replace(context, settings=context.settings.model_copy(update={"lake": str(tmp_path / "first")}))
    ingest(elsewhere, "kraken", "XBTUSD")
    return Counter(map(second_of, kraken_trades(elsewhere)))
