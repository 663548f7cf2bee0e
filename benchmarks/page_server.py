"""`python -m benchmarks.page_server EXCHANGE FOLDER`: serve canned pages of trades over HTTP on loopback.

It prints its address, and then answers every request of a connector's walk with one of the bodies. It ends with its
standard input.
"""

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from subprocess import PIPE, Popen
from urllib.parse import parse_qsl, urlsplit

from .canned import Bodies
from .measure import CannotMeasure
from .trades import PAGE


@contextmanager
def serving(exchange: str, folder: Path) -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.page_server", exchange, str(folder)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            if process.stdout is None or not (address := process.stdout.readline().strip()):
                raise CannotMeasure("the server of pages doesn't say its address")
            yield address
        finally:
            process.kill()


def main(arguments: Sequence[str]) -> int:
    """Serve until the standard input ends."""
    exchange, folder = arguments
    bodies = Bodies.open(exchange, Path(folder))
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listening, exchange, bodies), daemon=True).start()
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    sys.stdin.read()
    return 0


def _accept(listening: socket.socket, exchange: str, bodies: Bodies) -> None:
    while True:
        connected, _ = listening.accept()
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_serve, args=(connected, _PAGES[exchange], bodies), daemon=True).start()


def _serve(connected: socket.socket, page_of: Callable[[Mapping[str, str], int], int], bodies: Bodies) -> None:
    with connected, bodies.file.open("rb") as file:
        asked = b""
        while received := connected.recv(65_536):
            asked += received
            if not asked.endswith(b"\r\n\r\n"):
                continue
            target, asked = asked.split(b" ", 2)[1].decode(), b""
            page = page_of(dict(parse_qsl(urlsplit(target).query)), len(bodies.places) - 1)
            low, high = bodies.places[page : page + 2]
            head = f"HTTP/1.1 200 OK\r\nDate: {formatdate(usegmt=True)}\r\nContent-Length: {high - low}\r\n\r\n"
            connected.sendall(head.encode())
            while low < high:
                low += os.sendfile(connected.fileno(), file.fileno(), low, high - low)


def _binance(asked: Mapping[str, str], _: int) -> int:
    return (int(asked["fromId"]) - 1) // PAGE


def _coinbase(asked: Mapping[str, str], pages: int) -> int:
    return (int(asked["after"]) - 1) // PAGE - 1 if "after" in asked else pages - 1


_PAGES = {"binance": _binance, "coinbase": _coinbase}
"""For each exchange, the page that a request is for, given its parameters and the number of pages."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
