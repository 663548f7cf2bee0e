"""`schemahub update-seed` with every option, against the simulated exchanges."""

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse.errors import SchemaHubError
from schemahub import seeds
from schemahub.cli.app import app
from schemahub.seeds import load_seed, read_seed
from simulator.exchanges import RunningSimulator
from tests.support.command_line import Cli, Finished, error_line

EVERY = ["BTC-USD", "BTC-USDT", "ETH-USD", "ETH-USDT"]
OLD = "product_ids: [AAA-USD, BTC-USD, ZZZ-EUR]\nmetadata: {source: coinbase, last_updated: 2020-01-01T00:00:00Z}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "seed.yaml"


@pytest.fixture
def update(cli: Cli, path: Path) -> "Update":
    return Update(cli, path)


class Update:
    def __init__(self, cli: Cli, path: Path) -> None:
        self.cli, self.path = cli, path

    def __call__(self, *options: str, **changes: str) -> Finished:
        return self.cli("update-seed", "--path", str(self.path), *options, **changes)

    def lines(self, *options: str) -> list[str]:
        finished = self(*options)
        assert (finished.returncode, finished.stderr) == (0, "")
        return finished.stdout.splitlines()


@pytest.mark.parametrize("options", ["--fetch --write", "--write"])
def test_what_was_fetched_is_written(update: Update, options: str) -> None:
    lines = update.lines(*options.split())
    assert lines[0] == f"coinbase: wrote 4 products to {update.path}: 4 new, 0 kept, 0 gone"
    assert lines[1:] == ["  4 new: BTC-USD, BTC-USDT, ETH-USD, ETH-USDT"]
    assert read_seed(update.path, exchange="coinbase") == EVERY
    assert [found.name for found in update.path.parent.iterdir()] == ["seed.yaml"]


@pytest.mark.parametrize("options", ["--fetch", "--dry-run", "--fetch --dry-run", "--fetch --write --dry-run --merge"])
def test_nothing_is_written_without_write_or_with_dry_run(update: Update, options: str) -> None:
    lines = update.lines(*options.split())
    assert lines[0] == f"coinbase: would write 4 products to {update.path}: 4 new, 0 kept, 0 gone"
    assert lines[2:] == [
        "  all: BTC-USD, BTC-USDT, ETH-USD, ETH-USDT",
        "nothing was written; add --write, without --dry-run, to write it",
    ]
    assert list(update.path.parent.iterdir()) == []
    update.path.write_text(OLD)
    update(*options.split())
    assert update.path.read_text() == OLD


def test_the_former_names_are_replaced(update: Update) -> None:
    update.path.write_text(OLD)
    lines = update.lines("--fetch", "--write")
    assert lines[0].endswith(": 3 new, 1 kept, 2 gone")
    assert lines[2] == "  2 gone: AAA-USD, ZZZ-EUR"
    assert read_seed(update.path) == EVERY


def test_a_merge_keeps_the_former_names_and_marks_them(update: Update) -> None:
    update.path.write_text(OLD)
    lines = update.lines("--fetch", "--write", "--merge")
    assert lines[0].endswith(": 3 new, 3 kept, 0 gone")
    assert lines[2] == "  2 no longer listed, and kept because of --merge: AAA-USD, ZZZ-EUR"
    assert load_seed(update.path).product_ids == ("AAA-USD", *EVERY, "ZZZ-EUR")
    assert read_seed(update.path) == EVERY


def test_a_filter_keeps_the_pairs_that_match(update: Update) -> None:
    update.lines("--fetch", "--write", "--filter-regex", ".*-USD")
    assert read_seed(update.path) == ["BTC-USD", "ETH-USD"]


def test_without_any_of_these_options_the_file_is_shown_and_no_request_is_sent(update: Update) -> None:
    nowhere = {"SCHEMAHUB_COINBASE_URL": "http://127.0.0.1:1"}
    line = error_line(update(**nowhere))
    assert line == (f"{update.path}: there is no such seed file; write it with `schemahub update-seed --fetch --write`")
    update.path.write_text(OLD)
    assert update(**nowhere).stdout.splitlines() == [
        f"{update.path} holds 3 products of coinbase, last updated 2020-01-01T00:00:00Z",
        "  all: AAA-USD, BTC-USD, ZZZ-EUR",
    ]
    assert "--merge concerns products that are fetched; add --fetch" in error_line(update("--merge"))
    assert "--filter-regex concerns products that are " in error_line(update("--filter-regex", "x"))


