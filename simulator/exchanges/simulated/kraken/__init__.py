"""Kraken spot: REST, WebSocket v2, and time and sales."""

from simulator.exchanges.simulated.kraken.rest import Kraken

EXCHANGE = Kraken
