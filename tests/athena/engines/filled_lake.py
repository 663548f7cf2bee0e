"""A lake that the command line fills with simulated trades."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from pyiceberg.table import Table

from lakehouse.lake import Lake, identifier
from lakehouse.open import open_lake
from simulator.exchanges import RunningSimulator
from tests.support.command_line import ROOT, Cli

EXCHANGES = ("binance", "coinbase", "kraken")
TABLES = ("raw_binance_trades", "schemahub_loads", "trades_unified", "trades_1m_versions")


@dataclass(frozen=True)
class FilledLake:
    """A lake after two loads of each raw table, unified."""

    location: str
    cli: Cli

    def open(self) -> Lake:
        return open_lake(self.location)

    def tables(self) -> Mapping[str, Table]:
        catalog = self.open().catalog
        return {name: catalog.load_table(identifier(name)) for name in TABLES}

    def printed(self, command: str) -> str:
        """A command's standard output; standard error must be empty."""
        finished = self.cli(command, lake=self.location)
        assert (finished.returncode, finished.stderr) == (0, "")
        return finished.stdout

    def fill(self) -> None:
        for command in (
            ("run", "ingest", *EXCHANGES, "--symbols", "BTC-USDT"),
            ("run", "pipeline", "trades_unified", "--symbols", "BTC-USDT,ETH-USDT"),
        ):
            finished = self.cli(*command, lake=self.location)
            assert finished.returncode == 0, finished.stderr


def cli_of(exchanges: RunningSimulator, factory: pytest.TempPathFactory, changes: Mapping[str, str]) -> Cli:
    folder = factory.mktemp("cli")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCHEMAHUB_", "AWS_"))}
    ours = {
        "PYTHONPATH": str(ROOT),
        "SCHEMAHUB_DBT_TARGET_PATH": str(folder / "target"),
        "SCHEMAHUB_SINCE": "2026-01-05",
    }
    return Cli({**kept, **exchanges.environment, **ours, **changes}, folder)
