"""Serve the exchanges on loopback until the server is stopped."""

import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType

import uvicorn

from simulator.exchanges.application import build_application
from simulator.exchanges.settings import Settings, open_exchanges
from simulator.exchanges.simulated import simulated_exchanges
from simulator.exchanges.simulation import Simulation

HOST = "127.0.0.1"
READY = "Simulator ready"
# Binance waits a minute for a pong; the others do not say.
_PONG_WITHIN_S = 60


def exchange_urls(base_url: str) -> dict[str, str]:
    """The base URL of each exchange, below the simulator's own."""
    return {name: f"{base_url}/{name}" for name in simulated_exchanges()}


def stream_urls(base_url: str) -> dict[str, str]:
    """The base URL of each exchange's WebSockets, below the simulator's own."""
    return exchange_urls(base_url.replace("http://", "ws://", 1))


def exchange_environment(urls: dict[str, str]) -> dict[str, str]:
    """The environment variables that point clients at these URLs: `SCHEMAHUB_BINANCE_URL`, ..."""
    return {f"SCHEMAHUB_{name.upper()}_URL": url for name, url in urls.items()}


def serve(settings: Settings, *, port: int = 0, until_stdin_closes: bool = False) -> None:
    """Serve until SIGINT or SIGTERM, or until standard input closes; port 0 chooses a free one.

    Prints one line when it is ready, and then the environment variables for clients as `export` lines.

    Raises:
        ValueError: the settings can't be served, because of a fault or a folder of recordings.
        OSError: the port is in use.
    """
    # asyncio sends without waiting for acknowledgements (40 ms) only if the socket was created with the TCP protocol.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        opened = open_exchanges(settings)
        simulation = Simulation(opened, settings)
        server = _Server(
            uvicorn.Config(
                build_application(simulation),
                log_level="warning",
                loop="asyncio",  # the same, whatever else is installed
                timeout_graceful_shutdown=1,
                ws="websockets-sansio",
                ws_ping_interval=settings.ping_interval_s,
                ws_ping_timeout=_PONG_WITHIN_S,
                ws_per_message_deflate=False,
            )
        )
        logging.getLogger("uvicorn.error").addFilter(_is_not_a_cut)
        listener.listen(512)
        server.stop_on_signals()
        trades = sum(len(tape) for exchange in opened for tape in exchange.tapes)
        served = "trades without an end" if settings.endless else f"{trades:,} trades"
        _announce(f"http://{HOST}:{listener.getsockname()[1]}", served)
        if until_stdin_closes:
            threading.Thread(target=server.stop_when_stdin_closes, daemon=True).start()
        server.run([listener])


class _Server(uvicorn.Server):
    def stop_on_signals(self) -> None:
        # uvicorn has its own handlers while it serves; ours are called before and after that. So an early signal is not
        # lost, and a signal that stopped the server does not end the process as if it had failed.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.should_exit = True

    def stop_when_stdin_closes(self) -> None:
        # os.read instead of sys.stdin, whose lock a daemon thread must not hold when the interpreter ends.
        while os.read(sys.stdin.fileno(), 1024):
            pass
        self.should_exit = True


def _is_not_a_cut(record: logging.LogRecord) -> bool:
    # uvicorn logs this error for the fault `cut`, which is intended.
    return "returned without completing response" not in record.getMessage()


def _announce(base_url: str, served: str) -> None:
    exports = (f"export {name}={url}" for name, url in exchange_environment(exchange_urls(base_url)).items())
    print(f"{READY} on {base_url}: {served}", *exports, sep="\n", flush=True)
