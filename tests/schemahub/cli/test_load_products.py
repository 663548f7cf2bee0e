"""`schemahub ingest` and `backfill` against the simulated exchanges: every trade once, whatever was landed before."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.coverage_record import read_coverage
from lakehouse.local import LocalLake
from simulator.exchanges import RunningSimulator
from tests.support.command_line import (
    Cli,
    Served,
    assert_everything_landed_once,
    error_line,
    landed_ids,
    ledger,
    served,
)

FROM_THE_BEGINNING = {"SCHEMAHUB_SINCE": "2026-01-01"}


@pytest.fixture
def cli(cli: Cli, tmp_path: Path) -> Cli:
    """The command line in a folder of its own, where checkpoints are written."""
    return replace(cli, folder=tmp_path)


@pytest.fixture
def coinbase(exchanges: RunningSimulator) -> list[Served]:
    return [each for each in served(exchanges, "BTC-USD", "ETH-USD") if each.exchange == "coinbase"]


@pytest.fixture
def seed(tmp_path: Path) -> str:
    path = tmp_path / "seed.yaml"
    path.write_text("product_ids: [BTC-USD, ETH-USD]\nmetadata: {source: coinbase}\n")
    return str(path)


def coverage_of(lake: Path, exchange: str, symbol: str) -> list[tuple[int, int]]:
    held = read_coverage(LocalLake(lake), f"raw_{exchange}_trades").of(symbol)
    return [(each.low, each.high) for each in held]


@pytest.mark.slow
def test_a_backfill_of_a_seed_file_lands_everything_and_writes_checkpoints(
    cli: Cli, tmp_path: Path, coinbase: list[Served], seed: str
) -> None:
    lake = tmp_path / "lake"
    done = cli("backfill", "--seed-path", seed, "--workers", "4", "--resume", lake=lake)
    assert done.returncode == 0, done.stderr
    assert_everything_landed_once(lake, coinbase)
    for product in coinbase:
        content = json.loads((cli.folder / "state" / f"{product.symbol}.json").read_text())
        assert content.pop("last_updated").endswith("Z")
        assert content == {"last_trade_id": product.last_id, "trades_processed": product.trades}
    again = cli("backfill", "--seed-path", seed, "--resume", lake=lake)
    assert "nothing was lacking" in again.stdout
    assert_everything_landed_once(lake, coinbase)


def test_a_dry_run_tells_what_would_be_loaded_and_writes_nothing(
    cli: Cli, tmp_path: Path, coinbase: list[Served], seed: str
) -> None:
    lake = tmp_path / "lake"
    done = cli("backfill", "--seed-path", seed, "--dry-run", lake=lake)
    assert done.returncode == 0, done.stderr
    total = sum(product.trades for product in coinbase)
    assert f"about {total:,} trades" in done.stdout
    assert "nothing was loaded" in done.stdout
    assert not lake.exists()
    assert not (cli.folder / "state").exists()


@pytest.mark.slow
@pytest.mark.parametrize("exchange", ["binance", "coinbase", "kraken"])
def test_parts_between_two_times_are_filled_in_any_order_and_overlap_nothing(
    cli: Cli, tmp_path: Path, exchanges: RunningSimulator, exchange: str
) -> None:
    lake = tmp_path / "lake"
    (product,) = [each for each in served(exchanges, "BTC-USDT" if exchange == "binance" else "BTC-USD")
                  if each.exchange == exchange]  # fmt: skip
    options = ("backfill", "--exchange", exchange, "--products", product.symbol)
    ranges = [("00:40", "01:10"), ("01:30", "02:00"), ("00:50", "01:40")]
    for begin, end in ranges:
        done = cli(*options, "--from", f"2026-01-05T{begin}:00Z", "--to", f"2026-01-05T{end}:00Z", lake=lake)
        assert done.returncode == 0, done.stderr
        assert max(landed_ids(lake, exchange).values()) == 1
    ((low, high),) = coverage_of(lake, exchange, product.symbol)
    assert product.first_id < low < high <= product.last_id + 1
    done = cli(*options, "--workers", "3", lake=lake)
    assert done.returncode == 0, done.stderr
    assert_everything_landed_once(lake, [product])


@pytest.mark.slow
def test_a_long_load_commits_in_between(cli: Cli, tmp_path: Path, coinbase: list[Served], seed: str) -> None:
    lake = tmp_path / "lake"
    done = cli("backfill", "--seed-path", seed, "--flush-every", "2000", lake=lake)
    assert done.returncode == 0, done.stderr
    assert_everything_landed_once(lake, coinbase)
    assert len({row["load_id"] for row in ledger(lake)}) >= 2


@pytest.mark.slow
def test_ingest_lands_what_is_new_and_a_fresh_fetch_lands_nothing_twice(
    cli: Cli, tmp_path: Path, coinbase: list[Served], seed: str
) -> None:
    lake = tmp_path / "lake"
    btc = coinbase[0]
    for arguments in (
        (btc.symbol, "--before", str(btc.first_id + 100)),
        (btc.symbol, "--after", str(btc.last_id - 100)),
        (btc.symbol, "--skip-checkpoint"),
        ("--seed-path", seed, "--limit", "100"),
        ("--seed-path", seed),
    ):
        done = cli("ingest", *arguments, lake=lake, **FROM_THE_BEGINNING)
        assert done.returncode == 0, done.stderr
        assert max(landed_ids(lake, "coinbase").values()) == 1
    assert_everything_landed_once(lake, coinbase)
    content = json.loads((lake / "ingest_checkpoints" / f"{btc.symbol}.json").read_text())
    assert content["last_trade_id"] == btc.last_id
    assert set(content) == {"last_trade_id", "last_updated"}


def test_trades_that_are_named_by_their_ids_do_not_make_the_others_look_landed(
    cli: Cli, tmp_path: Path, coinbase: list[Served]
) -> None:
    lake, btc = tmp_path / "lake", coinbase[0]
    ids = ("--after", str(btc.first_id + 500), "--before", str(btc.first_id + 600))
    day = ("--from", "2026-01-05", "--to", "2026-01-06")
    for command in (("ingest", btc.symbol, *ids), ("backfill", "--products", btc.symbol, *day)):
        done = cli(*command, lake=lake)
        assert done.returncode == 0, done.stderr
    assert_everything_landed_once(lake, [btc])


def test_ids_below_one_are_landed_although_higher_ones_are_held(
    cli: Cli, tmp_path: Path, coinbase: list[Served]
) -> None:
    lake, btc = tmp_path / "lake", coinbase[0]
    for ids in (("--after", str(btc.first_id + 500)), ("--before", str(btc.first_id + 600))):
        done = cli("ingest", btc.symbol, *ids, lake=lake, **FROM_THE_BEGINNING)
        assert done.returncode == 0, done.stderr
    assert_everything_landed_once(lake, [btc])


def test_a_checkpoint_is_a_view_that_follows_the_lake(cli: Cli, tmp_path: Path, coinbase: list[Served]) -> None:
    lake, btc = tmp_path / "lake", coinbase[0]
    options = ("backfill", "--products", btc.symbol)
    assert cli(*options, lake=lake).returncode == 0
    path = cli.folder / "state" / f"{btc.symbol}.json"
    true = json.loads(path.read_text())
    for content, problem in (
        ("", "was damaged"),
        ('{"last_trade_id": "many"}', "was damaged"),
        ('{"last_trade_id": 9007199254740993}', "was of another lake"),
        (None, "was missing"),
    ):
        path.unlink() if content is None else path.write_text(content)
        again = cli(*options, "--resume", lake=lake)
        assert again.returncode == 0, again.stderr
        assert f"{problem}; what" in " ".join(again.stdout.split())
        found = json.loads(path.read_text())
        assert {**found, "last_updated": ""} == {**true, "last_updated": ""}
    assert_everything_landed_once(lake, [btc])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("ingest",), "update-seed --fetch --write"),
        (("ingest", "BTC-USD", "--exchange", "coinbse"), "did you mean `coinbase`?"),
        (("ingest", "BTC-USD", "--after", "9", "--before", "10"), "no id is above --after 9 and below --before 10"),
        (("backfill", "--products", "BTC-USD", "--from", "soon"), "--from is 'soon'; expected a time"),
        (("backfill", "--products", "BTC-USD", "--from", "1h", "--to", "2h"), "is not before --to"),
        (("backfill", "--seed-path", "none.yaml"), "none.yaml"),
        (("ingest", "NOSUCH"), "NOSUCH of coinbase"),
        (("ingest", "--exchange", "kraken"), "update-seed --fetch --write --exchange kraken"),
        (("ingest", ""), "coinbase: '' can't be the name of a product"),
        (("ingest", "\udcff"), "can't be the name of a product"),
        (("ingest", "btc-usd"), "coinbase lists btc-usd as BTC-USD; name it so"),
        (("ingest", "BTC-USD", "--before", "0"), "no id is below --before 0"),
        (("backfill", "--products", " "), "--products is empty"),
        (("backfill", "--exchange", "kraken", "--products", "XBTUSD,XXBTZUSD"), "kraken lists XXBTZUSD as XBTUSD"),
        (("backfill", "--exchange", "kraken", "--products", "XBT/USD"), "kraken lists XBT/USD as XBTUSD"),
        (("backfill", "--exchange", "kraken", "--products", "BTC-USD"), "kraken lists BTC-USD as XBTUSD"),
        (("import", ""), "PATH is empty"),
        (("backfill", "--products", "NOSUCH"), "NOSUCH of coinbase"),
    ],
)
def test_a_mistake_is_one_line_and_lands_nothing(
    cli: Cli, tmp_path: Path, exchanges: RunningSimulator, arguments: tuple[str, ...], line: str
) -> None:
    failed = cli(*arguments, lake=tmp_path / "lake")
    assert line in error_line(failed)
    assert "nothing was lacking" not in failed.stdout


@pytest.mark.slow
def test_options_can_be_variables_too(cli: Cli, tmp_path: Path, coinbase: list[Served]) -> None:
    lake, btc = tmp_path / "lake", coinbase[0]
    options = {"SCHEMAHUB_PRODUCTS": btc.symbol, "SCHEMAHUB_WORKERS": "2", "SCHEMAHUB_EXCHANGE": "coinbase"}
    done = cli("backfill", lake=lake, **options)
    assert done.returncode == 0, done.stderr
    assert_everything_landed_once(lake, [btc])


@pytest.mark.slow
def test_one_product_that_fails_does_not_stop_the_others(cli: Cli, tmp_path: Path, coinbase: list[Served]) -> None:
    lake = tmp_path / "lake"
    names = ",".join(["NOSUCH", *(product.symbol for product in coinbase)])
    failed = cli("backfill", "--products", names, lake=lake)
    assert failed.returncode == 1
    assert "NOSUCH of coinbase: " in failed.stderr
    assert_everything_landed_once(lake, coinbase)
