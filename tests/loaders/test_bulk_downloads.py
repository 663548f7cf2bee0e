"""Downloads of bulk files: bounded in size and silence, never confused with one another, and asked for again."""

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lakehouse.coverage import microseconds
from lakehouse.errors import SchemaHubError
from loaders.channels.ahead import ahead
from loaders.channels.file_fetcher import FileFetcher
from loaders.channels.http_client import Transport
from loaders.connectors import connector_names, load_bulk, load_connector, names_with_archives
from loaders.errors import BadRequest, ExchangeTooSlow, ExchangeUnavailable, RateLimited, UnexpectedPayload
from loaders.landing.periods import periods_within
from tests.support.responses import response

HEAD = b"HTTP/1.1 200 OK\r\n"
PATH = "/data/file.zip"


@contextmanager
def host(*plays: Callable[[socket.socket], None]) -> Iterator[str]:
    """A host that answers its first connections with `plays`, one after the other, and all later ones with the last."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            count = 0
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                play = plays[min(count, len(plays) - 1)]
                count += 1
                threading.Thread(target=answer, args=(connection, play), daemon=True).start()

        def answer(connection: socket.socket, play: Callable[[socket.socket], None]) -> None:
            with connection:
                try:
                    connection.recv(65_536)
                    play(connection)
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://user:secret@127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def sends(text: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(text)


def whole(body: bytes) -> Callable[[socket.socket], None]:
    return sends(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def fetcher(url: str, *, attempts: int = 1, seconds: float = 20.0, transport: Transport | None = None) -> FileFetcher:
    return FileFetcher(
        load_connector("binance"),
        url,
        transport=transport,
        attempts=attempts,
        timeout=seconds,
        longest_answer=seconds,
        wait=lambda *_: False,
        variable="SCHEMAHUB_BINANCE_BULK_URL",
    )


def late(connection: socket.socket) -> None:
    """Answer with another file when nobody waits any more."""
    time.sleep(0.6)
    connection.sendall(HEAD + b"Content-Length: 5\r\n\r\nwrong")


def slow(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    for _ in range(60):
        connection.sendall(b".")
        time.sleep(0.05)


def test_a_file_is_written_as_it_is(tmp_path: Path) -> None:
    body = bytes(range(256)) * 5_000
    with host(whole(body)) as url, fetcher(url) as fetching:
        assert fetching.save(PATH, tmp_path / "file", largest=len(body))
    assert hashlib.sha256((tmp_path / "file").read_bytes()).digest() == hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    ("play", "kind", "line"),
    [
        (sends(HEAD + b"Content-Length: 1099511627776\r\n\r\nPK"), UnexpectedPayload, "more than the 1,000 bytes"),
        (sends(HEAD + b"\r\n" + b"." * 5_000), UnexpectedPayload, "more than the 1,000 bytes"),
        (sends(HEAD + b"Content-Length: 900\r\n\r\nPK"), ExchangeUnavailable, "broke"),
        (sends(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nPK"), UnexpectedPayload, "'gzip'"),
        (sends(b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n"), BadRequest, "redirects to"),
        (sends(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), BadRequest, "HTTP 403"),
        (sends(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), ExchangeUnavailable, "HTTP 503"),
        (sends(b"HTTP/1.1 429 Slow\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"), RateLimited, "HTTP 429"),
        (late, ExchangeTooSlow, "took more than|fell silent"),
        (slow, ExchangeTooSlow, "took more than"),
        (lambda _: time.sleep(2), ExchangeTooSlow, "took more than|fell silent"),
    ],
    ids=["announced", "endless", "cut", "packed", "moved", "refused", "busy", "limited", "late", "slow", "silent"],
)
def test_what_is_no_whole_file_is_an_error(
    tmp_path: Path, play: Callable[[socket.socket], None], kind: type[SchemaHubError], line: str
) -> None:
    began = time.monotonic()
    with host(play) as url, fetcher(url, seconds=0.4) as fetching, pytest.raises(kind, match=line) as caught:
        fetching.save(PATH, tmp_path / "file", largest=100_000 if play is slow else 1_000)
    assert time.monotonic() - began < 10
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_comes_too_late_does_not_replace_the_next_one(tmp_path: Path) -> None:
    with host(late, whole(b"right")) as url, fetcher(url, attempts=2, seconds=0.4) as fetching:
        assert fetching.save(PATH, tmp_path / "file", largest=100)
        time.sleep(0.6)
    assert (tmp_path / "file").read_bytes() == b"right"


def test_a_failed_request_is_repeated_and_a_missing_file_is_none(tmp_path: Path) -> None:
    answers = iter([503, 429, 200, 404, 404])
    with fetcher("http://host", attempts=3, transport=lambda _: response(next(answers), body=b"0" * 9)) as fetching:
        assert fetching.text(PATH) == "0" * 9
        assert fetching.text(PATH) is None
        assert not fetching.save(PATH, tmp_path / "file", largest=100)
    assert not (tmp_path / "file").exists()


def us(text: str) -> int:
    return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("since", "until", "first", "last", "expected"),
    [
        ("2026-01-05T00:00", "2026-01-07T00:00", None, None, "2026-01-05 2026-01-06"),
        ("2026-01-05T00:00:01", "2026-01-07T23:59", None, None, "2026-01-06"),
        ("2026-01-05T01:00", "2026-01-06T23:00", None, None, ""),
        ("2026-01-31", "2026-03-02", None, None, "2026-01-31 2026-02 2026-03-01"),
        ("1970-01-01", "2026-02-02", "2025-12-30T10:00", None, "2025-12 2026-01 2026-02-01"),
        ("2025-12-20", "2026-02-02", "2025-12-30T10:00", None, "2025-12-30 2025-12-31 2026-01 2026-02-01"),
        ("2024-02-01", "2026-11-01", None, "2024-03-02", "2024-02 2024-03"),
        ("2024-02-01", "2024-03-20", None, "2024-03-02", "2024-02 2024-03-01 2024-03-02"),
    ],
)
def test_the_whole_days_and_months_between_two_times(
    since: str, until: str, first: str | None, last: str | None, expected: str
) -> None:
    found = periods_within(us(since), us(until), first=us(first or since), last=us(last or until))
    assert " ".join(map(str, found)) == expected


def test_the_days_of_a_month_are_those_that_may_have_rows() -> None:
    (month,) = periods_within(us("2026-01-01"), us("2026-02-01"), first=us("2026-01-04"), last=us("2026-01-06"))
    assert [each.begin for each in month.parts] == [date(2026, 1, day) for day in (4, 5, 6)]


def test_what_is_made_ahead_comes_in_order_and_its_error_at_its_place() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise ValueError("the end")

    found = []
    with pytest.raises(ValueError, match="the end"):
        found += ahead(items(), stop=lambda: None)
    made = ahead(iter(range(5)), stop=lambda: None)
    assert [next(made), next(made)] == [0, 1]
    made.close()


def test_connectors_with_archives_are_known_without_loading_them() -> None:
    assert names_with_archives() == [name for name in connector_names() if load_bulk(name) is not None] == ["binance"]
