"""`schemahub backfill` with Binance's archives: what they have comes from them, and the rest over REST, each once."""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

import simulator.exchanges
from lakehouse.coverage_record import read_coverage
from lakehouse.local import LocalLake
from schemahub.simulated_lake import MARK
from simulator.exchanges import RunningSimulator
from tests.support.bulk_host import Answer, BulkHost, bulk_host, damage, enormous, missing, redirected
from tests.support.command_line import Cli, Finished, error_line, landed_ids, ledger, leftovers, served

PAGE = 20
BACKFILL = ("backfill", "--exchange", "binance", "--products", "BTCUSDT", "--chunk-size", str(PAGE))
BEGIN, END = datetime(2026, 1, 28, 7, 30, tzinfo=UTC), datetime(2026, 2, 5, 3, tzinfo=UTC)
BETWEEN = ("--from", f"{BEGIN:%Y-%m-%dT%H:%M}", "--to", f"{END:%Y-%m-%dT%H:%M}")
SOON = datetime(2026, 2, 1, 9, tzinfo=UTC)
"""An end after which REST alone needs no pauses for the limit."""
THREE_DAYS = (*BETWEEN[:3], f"{SOON:%Y-%m-%dT%H:%M}")


@pytest.fixture(scope="module")
def market() -> Iterator[RunningSimulator]:
    """About 210 trades of BTCUSDT on each of eight days in two months."""
    start = datetime(2026, 1, 28, 6, tzinfo=UTC)
    with simulator.exchanges.running(
        trades=2_800, exchanges=("binance",), start=start, duration=timedelta(days=8), enforce_limits=False
    ) as running:
        yield running


@pytest.fixture(scope="module")
def ids(market: RunningSimulator) -> dict[int, datetime]:
    """The id and the time of each trade of BTCUSDT."""
    (product,) = served(market, "BTC-USDT")
    found: dict[int, datetime] = {}
    while product.last_id not in found:
        parameters = {"symbol": "BTCUSDT", "fromId": max(found, default=product.first_id - 1) + 1, "limit": 1000}
        page = httpx.get(f"{market.urls['binance']}/api/v3/historicalTrades", params=parameters, trust_env=False)
        found.update({each["id"]: datetime.fromtimestamp(each["time"] / 1000, UTC) for each in page.json()})
    return found


@pytest.fixture
def host(market: RunningSimulator) -> Iterator[BulkHost]:
    with bulk_host(market.urls["binance"]) as host:
        yield host
    market.set_oddities()
    market.clear_faults()


@pytest.fixture
def cli(cli: Cli, market: RunningSimulator, host: BulkHost, tmp_path: Path) -> Cli:
    environment = {**cli.environment, **market.environment, "SCHEMAHUB_BINANCE_BULK_URL": host.url, "COLUMNS": "250"}
    return replace(cli, folder=tmp_path, environment=environment)


def pages(market: RunningSimulator) -> int:
    return int(market.stats()["requests"].get("binance", {}).get("/api/v3/historicalTrades", 0))


def between(ids: dict[int, datetime], end: datetime = END) -> list[int]:
    return [each for each, time in ids.items() if BEGIN <= time <= end]


def assert_landed(lake: Path, wanted: list[int]) -> dict[str, int]:
    """Check that raw table, coverage and ledger have exactly these trades; returns the rows of each file."""
    landed = landed_ids(lake, "binance")
    assert landed == Counter(("BTCUSDT", each) for each in landed_range(landed))
    assert {each for _, each in landed} >= set(wanted)
    stretches = read_coverage(LocalLake(lake), "raw_binance_trades").of("BTCUSDT")
    assert [(each.low, each.high, each.rows) for each in stretches] == [
        (min(landed_range(landed)), max(landed_range(landed)) + 1, landed.total())
    ]
    rows = ledger(lake)
    assert sum(row["row_count"] for row in rows) == landed.total()
    assert leftovers(lake) == []
    assert list((lake / ".schemahub" / "imports").glob("*/*")) == []
    files: Counter[str] = Counter()
    for row in rows:
        if row["file"]:
            files[row["file"]] += row["row_count"]
    return files


