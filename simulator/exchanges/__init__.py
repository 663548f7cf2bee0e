"""Fake exchanges on loopback: real HTTP and WebSockets, the exchanges' wire formats, one deterministic market.

    market.py                                 the trades, and nothing about exchanges
    price_path.py, events.py, order_flow.py   what the market draws: prices, their sudden moves, orders
    endless.py                                a market without an end, to be watched live
    tape.py, recordings.py                    the rows that an exchange serves, drawn or recorded
    quotes.py                                 the best bid and ask after a trade
    simulated_exchange.py, simulated/         the base class of simulated exchanges; a module or folder per exchange
    feed.py, connection.py                    what a WebSocket is sent, and the connection that sends it
    bulk_files.py, oddities.py                files of whole days, months and quarters, and what is odd in some
    budgets.py, faults.py                     request limits, and faults that can be switched on
    settings.py, clock.py, simulation.py      the settings of a run, the market's time, and the state of the run
    application.py, server.py                 the HTTP and WebSocket server
    child_process.py, command.py              ways to run the simulator

For tests, the demo and benchmarks: `with simulator.exchanges.running(trades=20_000) as running: ...`.
"""

from simulator.exchanges.child_process import RunningSimulator, running
from simulator.exchanges.market import DEFAULT_START, Market, Trade
from simulator.exchanges.server import serve
from simulator.exchanges.settings import DEFAULT_EXCHANGES, Settings, draw_market

__all__ = [
    "DEFAULT_EXCHANGES",
    "DEFAULT_START",
    "Market",
    "RunningSimulator",
    "Settings",
    "Trade",
    "draw_market",
    "running",
    "serve",
]
