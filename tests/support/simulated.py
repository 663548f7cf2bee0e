"""Which connectors the tests can run against a simulated exchange, and what that exchange serves."""

from collections.abc import Mapping
from typing import Any

import pytest

from loaders.connector import Connector
from registry.registry import load_registry
from simulator.exchanges import RunningSimulator


def skip_unless_simulated(connector: Connector, exchanges: RunningSimulator) -> None:
    """Skip the test of a connector whose exchange the simulator doesn't have, and name the exchange."""
    if connector.name not in exchanges.urls:
        pytest.skip(
            f"{connector.name} has no simulated exchange: "
            f"add simulator/exchanges/simulated/{connector.name}.py to have it tested"
        )


def served_products(exchanges: RunningSimulator, connector: Connector) -> Mapping[str, dict[str, Any]]:
    """What the simulator serves, by the names that the product lists give."""
    names = {
        product.canonical_symbol: product.symbol
        for product in load_registry().products
        if product.exchange.lower() == connector.name
    }
    return {names[listed["symbol"]]: listed for listed in exchanges.market()[connector.name].values()}
