"""Fake exchanges on loopback: real HTTP, the venues' wire formats, one deterministic market.

    market.py, price_path.py, order_flow.py   the trades, and nothing about venues
    tape.py, recordings.py                    what a venue serves, drawn or recorded
    venue.py, venues/                         what a venue is; one module per venue
    budgets.py, faults.py                     limits, and what can go wrong
    settings.py, application.py, server.py    HTTP
    child_process.py, command.py              ways to run it

For tests, the demo and benchmarks: `with simulator.exchanges.running(trades=20_000) as exchange: ...`.
"""

from simulator.exchanges.child_process import RunningSimulator, running
from simulator.exchanges.market import Market, Trade
from simulator.exchanges.server import serve
from simulator.exchanges.settings import Settings, draw_market

__all__ = ["Market", "RunningSimulator", "Settings", "Trade", "draw_market", "running", "serve"]
