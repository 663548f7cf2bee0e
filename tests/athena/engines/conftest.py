"""Two lakes with the simulator's trades, made by the command line: one in a folder, one in S3 and Glue by Athena."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from pyiceberg.table import Table

from lakehouse.lake import Lake, identifier
from lakehouse.open import open_lake
from simulator.aws.local_athena import LocalAthena
from simulator.exchanges import RunningSimulator
from tests.lakes import glue_home
from tests.schemahub.conftest import ROOT, Cli

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
        """What a command says; it must say nothing else."""
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


@pytest.fixture(scope="session")
def lake_in_folder(shared_exchanges: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> FilledLake:
    folder = tmp_path_factory.mktemp("with a space")
    lake = FilledLake(str(folder / "lake"), _cli(shared_exchanges, tmp_path_factory, {}))
    lake.fill()
    return lake


@pytest.fixture(scope="session")
def lake_in_glue(
    shared_exchanges: RunningSimulator, shared_athena: LocalAthena, tmp_path_factory: pytest.TempPathFactory
) -> FilledLake:
    """To be opened where `shared_athena` is in use."""
    with shared_athena.in_use():
        home = glue_home(shared_athena.new_bucket(), tmp_path_factory.mktemp("glue"))
    environment = {**shared_athena.environment, **home.environment, "SCHEMAHUB_WORKGROUP": "primary"}
    lake = FilledLake(home.location, _cli(shared_exchanges, tmp_path_factory, environment))
    lake.fill()
    return lake


def _cli(exchanges: RunningSimulator, factory: pytest.TempPathFactory, changes: Mapping[str, str]) -> Cli:
    folder = factory.mktemp("cli")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCHEMAHUB_", "AWS_"))}
    ours = {
        "PYTHONPATH": str(ROOT),
        "SCHEMAHUB_DBT_TARGET_PATH": str(folder / "target"),
        "SCHEMAHUB_SINCE": "2026-01-05",
    }
    return Cli({**kept, **exchanges.environment, **ours, **changes}, folder)
