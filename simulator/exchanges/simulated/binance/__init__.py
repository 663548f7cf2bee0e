"""Binance spot: REST, WebSocket streams and bulk files."""

from simulator.exchanges.simulated.binance.rest import Binance

EXCHANGE = Binance