def landed_range(landed: Counter[tuple[str, int]]) -> range:
    found = [each for _, each in landed]
    return range(min(found), max(found) + 1)


def warnings(done: Finished) -> list[str]:
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.partition("warning: ")[2] for line in done.stdout.splitlines() if "warning: " in line]


@pytest.mark.slow
def test_good_archives_are_taken_and_whatever_is_wrong_with_others_comes_over_rest(
    cli: Cli, market: RunningSimulator, host: BulkHost, ids: dict[int, datetime], tmp_path: Path
) -> None:
    market.set_oddities("wrong_checksum@01-29", "header@01-31", "shuffled@02-03", "truncated=09:29@02-03")
    host.changes = {"01-30": damage(host), "02-01": redirected, "02-02": enormous, "02-04": missing}
    before = pages(market)
    done = cli(*BACKFILL, *BETWEEN, lake=tmp_path / "lake")
    wrong = warnings(done)
    files = assert_landed(tmp_path / "lake", wanted := between(ids))
    assert sorted(files) == ["BTCUSDT-trades-2026-01-31.zip", "BTCUSDT-trades-2026-02-03.zip"]
    downloaded = [name[-9:] for name in host.requests if not name.endswith(".CHECKSUM")]
    assert downloaded == ["01-29.zip", "01-30.zip", "01-31.zip", "02-02.zip", "02-03.zip"]
    expected = ("01-29.zip: its SHA-256 is", "01-30.zip: is not a whole ZIP", "redirects to", "bytes", "2026-02-04")
    for text, line in zip(expected, wrong, strict=True):
        assert line.startswith("binance BTCUSDT: ")
        assert text in line
        assert "REST" in line
    by_rest = len(wanted) - sum(files.values())
    assert pages(market) - before <= by_rest // PAGE + 25
    total = landed_ids(tmp_path / "lake", "binance").total()
    assert f"{total:,} trades of 1 products landed, {sum(files.values()):,} of them from 2 archives" in done.stdout

    host.requests.clear()
    before = pages(market)
    again = cli(*BACKFILL, *BETWEEN, lake=tmp_path / "lake")
    assert "nothing was lacking" in again.stdout
    assert host.requests == []
    assert pages(market) - before <= 1  # is there anything between the last trade and --to?
    assert_landed(tmp_path / "lake", wanted)


def test_whole_months_are_taken_and_one_that_is_missing_is_taken_by_its_days(
    cli: Cli, market: RunningSimulator, host: BulkHost, ids: dict[int, datetime], tmp_path: Path
) -> None:
    host.changes = {"monthly/trades/BTCUSDT/BTCUSDT-trades-2026-02": missing}
    before = pages(market)
    done = cli(*BACKFILL, lake=tmp_path / "lake")
    assert warnings(done) == []
    files = assert_landed(tmp_path / "lake", list(ids))
    days = [f"BTCUSDT-trades-2026-02-{day:02}.zip" for day in range(1, 6)]
    assert sorted(files) == ["BTCUSDT-trades-2026-01.zip", *days]
    assert sum(files.values()) == len(ids)
    assert pages(market) - before <= 8
    content = (tmp_path / "state" / "BTCUSDT.json").read_text()
    assert f'"last_trade_id": {max(ids)}' in content
    assert f'"trades_processed": {len(ids)}' in content


@pytest.mark.slow
def test_a_host_that_fails_now_and_then_is_asked_again(
    cli: Cli, market: RunningSimulator, host: BulkHost, ids: dict[int, datetime], tmp_path: Path
) -> None:
    market.set_faults("429=1:1/7", "503:1/6", "cut:1/9")
    done = cli(*BACKFILL, *THREE_DAYS, lake=tmp_path / "lake", SCHEMAHUB_BINANCE_BULK_URL=market.urls["binance"])
    assert warnings(done) == []
    files = assert_landed(tmp_path / "lake", between(ids, SOON))
    assert sorted(files) == [f"BTCUSDT-trades-2026-01-{day}.zip" for day in (29, 30, 31)]


