"""Opening connections: addresses, passwords, TLS and proxies."""

import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakehouse.errors import Misconfigured, SchemaHubError
from loaders.channels.stream import Listener
from tests.support.certificates import tls_of_server
from tests.support.connect_proxy import ConnectProxy, proxying
from tests.support.stream_dialects import PRODUCTS, STREAMS, Trade, acknowledge, messages
from tests.support.stream_server import StreamServer, serving, wait_until

COINBASE = STREAMS["coinbase"]


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with serving(answer=acknowledge) as server:
        yield server


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectProxy]:
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with proxying() as proxy:
        yield proxy


def listening(server: StreamServer, **options: object) -> Listener:
    given = {"url": server.url, "random": lambda: 0.1, **options}
    return Listener(COINBASE, PRODUCTS["coinbase"], **given)  # type: ignore[arg-type]


def sent(*ids: int) -> list[str]:
    return messages(COINBASE, PRODUCTS["coinbase"][0], [Trade(each) for each in ids])


def trades_heard(listener: Listener, count: int) -> int:
    found: list[int] = []

    def take() -> bool:
        found.extend(run.rows.num_rows for run in listener.take(0.02))
        return sum(found) >= count

    wait_until(take)
    return sum(found)


def fast(speed: float) -> Callable[[], float]:
    return lambda: time.monotonic() * speed


def error_of(listener: Listener) -> SchemaHubError:
    wait_until(lambda: listener.is_over)
    with pytest.raises(SchemaHubError) as raised:
        listener.take(0)
    return raised.value


@pytest.mark.parametrize("url", ["http://localhost:1", "localhost", "", "ws://", "ws://[::1"])
def test_an_address_of_something_else_is_refused(server: StreamServer, url: str) -> None:
    with listening(server, url=url or " ") as listener:
        assert isinstance(error_of(listener), Misconfigured)


def test_a_password_is_sent_and_never_shown(server: StreamServer) -> None:
    with listening(server, url=server.url.replace("ws://", "ws://me:secret@")) as listener:
        assert server.client().authorization == "Basic bWU6c2VjcmV0"
        assert "secret" not in listener.address + repr(listener)
        server.refuse_with = 503
        server.clients[0].cut()
        wait_until(lambda: "503" in str(listener.state.connections[0].trouble))
        assert "secret" not in repr(listener.state)


def test_a_silent_port_is_given_up(server: StreamServer) -> None:
    server.is_deaf = True
    with listening(server, seconds_to_connect=0.1, clock=fast(20)) as listener:
        assert "accepted no WebSocket: " in str(error_of(listener))
    server.is_deaf = False


def test_trades_come_over_tls(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=f"{certificate}.crt")
    with (
        serving(answer=acknowledge, tls=tls_of_server(certificate)) as server,
        listening(server, tls=trusting) as listener,
    ):
        server.client().push(*sent(*range(5_000)))
        assert trades_heard(listener, 5_000) == 5_000


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with serving(answer=acknowledge, tls=tls_of_server(certificate)) as server, listening(server) as listener:
        assert "CERTIFICATE_VERIFY_FAILED" in str(error_of(listener))


def test_a_proxy_is_used_if_the_environment_names_one(
    server: StreamServer, proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy.url.replace("http://", "http://me:secret@"))
    with listening(server) as listener:
        server.client().push(*sent(1))
        assert trades_heard(listener, 1) == 1
    place = server.url.removeprefix("ws://")
    assert proxy.requests == [
        f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
    ]


def test_a_proxy_that_refuses_is_reported_in_one_line(
    server: StreamServer, proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
    monkeypatch.setenv("https_proxy", proxy.url.replace("http://", "http://me:secret@"))
    with listening(server, clock=fast(20)) as listener:
        error = error_of(listener)
    assert "answered 'HTTP/1.1 407 Proxy Authentication Required'" in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize("scheme", ["socks5", "https", "nonsense"])
def test_a_proxy_of_another_kind_is_refused(
    server: StreamServer, proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("https_proxy", f"{scheme}://me:secret@localhost:1")
    with listening(server) as listener:
        error = error_of(listener)
    assert isinstance(error, Misconfigured)
    assert f"the proxy {scheme}://localhost:1 can't be used" in str(error)


def test_an_exchange_in_no_proxy_is_reached_directly(
    server: StreamServer, proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "localhost")
    with listening(server):
        server.client()
    assert proxy.requests == []
