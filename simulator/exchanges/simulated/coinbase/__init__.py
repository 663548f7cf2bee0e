"""Coinbase Exchange: REST and the WebSocket feed."""

from simulator.exchanges.simulated.coinbase.rest import Coinbase

EXCHANGE = Coinbase