@pytest.mark.parametrize("exchange", ["binance", "kraken"])
def test_another_exchange_has_a_file_of_its_own(
    exchanges: RunningSimulator, exchange: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, url in exchanges.environment.items():
        monkeypatch.setenv(name, url)
    monkeypatch.setattr(seeds, "PROJECT", tmp_path)
    for options in (["--exchange", exchange], []):
        assert CliRunner().invoke(app, ["update-seed", "--fetch", "--write", *options]).exit_code == 0
    folder = tmp_path / "config" / "mappings"
    assert sorted(found.name for found in folder.iterdir()) == [
        "product_ids_seed.yaml",
        f"product_ids_seed_{exchange}.yaml",
    ]
    assert "ETHUSDT" in read_seed(folder / f"product_ids_seed_{exchange}.yaml", exchange=exchange)
    mixed = ["update-seed", "--write", "--exchange", exchange, "--path", str(folder / "product_ids_seed.yaml")]
    refused = CliRunner().invoke(app, mixed)
    assert isinstance(refused.exception, SchemaHubError)
    assert f"holds products of coinbase, and would be overwritten with products of {exchange}" in str(refused.exception)


@pytest.mark.parametrize("regex", ["(", "(?=x)", "*"])
def test_an_expression_that_cannot_be_used_is_refused_before_a_request(update: Update, regex: str) -> None:
    line = error_line(update("--fetch", "--filter-regex", regex, SCHEMAHUB_COINBASE_URL="http://127.0.0.1:1"))
    assert line.startswith(f"--filter-regex: '{regex}' is not a regular expression that can be used: ")


def test_a_filter_that_matches_nothing_leaves_the_file_as_it_is(update: Update) -> None:
    update.path.write_text(OLD)
    line = error_line(update("--fetch", "--write", "--filter-regex", "USD"))
    assert "none of the 4 products of coinbase matches USD, for example BTC-USD; the whole name must match" in line
    assert update.path.read_text() == OLD


def test_an_exchange_that_fails_leaves_the_file_as_it_is(update: Update) -> None:
    update.path.write_text(OLD)
    assert "SCHEMAHUB_COINBASE_URL" in error_line(update("--write", SCHEMAHUB_COINBASE_URL="no address"))
    assert update.path.read_text() == OLD


def test_a_file_that_is_something_else_is_not_overwritten(update: Update) -> None:
    update.path.write_text("source: raw_acme_trades\n")
    for options in (["--write"], ["--write", "--merge"]):
        line = error_line(update(*options))
        assert "unknown key `source`" in line
        assert line.endswith(", after you have deleted the file or named another --path")
    assert update.path.read_text() == "source: raw_acme_trades\n"


def test_a_broken_seed_file_is_replaced_but_not_merged(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "product_ids_seed.yaml"
    path.write_text("product_ids: [BTC-")
    line = error_line(cli("update-seed", "--write", "--merge", "--path", str(path)))
    assert line.startswith(f"{path}:1:")
    assert cli("update-seed", "--write", "--path", str(path)).returncode == 0
    assert read_seed(path) == EVERY


def test_no_other_file_of_the_config_is_overwritten(cli: Cli) -> None:
    mapping = seeds.PROJECT / "config" / "mappings" / "coinbase_trades.yaml"
    before = mapping.read_bytes()
    line = error_line(cli("update-seed", "--write", "--path", str(mapping)))
    assert "a seed file within config/ must be named config/mappings/product_ids_seed*.yaml" in line
    assert mapping.read_bytes() == before


def test_a_place_that_cannot_be_written_is_one_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert "can't be written: File exists" in error_line(
        cli("update-seed", "--write", "--path", str(tmp_path / "file" / "seed.yaml"))
    )


def test_a_folder_is_no_seed_file(cli: Cli, tmp_path: Path) -> None:
    assert "it is not a file" in error_line(cli("update-seed", "--write", "--path", str(tmp_path)))


def test_an_unknown_exchange_is_named_with_near_matches(update: Update) -> None:
    assert "unknown exchange `krakn`: did you mean `kraken`?" in error_line(update("--exchange", "krakn"))


def test_everyone_may_read_what_was_written(update: Update) -> None:
    update("--write")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(update.path.stat().st_mode) == 0o666 & ~mask