@pytest.mark.slow
def test_a_backfill_that_is_killed_between_archives_is_continued(
    cli: Cli, host: BulkHost, ids: dict[int, datetime], tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    is_asked, may_answer = threading.Event(), threading.Event()

    def wait(path: str, answer: Answer) -> Answer:
        if path.endswith("01-31.zip"):
            is_asked.set()
            may_answer.wait(60)
        return answer

    host.changes = {"01-31": wait}
    running = cli.start(*BACKFILL, "--flush-every", "50", *THREE_DAYS, lake=lake)
    assert is_asked.wait(120)
    deadline = time.monotonic() + 60
    while not has_landed(lake) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.kill()
    running.communicate()
    may_answer.set()
    assert has_landed(lake)
    assert cli(*BACKFILL, "--flush-every", "50", *THREE_DAYS, lake=lake).returncode == 0
    for left in (lake / ".schemahub" / "imports").iterdir():  # a run of tomorrow does this
        shutil.rmtree(left)
    assert "BTCUSDT-trades-2026-01-31.zip" in assert_landed(lake, between(ids, SOON))


def has_landed(lake: Path) -> bool:
    return (lake / "catalog.db").exists() and landed_ids(lake, "binance").total() > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "count"),
    [("http://127.0.0.1:9", 1), ("http://user:secret@127.0.0.1:9", 1), ("", 0)],
    ids=["nothing listens", "with a password", "not set"],
)
def test_without_a_host_everything_comes_over_rest(
    cli: Cli, host: BulkHost, ids: dict[int, datetime], tmp_path: Path, url: str, count: int
) -> None:
    done = cli(*BACKFILL, *THREE_DAYS, lake=tmp_path / "lake", SCHEMAHUB_BINANCE_BULK_URL=url)
    lines = warnings(done)
    assert len(lines) == count
    assert "secret" not in done.stdout + done.stderr
    assert all("SCHEMAHUB_BINANCE_BULK_URL sets another address" in line for line in lines)
    assert host.requests == []
    assert assert_landed(tmp_path / "lake", between(ids, SOON)) == {}


def test_a_host_whose_archives_are_all_wrong_is_left_after_three(
    cli: Cli, host: BulkHost, ids: dict[int, datetime], tmp_path: Path
) -> None:
    host.changes = {"data/": redirected}
    lines = warnings(cli(*BACKFILL, *THREE_DAYS, lake=tmp_path / "lake"))
    assert len(lines) == 4
    assert [line for line in lines if "no more are tried after 3" in line] == lines[3:]
    assert assert_landed(tmp_path / "lake", between(ids, SOON)) == {}


@pytest.mark.parametrize("how", ["an option", "a variable", "large pages"])
def test_archives_can_be_left_out_and_are_where_pages_are_fewer(
    cli: Cli, host: BulkHost, ids: dict[int, datetime], tmp_path: Path, how: str
) -> None:
    more = {"an option": ["--no-bulk"], "large pages": ["--chunk-size", "1000"]}.get(how, [])
    variables = {"SCHEMAHUB_BULK": "0"} if how == "a variable" else {}
    done = cli(*BACKFILL, *more, *THREE_DAYS, lake=tmp_path / "lake", **variables)
    assert done.returncode == 0, done.stderr
    assert host.requests == []
    assert assert_landed(tmp_path / "lake", between(ids, SOON)) == {}


def test_a_dry_run_tells_what_comes_from_archives(cli: Cli, host: BulkHost, tmp_path: Path) -> None:
    done = cli(*BACKFILL, *THREE_DAYS, "--dry-run", lake=tmp_path / "lake")
    assert "3 days from archives, as far as binance has these, and the rest over REST: about " in done.stdout
    assert host.requests == []
    assert "from archives" not in cli(*BACKFILL, *THREE_DAYS, "--dry-run", "--no-bulk", lake=tmp_path / "lake").stdout


def test_a_simulated_lake_takes_archives_of_its_simulator_alone(cli: Cli, host: BulkHost, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    one_page = (*BACKFILL[:-1], "1000")
    assert cli(*one_page, "--to", f"{BEGIN:%Y-%m-%dT%H:%M}", "--no-bulk", lake=lake).returncode == 0
    (lake / MARK).write_text("simulated")
    line = error_line(cli(*BACKFILL, lake=lake))
    assert "holds simulated trades" in line
    assert "SCHEMAHUB_BINANCE_BULK_URL" in line
