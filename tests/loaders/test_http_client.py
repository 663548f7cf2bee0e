"""A response is limited in time and size, and its error is one line, whatever the exchange does with the connection."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lakehouse.errors import Misconfigured, SchemaHubError
from loaders.channels.http_client import HttpClient
from loaders.channels.rest import utc_now
from loaders.connector import Request, Response
from loaders.errors import BadRequest, ExchangeTooSlow, ExchangeUnavailable, UnexpectedPayload

Play = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def exchange(play: Play) -> Iterator[str]:
    """An exchange that reads a request on each connection and then calls `play`; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.recv(65_536)
                    play(connection)
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def ask(url: str, *, seconds: float = 20.0, silence: float = 20.0) -> Response:
    client = client_of(url, seconds=seconds, silence=silence)
    try:
        return client.get(Request("/trades"))
    finally:
        client.close()


def client_of(url: str, *, seconds: float = 20.0, silence: float = 20.0) -> HttpClient:
    return HttpClient(
        "exchange",
        url,
        transport=None,
        seconds=seconds,
        silence=silence,
        clock=time.monotonic,
        now=utc_now,
        stopping=threading.Event(),
    )


def all_of(answer: bytes) -> Play:
    return lambda connection: connection.sendall(answer)


def drip(head: bytes, byte: bytes) -> Play:
    def play(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(byte)
            time.sleep(0.02)

    return play


def endless(head: bytes, part: bytes) -> Play:
    def play(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(part)

    return play


@pytest.mark.parametrize(
    "play",
    [
        drip(HEAD + b"Content-Length: 100000\r\n\r\n", b"["),
        drip(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"[]")[:10], b""),
        drip(HEAD + b"X-Long: ", b"a"),
        drip(b"", b"H"),
    ],
    ids=["a body byte by byte", "a compressed body without output", "a header byte by byte", "no end of the status"],
)
def test_a_response_that_drips_is_given_up_after_its_time(play: Play) -> None:
    began = time.monotonic()
    with exchange(play) as url, pytest.raises(ExchangeUnavailable, match=r"exchange"):
        ask(url, seconds=0.3, silence=0.3)
    assert time.monotonic() - began < 3


def test_an_exchange_that_sends_nothing_is_given_up() -> None:
    with exchange(lambda _: time.sleep(1)) as url, pytest.raises(ExchangeTooSlow, match="fell silent"):
        ask(url, silence=0.2)


@pytest.mark.parametrize(
    "play",
    [
        endless(HEAD + b"\r\n", b"[" * 2**20),
        all_of(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"[" * 2**28)),
    ],
    ids=["endless", "compressed"],
)
def test_a_response_that_is_too_large_is_not_read_to_its_end(play: Play) -> None:
    with exchange(play) as url, pytest.raises(UnexpectedPayload, match="more than 67,108,864 bytes"):
        ask(url)


def test_a_response_may_be_compressed_as_requested() -> None:
    body = gzip.compress(b'[{"id":1}]')
    with exchange(
        all_of(HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    ) as url:
        assert ask(url).body == b'[{"id":1}]'


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "\x1b[31m"])
def test_a_compression_that_was_not_requested_is_reported_at_once(encoding: str) -> None:
    head = HEAD + f"Content-Encoding: {encoding}\r\n\r\n".encode()
    with exchange(all_of(head + b"\x8b\x02\x80")) as url, pytest.raises(SchemaHubError) as caught:
        ask(url)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("body", [gzip.compress(b"[]" * 1000)[:-12], b"no gzip"], ids=["cut", "none"])
def test_a_broken_compression_may_pass(body: bytes) -> None:
    with (
        exchange(all_of(HEAD + b"Content-Encoding: gzip\r\n\r\n" + body)) as url,
        pytest.raises(ExchangeUnavailable, match=r"^exchange: a response from .* (can't be decompressed|ended before)"),
    ):
        ask(url)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_move_is_named_and_not_followed(status: int) -> None:
    head = f"HTTP/1.1 {status} Moved\r\nLocation: https://me:secret@else.test/x?key=1\r\nContent-Length: 0\r\n\r\n"
    with exchange(all_of(head.encode())) as url, pytest.raises(BadRequest) as caught:
        ask(url)
    assert f"HTTP {status}" in str(caught.value)
    assert "redirects to https://else.test/x, and redirects are not followed" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_error_is_known_by_its_status_whatever_its_body_does() -> None:
    head = b"HTTP/1.1 418 Teapot\r\nRetry-After: 7\r\n\r\n"
    with exchange(endless(head, b"x" * 2**20)) as url:
        answer = ask(url)
    assert (answer.status, answer.retry_after) == (418, 7)
    assert len(answer.body) <= 2**16


def test_a_password_is_sent_and_shown_nowhere() -> None:
    heard: list[bytes] = []

    def play(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n[]")

    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            connection, _ = server.accept()
            with connection:
                heard.append(connection.recv(65_536))
                play(connection)

        thread = threading.Thread(target=listen)
        thread.start()
        client = client_of(f"http://me:s%40cret@127.0.0.1:{server.getsockname()[1]}/base")
        assert client.get(Request("/trades")).body == b"[]"
        client.close()
        thread.join()
    assert b"Authorization: Basic bWU6c0BjcmV0" in heard[0]  # me:s@cret
    assert heard[0].startswith(b"GET /base/trades ")
    assert "cret" not in client.address


def test_a_proxy_that_cannot_be_used_is_reported_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "foo://me:secret@proxy.test:1")
    with pytest.raises(Misconfigured, match="HTTPS_PROXY") as caught:
        client_of("https://exchange.test")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
