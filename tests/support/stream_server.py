"""A WebSocket server on loopback that does what a test says: answers, pushes, falls silent, refuses or cuts."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

PATIENCE = 10.0


@dataclass
class Client:
    """A connection, as the server sees it."""

    path: str
    authorization: str | None
    connected: socket.socket
    protocol: ServerProtocol
    texts: list[str] = field(default_factory=list)
    pings: int = 0
    sent_pings: int = 0
    pongs: list[bytes] = field(default_factory=list)
    is_frozen: bool = False
    is_open: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def push(self, *texts: str | bytes) -> None:
        with self.lock, contextlib.suppress(InvalidState):  # the other side may have closed meanwhile
            for text in texts:
                self.protocol.send_text(text.encode() if isinstance(text, str) else text)
            self.flush()

    def push_in_fragments(self, *parts: str) -> None:
        with self.lock:
            self.protocol.send_text(parts[0].encode(), fin=False)
            for place, part in enumerate(parts[1:], start=2):
                self.protocol.send_ping(b"between")
                self.protocol.send_continuation(part.encode(), fin=place == len(parts))
            self.flush()

    def ping(self) -> None:
        with self.lock, contextlib.suppress(InvalidState):
            self.sent_pings += 1
            self.protocol.send_ping(b"20 s")
            self.flush()

    def end(self, code: int = 1001) -> None:
        with self.lock:
            self.protocol.send_close(code, "going away")
            self.flush()

    def cut(self) -> None:
        """Reset the connection, as a router does that has forgotten it."""
        self.connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connected.shutdown(socket.SHUT_RD)  # wakes the thread that reads, which closes it

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self.connected.sendall(b"".join(self.protocol.data_to_send()))


@dataclass
class StreamServer:
    """`answer` returns what to send in reply to a message; `refuse_with` is an HTTP status for the next handshakes."""

    answer: Callable[[Client, str], list[str]]
    refuse_with: int | None = None
    is_deaf: bool = False
    """Whether connections are accepted without a reply."""
    tls: ssl.SSLContext | None = None
    clients: list[Client] = field(default_factory=list)
    handshakes: int = 0
    _subscribed: list[Client] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'wss' if self.tls else 'ws'}://localhost:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for client in self.clients:
            with contextlib.suppress(OSError):
                client.connected.shutdown(socket.SHUT_RDWR)

    def client(self, number: int = 0) -> Client:
        """The connection with this number of those that have subscribed, as soon as there is one."""
        wait_until(lambda: len(self._subscribed) > number)
        return self._subscribed[number]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connected, _ = self.listening.accept()
                threading.Thread(target=self._serve, args=(connected,), daemon=True).start()

    def _serve(self, connected: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as closing:
            closing.callback(lambda: connected.close())
            if self.tls is not None:
                connected = self.tls.wrap_socket(connected, server_side=True)
            while self.is_deaf:
                time.sleep(0.01)
            client = self._shake_hands(connected)
            if client is not None:
                self._talk(client)

    def _shake_hands(self, connected: socket.socket) -> Client | None:
        protocol = ServerProtocol()
        request = None
        while not isinstance(request, Request):
            protocol.receive_data(connected.recv(65536))
            request = next(iter(protocol.events_received()), None)
        self.handshakes += 1
        client = Client(request.path, request.headers.get("Authorization"), connected, protocol)
        if self.refuse_with is not None:
            response = protocol.reject(self.refuse_with, "refused\n")
            response.headers["Retry-After"] = "1"
            response.headers["Location"] = "wss://elsewhere.example/"
        else:
            response = protocol.accept(request)
        protocol.send_response(response)
        client.flush()
        if self.refuse_with is not None:
            return None
        self.clients.append(client)
        return client

    def _talk(self, client: Client) -> None:
        while client.protocol.state is State.OPEN:
            data = client.connected.recv(65536)
            while client.is_frozen and data:
                time.sleep(0.01)
            with client.lock:
                client.protocol.receive_data(data) if data else client.protocol.receive_eof()
                events = client.protocol.events_received()
                client.flush()
            for event in events:
                if isinstance(event, Frame) and event.opcode is Opcode.PING:
                    client.pings += 1
                if isinstance(event, Frame) and event.opcode is Opcode.PONG:
                    client.pongs.append(bytes(event.data))
                if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    text = bytes(event.data).decode()
                    client.texts.append(text)
                    if len(client.texts) == 1:
                        self._subscribed.append(client)
                    client.push(*self.answer(client, text))
        client.is_open = False


def never(client: Client, text: str) -> list[str]:
    """An exchange that doesn't reply."""
    return []


@contextlib.contextmanager
def serving(**options: object) -> Iterator[StreamServer]:
    server = StreamServer(**options)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.stop()


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
