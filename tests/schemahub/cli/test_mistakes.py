"""Every mistake by a user, and every failure of a service, gives one line and an exit code, and changes no lake."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.local import LocalLake
from registry.registry import load_registry
from schemahub.runs.raw_tables import create_tables
from simulator.exchanges import RunningSimulator
from tests.support.command_line import Cli, error_line, landed_ids, leftovers, served, snapshots

pytestmark = pytest.mark.long

NOBODY = "http://127.0.0.1:9"
INGEST = ("run", "ingest", "binance", "--symbols", "BTC-USDT")


@pytest.fixture(scope="module")
def landed(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that has something to lose."""
    lake = tmp_path_factory.mktemp("landed") / "lake"
    finished = cli("run", "ingest", "binance", "coinbase", "kraken", "--symbols", "ETH-USDT", lake=lake)
    assert finished.returncode == 0, finished.stderr
    create_tables(LocalLake(lake), load_registry())  # as every command that runs models would
    return lake


@pytest.fixture
def untouched(landed: Path) -> Iterator[Path]:
    """The same lake, which the test must not change."""
    before = snapshots(landed)
    yield landed
    assert snapshots(landed) == before
    assert leftovers(landed) == []


MISTAKES: dict[str, tuple[tuple[str, ...], dict[str, str], list[str]]] = {
    "exchange": (("run", "ingest", "binanse"), {}, ["unknown exchange `binanse`", "did you mean `binance`?", "kraken"]),
    "exchange in capitals": (("run", "ingest", "Binance"), {}, ["unknown exchange `Binance`", "use one of: binance"]),
    "symbol": (
        ("run", "ingest", "binance", "--symbols", "BTC-USDD"),
        {},
        ["unknown symbol `BTC-USDD`", "did you mean BTC-USD", "BASE-QUOTE"],
    ),
    "symbols": (
        ("run", "ingest", "kraken"),
        {"SCHEMAHUB_SYMBOLS": "A-B,C-D"},
        ["unknown symbol `A-B`, `C-D`: ", "BASE-QUOTE"],
    ),
    "symbol that the exchange does not list": (
        ("run", "ingest", "binance", "--symbols", "BTC-USD"),
        {},
        ["binance lists none of BTC-USD", "--symbols"],
    ),
    "no symbol": ((*INGEST, "--symbols", ""), {}, ["symbols: ", "at least 1 item"]),
    "since": ((*INGEST, "--since", "yesterday"), {}, ["since is 'yesterday'", "2026-01-05T00:00:00Z", "90m"]),
    "since in the environment": (INGEST, {"SCHEMAHUB_SINCE": "5 January"}, ["since is '5 January'"]),
    "since in the future": ((*INGEST, "--since", "2100-01-01"), {}, ["'2100-01-01', which is in the future"]),
    "no lake": ((*INGEST, "--lake", ""), {}, ["lake: ", "at least 1 character"]),
    "lake elsewhere": (
        (*INGEST, "--lake", "gs://bucket/lake"),
        {},
        ["lake 'gs://bucket/lake'", "expected a folder", "s3://"],
    ),
    "address without a scheme": (
        INGEST,
        {"SCHEMAHUB_BINANCE_URL": "api.binance.com"},
        ["SCHEMAHUB_BINANCE_URL is 'api.binance.com'", "http:// or https://"],
    ),
    "address of nothing": (INGEST, {"SCHEMAHUB_BINANCE_URL": "http://["}, ["SCHEMAHUB_BINANCE_URL is 'http://['"]),
    "port of nothing": (INGEST, {"SCHEMAHUB_BINANCE_URL": "http://127.0.0.1:99999"}, ["SCHEMAHUB_BINANCE_URL is"]),
    "address of somebody else": (
        INGEST,
        {"SCHEMAHUB_BINANCE_URL": "SIMULATOR/nosuch"},
        ["BTCUSDT of binance: binance: HTTP 404"],
    ),
    "target table": (
        ("run", "unify", "trades_unifed"),
        {},
        ["unknown target table `trades_unifed`", "`trades_unified`"],
    ),
    "target table of a pipeline": (("run", "pipeline", "trades"), {}, ["unknown target table `trades`"]),
    "query": (("query", "select nope from raw_binance_trades"), {}, ["query failed: Binder Error", '"nope" not found']),
    "query of no table": (("query", "select * from raw_binanse_trades"), {}, ["raw_binanse_trades does not exist"]),
    "query that is no SQL": (("query", "selec 1"), {}, ["query failed: Parser Error"]),
    "insert": (("query", "insert into raw_binance_trades (id) values ('1')"), {}, ["INSERT", "read-only"]),
    "delete": (("query", "delete from raw_binance_trades"), {}, ["DELETE", "read-only"]),
    "drop": (("query", "drop table raw_binance_trades"), {}, ["DROP", "read-only"]),
    "create": (("query", "create table schemahub.schemahub.mine as select 1 as one"), {}, ["CREATE", "read-only"]),
    "drop behind a select": (("query", "select 1; drop table raw_binance_trades"), {}, ["DROP", "read-only"]),
    "dbt command": (("dbt", "nosuch"), {}, ["dbt nosuch failed: No such command 'nosuch'"]),
    "dbt command without its second word": (("dbt", "docs"), {}, ["dbt docs failed: Usage: ", "generate", "serve"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_in_one_line_and_changes_nothing(
    cli: Cli, shared_exchanges: RunningSimulator, untouched: Path, mistake: str
) -> None:
    arguments, environment, words = MISTAKES[mistake]
    changes = {name: value.replace("SIMULATOR", shared_exchanges.base_url) for name, value in environment.items()}
    message = error_line(cli(*arguments, lake=untouched, **changes))
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize(
    ("arguments", "place", "why"),
    [
        (INGEST, "a file", "is a file"),
        (INGEST, "below a file", "can't be created"),
        (INGEST, "/proc/nope", "can't be created"),
        (("run", "unify", "trades_unified"), "a file", "is a file"),
        (("status",), "a file", "is a file"),
        (("query", "select 1"), "a file", "is a file"),
        (("query", "select 1"), "below a file", "nothing has been landed"),
    ],
)
def test_a_lake_that_cannot_exist_is_named(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], place: str, why: str
) -> None:
    if place == "/proc/nope" and not Path("/proc").is_dir():
        pytest.skip("there is no /proc here")
    file = tmp_path / "file"
    file.write_text("mine")
    lake = {"a file": file, "below a file": file / "lake", "/proc/nope": Path(place)}[place]
    line = error_line(cli(*arguments, lake=lake))
    assert str(lake) in line
    assert why in line
    assert file.read_text() == "mine"


SELECT = "select count(*) from raw_binance_trades"
LOOKING = [("status",), ("plan",), ("query", SELECT), ("spark-conf",), ("trino-conf",)]


@pytest.mark.parametrize("arguments", LOOKING, ids=lambda arguments: arguments[0])
def test_looking_at_a_lake_that_does_not_exist_reports_that_and_creates_nothing(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    lake = tmp_path / "lake"
    finished = cli(*arguments, lake=lake)
    (line,) = (finished.stdout + finished.stderr).splitlines()
    assert line.removeprefix("error: ") == f"nothing has been landed in file://{lake} yet; try `schemahub run ingest`"
    assert not lake.exists()


@pytest.fixture
def bound_by_permissions(cli: Cli) -> Cli:
    """Runs `schemahub` so that the permission bits forbid it to write, although root may write anywhere."""
    if os.geteuid() != 0:
        return cli
    if not shutil.which("setpriv"):
        pytest.skip("root may write anywhere, whatever the permission bits say")
    return replace(cli, prefix=("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"))


@pytest.fixture
def read_only(landed: Path) -> Iterator[Path]:
    """A lake that holds something, and that may not be written."""
    modes = {path: path.stat().st_mode for path in (landed, *landed.rglob("*"))}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    yield landed
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.mark.parametrize("arguments", LOOKING, ids=lambda arguments: arguments[0])
def test_a_lake_that_may_not_be_written_can_be_looked_at(
    bound_by_permissions: Cli, read_only: Path, arguments: tuple[str, ...]
) -> None:
    finished = bound_by_permissions(*arguments, lake=read_only)
    assert (finished.returncode, finished.stderr) == (0, "")


def test_a_lake_that_may_not_be_written_is_named(bound_by_permissions: Cli, read_only: Path) -> None:
    line = error_line(bound_by_permissions(*INGEST, lake=read_only))
    assert line == f"lake folder '{read_only}' is not writable; choose another with --lake"


@pytest.mark.parametrize("arguments", LOOKING[:3], ids=lambda arguments: arguments[0])
def test_a_lake_that_was_moved_is_noticed(
    cli: Cli, untouched: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    elsewhere = shutil.copytree(untouched, tmp_path / "elsewhere")
    catalog = elsewhere / "catalog.db"
    catalog.write_bytes(catalog.read_bytes().replace(b"/lake/", b"/gone/"))
    line = error_line(cli(*arguments, lake=elsewhere))
    assert f"of file://{elsewhere} can't be read because one of its files is missing or damaged" in line


@pytest.mark.parametrize(
    ("table", "arguments"),
    [("raw_binance_trades", ("plan",)), ("schemahub_loads", ("plan",)), ("schemahub_loads", ("status",))],
)
def test_a_table_that_lost_files_is_named(
    cli: Cli, landed: Path, tmp_path: Path, table: str, arguments: tuple[str, ...]
) -> None:
    folder = landed / "schemahub" / table
    lost = [(path, tmp_path / path.name) for path in folder.rglob("*.avro")]
    for path, aside in lost:
        path.rename(aside)
    line = error_line(cli(*arguments, lake=landed))
    for path, aside in lost:
        aside.rename(path)
    assert line.startswith(f"`{table}` of file://{landed} can't be read because one of its files is missing or damaged")


@pytest.mark.parametrize("arguments", LOOKING[:3], ids=lambda arguments: arguments[0])
def test_a_file_that_is_not_a_catalog_is_named(cli: Cli, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "catalog.db").write_text("not a database at all, as anybody can see")
    line = error_line(cli(*arguments, lake=tmp_path))
    assert f"'{tmp_path}/catalog.db' can't be used as the lake's catalog: " in line
    assert "file is not a database" in line


def test_characters_that_a_terminal_does_not_support_are_replaced(cli: Cli, untouched: Path) -> None:
    finished = cli("query", "select 'Zürich' as town", lake=untouched, PYTHONIOENCODING="ascii")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "Z?rich" in finished.stdout


@pytest.mark.slow
def test_an_exchange_that_cannot_be_reached_does_not_keep_the_others_from_landing(
    cli: Cli, shared_exchanges: RunningSimulator, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    command = ("run", "ingest", "binance", "coinbase", "kraken", "--symbols", "BTC-USDT")
    finished = cli(*command, lake=lake, SCHEMAHUB_BINANCE_URL=NOBODY)
    assert f"BTCUSDT of binance: binance can't be reached at {NOBODY}" in error_line(finished)
    assert finished.stdout.count("trades landed") == 2
    for product in served(shared_exchanges, "BTC-USDT"):
        assert list(landed_ids(lake, product.exchange)) == ([] if product.exchange == "binance" else product.ids)
    assert leftovers(lake) == []


@pytest.mark.slow
def test_a_pipeline_unifies_what_could_be_landed_and_still_fails(cli: Cli, landed: Path) -> None:
    finished = cli(
        "run", "pipeline", "trades_unified", "--symbols", "ETH-USDT", lake=landed, SCHEMAHUB_KRAKEN_URL=NOBODY
    )
    assert "ETHUSDT of kraken: kraken can't be reached" in error_line(finished)
    assert "trades_unified" in finished.stdout
    assert len(snapshots(landed)["trades_unified"]) == 1


@pytest.mark.parametrize(
    ("what", "arguments"),
    [
        ("unify", ("run", "unify", "trades_unified")),
        ("unify", ("dbt", "test")),
        ("raw_binance_trades", ("run", "ingest", "binance", "--symbols", "ETH-USDT")),
    ],
)
def test_a_second_writer_is_told_who_the_first_one_is(
    cli: Cli, untouched: Path, what: str, arguments: tuple[str, ...]
) -> None:
    with LocalLake(untouched).writing(what):
        message = error_line(cli(*arguments, lake=untouched))
    assert f"`{what}` is being written by another process (pid {os.getpid()} on " in message
    assert "wait until it ends" in message


def test_a_writer_of_one_exchange_does_not_hold_up_another(cli: Cli, untouched: Path) -> None:
    with LocalLake(untouched).writing("raw_binance_trades"):
        finished = cli("run", "ingest", "binance", "kraken", "--symbols", "ETH-USDT", lake=untouched)
    assert "raw_binance_trades" in error_line(finished)
    assert "nothing new" in finished.stdout


@pytest.fixture
def copied_project(cli: Cli, tmp_path: Path) -> Cli:
    """The command line of a copy of the project, whose config/ a test can break."""
    root = Path(__file__).resolve().parents[3]
    packages = ("advisor", "lakehouse", "loaders", "macros_gen", "profiles", "schemahub", "simulator")
    for folder in (*packages, "config", "dbt_project"):
        subprocess.run(["cp", "-r", root / folder, tmp_path / folder], check=True)
    return Cli({**cli.environment, "PYTHONPATH": str(tmp_path)}, tmp_path)


SETTINGS_MISTAKES = {
    "broken": ("lake: [", "config/schemahub.yaml:1:8: "),
    "a key too few": ("lake: ./lake\nsince: 1h\n", "key `symbols` is missing"),
}


@pytest.mark.parametrize("mistake", SETTINGS_MISTAKES)
def test_a_broken_settings_file_is_named_in_one_line(copied_project: Cli, tmp_path: Path, mistake: str) -> None:
    text, message = SETTINGS_MISTAKES[mistake]
    (tmp_path / "config" / "schemahub.yaml").write_text(text)
    assert message in error_line(copied_project("status"))
    assert not (tmp_path / "lake").exists()


REGISTRY_MISTAKES = {
    "broken YAML": ("trade_id: trade_id", "trade_id: [trade_id", "config/mappings/kraken_trades.yaml:"),
    "unknown source column": ("price: price", "prise: price", "unknown source column `prise`; did you mean `price`?"),
}


@pytest.mark.parametrize("mistake", REGISTRY_MISTAKES)
def test_a_broken_mapping_is_named_in_one_line_wherever_it_is_read(
    copied_project: Cli, tmp_path: Path, mistake: str
) -> None:
    generate = [sys.executable, "-m", "macros_gen", "--root", str(tmp_path)]
    assert copied_project.run(generate).returncode == 0
    before = generated_files(tmp_path)
    mapping = tmp_path / "config" / "mappings" / "kraken_trades.yaml"
    old, new, message = REGISTRY_MISTAKES[mistake]
    mapping.write_text(mapping.read_text().replace(f"  {old}\n", f"  {new}\n", 1))
    finished = copied_project.run(generate)
    (line,) = finished.stderr.splitlines()
    assert (finished.returncode, message in line, "config/mappings/kraken_trades.yaml" in line) == (1, True, True), line
    assert generated_files(tmp_path) == before
    assert error_line(copied_project("run", "unify", "trades_unified", lake=tmp_path / "lake")) == line


def generated_files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.glob("dbt_project/**/*") if path.is_file()}
