"""Which connectors the tests can run against a simulated exchange."""

import pytest

from loaders.connector import Connector
from simulator.exchanges import RunningSimulator


def skip_unless_simulated(connector: Connector, exchanges: RunningSimulator) -> None:
    """Skip the test of a connector whose exchange the simulator doesn't have, and name the exchange."""
    if connector.name not in exchanges.urls:
        pytest.skip(
            f"{connector.name} has no simulated exchange: "
            f"add simulator/exchanges/simulated/{connector.name}.py to have it tested"
        )
