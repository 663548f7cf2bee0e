"""Two lakes filled by the command line with simulated trades: one in a folder, one in S3 and Glue with Athena."""

import pytest

from simulator.aws.local_athena import LocalAthena
from simulator.exchanges import RunningSimulator
from tests.athena.engines.filled_lake import FilledLake, cli_of
from tests.support.lakes import glue_home


@pytest.fixture(scope="session")
def lake_in_folder(shared_exchanges: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> FilledLake:
    folder = tmp_path_factory.mktemp("with a space")
    lake = FilledLake(str(folder / "lake"), cli_of(shared_exchanges, tmp_path_factory, {}))
    lake.fill()
    return lake


@pytest.fixture(scope="session")
def lake_in_glue(
    shared_exchanges: RunningSimulator, shared_athena: LocalAthena, tmp_path_factory: pytest.TempPathFactory
) -> FilledLake:
    """A lake that can be opened while `shared_athena` is in use."""
    with shared_athena.in_use():
        home = glue_home(shared_athena.new_bucket(), tmp_path_factory.mktemp("glue"))
    environment = {**shared_athena.environment, **home.environment, "SCHEMAHUB_WORKGROUP": "primary"}
    lake = FilledLake(home.location, cli_of(shared_exchanges, tmp_path_factory, environment))
    lake.fill()
    return lake
