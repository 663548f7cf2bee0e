"""The command line as a person runs it: a process of its own, against the simulated exchanges.

    cli("run", "ingest", "binance", lake=lake, SCHEMAHUB_SYMBOLS="BTC-USDT")

Lakes are examined with pyiceberg only, so that none of our own code affects what is found there.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from loaders.connectors import load_connector
from registry.registry import load_registry
from simulator.exchanges import RunningSimulator
from simulator.exchanges.simulated import simulated_exchanges
from tests.support.warm_python import can_be_warm, warm_python

ROOT = Path(__file__).resolve().parents[2]

Finished = subprocess.CompletedProcess[str]

ID_COLUMNS = {
    name: (raw.stream_column, raw.id_column) for name in simulated_exchanges() for raw in [load_connector(name).raw]
}
"""For each simulated exchange the columns of the symbol and of the trade's id in its raw table."""


@dataclass(frozen=True)
class Cli:
    """Runs `schemahub` with no settings other than those given."""

    environment: Mapping[str, str]
    folder: Path
    """The folder that the command runs in, where anything written to a default path would be noticed."""
    prefix: tuple[str, ...] = ()
    """A command to start `schemahub` with, which comes before its own command line."""

    def __call__(self, *arguments: str, lake: Path | str | None = None, **changes: str) -> Finished:
        """Run a command to its end; `changes` are environment variables."""
        command = ["-m", "schemahub.cli", *arguments]
        environment = self.environment_of(lake, **changes)
        if self.prefix or not can_be_warm(environment):
            return self.run([*self.prefix, sys.executable, *command], lake=lake, **changes)
        return warm_python().run(command, environment=environment, folder=self.folder, timeout=600)

    def run(self, command: list[str], *, lake: Path | str | None = None, **changes: str) -> Finished:
        environment = self.environment_of(lake, **changes)
        return subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=600, check=False
        )

    def start(self, *arguments: str, lake: Path) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "schemahub.cli", *arguments],
            env=self.environment_of(lake),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def environment_of(self, lake: Path | str | None, **changes: str) -> dict[str, str]:
        return {**self.environment, **({} if lake is None else {"SCHEMAHUB_LAKE": str(lake)}), **changes}


def error_line(finished: Finished) -> str:
    """The one line that a failed command prints, without its `error: `."""
    assert finished.returncode == 1, finished.stderr
    assert finished.stderr.count("\n") == 1, finished.stderr
    line = finished.stderr.rstrip("\n")
    prefix, _, message = line.partition("error: ")
    assert prefix == "", line
    return message


def catalog(lake: Path) -> SqlCatalog:
    return SqlCatalog("schemahub", uri=f"sqlite:///{lake}/catalog.db")


def iceberg_table(lake: Path, name: str) -> Table:
    return catalog(lake).load_table(f"schemahub.{name}")


def snapshots(lake: Path) -> dict[str, list[int]]:
    """The snapshot ids of every table of a lake; empty if there is no lake."""
    if not (lake / "catalog.db").exists():
        return {}
    tables = catalog(lake)
    return {
        name[-1]: [snapshot.snapshot_id for snapshot in tables.load_table(name).metadata.snapshots]
        for name in tables.list_tables("schemahub")
    }


def leftovers(lake: Path) -> list[Path]:
    """Files of loads that never finished, and data files of raw tables that no snapshot refers to."""
    working = [path for path in (lake / ".schemahub" / "landing").rglob("*") if path.is_file()]
    return working + [path for exchange in ID_COLUMNS for path in _unknown_files(lake, f"raw_{exchange}_trades")]


def _unknown_files(lake: Path, name: str) -> list[Path]:
    found = set((lake / "schemahub" / name / "data").rglob("*"))
    if not found:
        return []
    known = {
        Path(task.file.file_path.removeprefix("file://")) for task in iceberg_table(lake, name).scan().plan_files()
    }
    return sorted(found - known)


def landed_ids(lake: Path, exchange: str) -> Counter[tuple[str, int]]:
    """How often each (symbol, trade id) occurs in the raw table of an exchange."""
    try:
        table = iceberg_table(lake, f"raw_{exchange}_trades")
    except NoSuchTableError:
        return Counter()
    symbol, trade_id = ID_COLUMNS[exchange]
    rows = table.scan(selected_fields=(symbol, trade_id)).to_arrow()
    return Counter(zip(rows[symbol].to_pylist(), map(int, rows[trade_id].to_pylist()), strict=True))


@dataclass(frozen=True)
class Served:
    """The trades that the simulator has of one product, by the exchange's symbol."""

    exchange: str
    symbol: str
    trades: int
    first_id: int
    last_id: int

    @property
    def ids(self) -> list[tuple[str, int]]:
        return [(self.symbol, trade_id) for trade_id in range(self.first_id, self.last_id + 1)]


def served(exchanges: RunningSimulator, *canonical: str) -> list[Served]:
    names = {
        (product.exchange.lower(), product.canonical_symbol): product.symbol for product in load_registry(ROOT).products
    }
    return [
        Served(exchange, names[exchange, listed["symbol"]], listed["trades"], listed["first_id"], listed["last_id"])
        for exchange, products in sorted(exchanges.market().items())
        for listed in products.values()
        if listed["symbol"] in canonical and listed["trades"]
    ]


def ledger(lake: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = iceberg_table(lake, "schemahub_loads").scan().to_arrow().to_pylist()
    return rows


def assert_everything_landed_once(lake: Path, products: list[Served]) -> None:
    """Check that raw tables hold each trade once, that the ledger agrees, and that no stray files are left."""
    for exchange in {product.exchange for product in products}:
        wanted = [trade for product in products if product.exchange == exchange for trade in product.ids]
        assert landed_ids(lake, exchange) == Counter(wanted), exchange
    counted: Counter[tuple[str, str]] = Counter()
    for row in ledger(lake):
        counted[row["source"], row["stream"]] += row["row_count"]
    assert counted == {(product.exchange, product.symbol): product.trades for product in products}
    assert leftovers(lake) == []
