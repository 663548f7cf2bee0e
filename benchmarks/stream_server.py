"""`python -m benchmarks.stream_server COUNT RATE`: send trades over WebSocket, as Binance, Coinbase and Kraken do.

It prints one address for each exchange. A client that subscribes gets COUNT messages with a trade each, RATE of them a
second, in steps of a millisecond; with RATE 0 as many as it reads. It ends with its standard input.
"""

import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from subprocess import PIPE, Popen

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from .measure import CannotMeasure, expect
from .stream_messages import ACKNOWLEDGEMENTS, MESSAGES

_STEP_SECONDS = 0.001
_AT_ONCE = 50


@contextmanager
def serving(count: int, rate: float) -> Iterator[dict[str, str]]:
    """The address of each exchange's server, all of them in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.stream_server", str(count), str(rate)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise CannotMeasure("the server of streams doesn't say its addresses")
            addresses = dict(process.stdout.readline().split() for _ in MESSAGES)
            expect("the exchanges of the server of streams", list(addresses), list(MESSAGES))
            yield addresses
        finally:
            process.kill()


def main(arguments: Sequence[str]) -> int:
    """Serve until the standard input ends."""
    count, rate = int(arguments[0]), float(arguments[1])
    for name, messages in MESSAGES.items():
        frames = [_frame(text) for text in messages(count)]
        listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=_serve, args=(listening, name, frames, rate), daemon=True).start()
        print(f"{name} ws://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    sys.stdin.read()
    return 0


def _frame(text: bytes) -> bytes:
    length = len(text)
    return (bytes([0x81, length]) if length < 126 else b"\x81\x7e" + struct.pack(">H", length)) + text


def _serve(listening: socket.socket, name: str, frames: list[bytes], rate: float) -> None:
    connected, _ = listening.accept()
    protocol = ServerProtocol()
    while not _is_subscription(protocol, connected):
        connected.sendall(b"".join(protocol.data_to_send()))
    connected.sendall(_frame(ACKNOWLEDGEMENTS[name]))
    began, sent = time.monotonic(), 0
    while sent < len(frames):
        due = min(len(frames), int((time.monotonic() - began) * rate) if rate else sent + _AT_ONCE)
        for frame in frames[sent:due]:
            connected.sendall(frame)  # each alone, as an exchange does
        sent = due
        if rate:
            time.sleep(_STEP_SECONDS)


def _is_subscription(protocol: ServerProtocol, connected: socket.socket) -> bool:
    """Read more, accept the handshake, and say whether a message has come."""
    protocol.receive_data(connected.recv(65_536))
    for event in protocol.events_received():
        if isinstance(event, Request):
            protocol.send_response(protocol.accept(event))
        elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
