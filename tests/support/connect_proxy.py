"""A proxy on loopback that understands CONNECT and nothing else."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class ConnectProxy:
    answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n"
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        request = client.recv(65536).decode()
        self.requests.append(request)
        host, _, port = request.split(" ")[1].rpartition(":")
        with socket.create_connection((host, int(port))) as target, client:
            client.sendall(self.answer)
            if b" 200 " not in self.answer:
                return
            other_way = threading.Thread(target=_pass_on, args=(target, client), daemon=True)
            other_way.start()
            _pass_on(client, target)
            other_way.join()


def _pass_on(giver: socket.socket, taker: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := giver.recv(65536):
            taker.sendall(data)
        taker.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def proxying() -> Iterator[ConnectProxy]:
    proxy = ConnectProxy()
    try:
        yield proxy
    finally:
        with contextlib.suppress(OSError):
            proxy.listening.shutdown(socket.SHUT_RDWR)
        proxy.listening.close()
