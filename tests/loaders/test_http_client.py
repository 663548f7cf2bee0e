"""A response is limited in time and size, and its error is one line, whatever the exchange does with the connection."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lakehouse.errors import Misconfigured, SchemaHubError
from loaders.channels.http_client import HttpClient
from loaders.channels.rest import utc_now
from loaders.connector import Request, Response
from loaders.errors import BadRequest, ExchangeTooSlow, ExchangeUnavailable, ExchangeUnreachable, UnexpectedPayload
from tests.support.certificates import tls_of_server
from tests.support.connect_proxy import proxying

Play = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def exchange(play: Play, *, reads_first: bool = True) -> Iterator[str]:
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
                    if reads_first:
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


WHOLE = HEAD + b"Content-Length: 2\r\n\r\n[]"


@contextmanager
def keeping(heard: list[bytes], *, most: int = 100) -> Iterator[str]:
    """A host that notes requests and answers `most` of them on each connection; yields its address."""

    def play(connection: socket.socket) -> None:
        for _ in range(most):
            connection.sendall(WHOLE)
            if not (asked := connection.recv(65_536)):
                return
            heard.append(asked)

    with exchange(play) as url:
        yield url


def test_one_connection_serves_one_request_after_another() -> None:
    heard: list[bytes] = []
    with keeping(heard) as url:
        client = client_of(url)
        assert [client.get(Request("/trades")).body for _ in range(4)] == [b"[]"] * 4
        client.close()
    assert len(heard) == 3  # besides the one that came with the connection


def test_a_kept_connection_that_the_exchange_has_closed_is_replaced() -> None:
    with exchange(all_of(WHOLE)) as url:
        client = client_of(url)
        for _ in range(3):
            assert client.get(Request("/trades")).body == b"[]"
            time.sleep(0.1)
        client.close()


@pytest.mark.parametrize("begun", [b"", HEAD + b"\r\n["], ids=["before its head", "within its body"])
def test_closing_the_client_ends_a_request_in_progress(begun: bytes) -> None:
    began, errors = time.monotonic(), []

    def play(connection: socket.socket) -> None:
        connection.sendall(begun)
        time.sleep(10)

    def get(client: HttpClient) -> None:
        with pytest.raises(SchemaHubError) as caught:
            client.get(Request("/trades"))
        errors.append(caught.value)

    with exchange(play) as url:
        client = client_of(url)
        thread = threading.Thread(target=get, args=(client,))
        thread.start()
        time.sleep(0.3)
        client.close()
        thread.join(5)
    assert len(errors) == 1
    assert time.monotonic() - began < 5


def test_a_request_that_was_in_time_does_not_end_the_next_one_on_its_connection() -> None:
    def play(connection: socket.socket) -> None:
        for _ in range(6):
            connection.sendall(WHOLE)
            connection.recv(65_536)
            time.sleep(0.2)

    with exchange(play) as url:
        client = client_of(url, seconds=0.5)
        assert [client.get(Request("/trades")).body for _ in range(6)] == [b"[]"] * 6
        client.close()


def test_parameters_and_paths_are_escaped_once() -> None:
    heard: list[bytes] = []
    with keeping(heard) as url:
        client = client_of(url)
        client.get(Request("/"))
        client.get(Request("/data/%E5%B8%81.zip", {"symbol": "币&a", "since": "2026-01-05T00:00"}))
        client.close()
    assert heard[0].startswith(b"GET /data/%E5%B8%81.zip?symbol=%E5%B8%81%26a&since=2026-01-05T00%3A00 HTTP/1.1")


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("no_proxy", "all_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_gets_the_whole_address_and_its_own_password(no_proxy: pytest.MonkeyPatch, variable: str) -> None:
    heard: list[bytes] = []
    with keeping(heard) as url:
        no_proxy.setenv(variable, url.replace("http://", "http://me:s%40cret@"))
        client = client_of("http://exchange.test:81/base")
        client.get(Request("/first"))
        assert client.get(Request("/trades", {"a": "1"})).body == b"[]"
        client.close()
    assert heard[0].startswith(b"GET http://exchange.test:81/base/trades?a=1 HTTP/1.1\r\nHost: exchange.test:81\r\n")
    assert b"Proxy-Authorization: Basic bWU6c0BjcmV0\r\n" in heard[0]


def test_a_proxy_is_asked_for_a_tunnel_to_an_address_with_tls(no_proxy: pytest.MonkeyPatch) -> None:
    with proxying() as proxy, exchange(all_of(b"no TLS")) as url:
        proxy.answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
        no_proxy.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(ExchangeUnavailable, match="407 Proxy Authentication Required"):
            ask(url.replace("http://", "https://"))
        assert proxy.requests[0].startswith(f"CONNECT {url.removeprefix('http://')} HTTP/1.")


@pytest.mark.parametrize("names", ["127.0.0.1", "*", "else.test,127.0.0.1"])
def test_an_exchange_in_no_proxy_is_reached_directly(no_proxy: pytest.MonkeyPatch, names: str) -> None:
    no_proxy.setenv("ALL_PROXY", "http://127.0.0.1:9")
    no_proxy.setenv("NO_PROXY", names)
    with exchange(all_of(WHOLE)) as url:
        assert ask(url).body == b"[]"


@pytest.mark.parametrize("address", ["exchange.test", "ftp://exchange.test", "http://", "http://[::1", "http://a:b:c"])
def test_what_is_no_address_is_said_at_once(address: str) -> None:
    with pytest.raises(Misconfigured, match="is not an address"):
        client_of(address)


@contextmanager
def with_tls(certificate: Path, play: Play) -> Iterator[str]:
    """An exchange as `exchange`, with TLS."""
    context = tls_of_server(certificate)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(65_536)
            play(wrapped)

    with exchange(serve, reads_first=False) as url:
        yield url.replace("http://127.0.0.1", "https://localhost")


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path, no_proxy: pytest.MonkeyPatch) -> None:
    no_proxy.delenv("SSL_CERT_FILE", raising=False)
    with with_tls(certificate, all_of(WHOLE)) as url, pytest.raises(ExchangeUnreachable, match=r"CERTIFICATE_VERIFY"):
        ask(url)


def test_a_list_of_certificates_can_be_named(certificate: Path, no_proxy: pytest.MonkeyPatch) -> None:
    no_proxy.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    with with_tls(certificate, all_of(WHOLE)) as url:
        assert ask(url).body == b"[]"


def test_a_response_that_drips_through_tls_is_given_up_after_its_time(
    certificate: Path, no_proxy: pytest.MonkeyPatch
) -> None:
    no_proxy.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    began = time.monotonic()
    with (
        with_tls(certificate, drip(HEAD + b"X-Long: ", b"a")) as url,
        pytest.raises(ExchangeTooSlow, match="took more"),
    ):
        ask(url, seconds=0.5)
    assert time.monotonic() - began < 3


def test_an_exchange_that_begins_no_tls_is_given_up_after_its_time(no_proxy: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    with exchange(lambda _: time.sleep(5)) as url, pytest.raises(ExchangeUnavailable):
        ask(url.replace("http://", "https://"), seconds=0.5)
    assert time.monotonic() - began < 3
