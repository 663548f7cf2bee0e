"""Listens to an exchange's stream: trades as runs that miss nothing, quotes, and what a person wants to know.

    with Listener(load_stream("kraken", columns), products) as listener:
        while not listener.is_over:
            for run in listener.take(5):
                ...

One thread serves all connections of an exchange. It reads at most a hundred times a second and parses together what has
arrived, because many small steps would cost more than the work in them. What was heard waits in memory until it is
taken. If that becomes too much, all connections are closed on purpose, so that what follows shows as missing ids.
"""

import queue
import random
import select
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Self

import pyarrow as pa

from lakehouse.errors import OurMistake, SchemaHubError
from lakehouse.printable import without_password

from ..connector import ListedProduct
from ..errors import ExchangeUnavailable
from ..stream import Heard, Quote, StreamConnector
from .feed import Feed, Means
from .link import SECONDS_BEHIND, Link
from .listener_state import ConnectionState, Contact, ListenerState
from .rate_limit import RateLimiter
from .rest import utc_now
from .runs import Run, Runs
from .stream_clock import StreamClock
from .web_socket import WebSocket

_MOST_MESSAGES = 5_000
"""The number of messages that are parsed at once without waiting."""
_LONGEST_POLL = 0.05
_SECONDS_BETWEEN_READS = 0.01
_MOST_PROBLEMS = 5


@dataclass
class Listener:
    """The trades of an exchange's products, and their quotes if wanted, from its stream.

    `clock` returns monotonic seconds, `now` this machine's time, UTC without a zone, and `random` a number from 0 to 1;
    `take` may be called by any thread.
    """

    connector: StreamConnector
    products: Sequence[ListedProduct]
    url: str | None = field(default=None, repr=False)
    """The address without the connector's path, which may contain a user and a password; None for the exchange's."""
    quotes_wanted: bool = False
    on_quote: Callable[[Quote], None] | None = None
    """Called in the listener's thread for each quote that differs from the one before."""
    most_bytes: int = 256 * 2**20
    """The size of what may wait to be taken."""
    largest_message: int = 4 * 2**20
    seconds_to_connect: float = 10.0
    seconds_to_parse: float = 0.05
    """How long messages may wait to be parsed together."""
    tls: ssl.SSLContext | None = None
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now
    random: Callable[[], float] = random.random
    failures: dict[str, SchemaHubError] = field(default_factory=dict)
    """For each symbol that the exchange refused, the reason. The others go on."""
    error: SchemaHubError | None = None
    """Why listening ended by itself, if it did."""

    def __post_init__(self) -> None:
        connector = self.connector
        self._address = f"{(self.url or connector.url).rstrip('/')}{connector.path}"
        self._symbols = {connector.wire_name(product): product.symbol for product in self.products}
        means = Means(
            connector,
            self._connect,
            quotes=self.quotes_wanted,
            clock=self.clock,
            now=self.now,
            random=self.random,
            connections=RateLimiter(connector.limits.connections, clock=self.clock),
        )
        size = connector.limits.products
        groups = [self.products[start : start + size] for start in range(0, len(self.products), size)]
        self._feeds = [Feed(means, group) for group in groups]
        self._stream_clock = StreamClock(connector.name)
        self._closing, self._over, self._waking = threading.Event(), threading.Event(), threading.Event()
        self._lock, self._taking = threading.Lock(), threading.Lock()
        self._heard: list[tuple[pa.RecordBatch, list[int], float]] = []
        """What was heard since the last `take`; `_lock` guards it and its size."""
        self._heard_bytes = 0
        self._runs = Runs(connector.raw)
        self._quotes: dict[str, Quote] = {}
        self._problems: list[str] = []
        self._messages = self._trades = self._problem_count = self._overflows = 0
        self._is_paused = False
        self._newest_heard: dict[str, int] = {}
        self._newest_named: dict[str, int] = {}
        self._behind_since: dict[str, float] = {}
        self._named: queue.SimpleQueue[tuple[str, int, float]] = queue.SimpleQueue()
        """Trades that exist, as others know: symbol, id, and since when that is certain."""
        self._unsent: str | None = None
        self._parsed_at = self.clock()
        self._thread = threading.Thread(target=self._listen, name=f"listen {connector.name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections. What was heard until then can still be taken."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(1.0)

    @property
    def address(self) -> str:
        """The address of the stream, without a password."""
        return without_password(self._address)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be heard."""
        return self._over.is_set()

    @property
    def quotes(self) -> Mapping[str, Quote]:
        """The newest quote of each symbol; none while there is no connection."""
        return MappingProxyType(self._quotes)

    def take(self, seconds: float) -> list[Run]:
        """What was heard since the last call, by stream and id; waits `seconds` for more first.

        The wait is shorter if half of the memory is in use, or if listening is over. Trades that follow a hole are
        taken with the next call, because the missing ones may come late.

        Raises:
            SchemaHubError: listening ended by itself, and all that was heard has been taken.
        """
        self._waking.wait(seconds)
        is_over = self.is_over
        with self._taking:
            with self._lock:
                heard, self._heard, self._heard_bytes = self._heard, [], 0
                self._waking.clear()
            if is_over or self.is_over:
                self._waking.set()
            for trades, ids, at in heard:
                self._runs.add(trades, ids, at=at)
            runs = self._runs.take(at=self.clock(), everything=is_over)
        if not runs and is_over and self.error is not None:
            raise self.error
        return runs

    @property
    def contacts(self) -> dict[int, Contact]:
        """The connections that are ready, by number; a connection keeps the number of the one that it replaces."""
        found = {}
        for number, feed in enumerate(self._feeds):
            link = next(reversed(feed.links[:]), None)
            if link is not None and link.ready_at is not None:
                symbols = tuple(feed.products)
                unheard = tuple(symbol for symbol in symbols if symbol not in link.newest)
                found[number] = Contact(symbols, unheard, link.ready_at, max(link.ready_at, link.traded_at))
        return found

    def expect(self, symbol: str, last_id: int, asked_at: float) -> None:
        """Take into account that the exchange named `last_id` as its newest trade, to a request sent at `asked_at`.

        If a connection that was ready then doesn't send what has happened since an earlier request, it is closed, and
        another one is opened.
        """
        self._named.put((symbol, last_id, asked_at))

    @property
    def state(self) -> ListenerState:
        """What a person may want to know now."""
        return ListenerState(
            connections=tuple(_connection_state(feed) for feed in self._feeds),
            messages=self._messages,
            trades=self._trades,
            repeated=self._runs.repeated,
            holes=self._runs.holes,
            overflows=self._overflows,
            waiting_bytes=self._heard_bytes + self._runs.nbytes,
            newest_ids=dict(self._newest_named),
            skew=self._stream_clock.ahead,
            warnings=tuple(self._warnings()),
            failures=dict(self.failures),
        )

    def _warnings(self) -> list[str]:
        name = self.connector.name
        lines = [*self._stream_clock.warnings, *self._problems]
        if (more := self._problem_count - len(self._problems)) > 0:
            lines.append(f"{name}: {more} more messages made no sense")
        if self._overflows:
            lines.append(
                f"{name}: trades came faster than they were taken, so all connections were closed for a while and "
                f"trades are missing; how often so far: {self._overflows}"
            )
        lines += [] if self._unsent is None else [f"{self._unsent}; it was connected again"]
        lines += [link.doubt for feed in self._feeds for link in feed.links[:] if link.doubt is not None]
        lost = {str(feed.trouble) for feed in self._feeds if feed.products and not feed.links and feed.trouble}
        return lines + [f"{line}; connecting again" for line in sorted(lost) if not self.is_over]

    def _connect(self) -> WebSocket:
        return WebSocket.open(
            self.connector.name,
            self._address,
            seconds=self.seconds_to_connect,
            largest_message=self.largest_message,
            tls=self.tls,
        )

    def _listen(self) -> None:
        try:
            while not self._closing.is_set() and any(feed.products for feed in self._feeds):
                self._round()
        except SchemaHubError as error:
            self.error = error
        except Exception as error:
            self.error = OurMistake.of(error, while_doing=self.connector.name)
        finally:
            for feed in self._feeds:
                feed.close()
            self._parse_the_last()
            self._over.set()
            self._waking.set()

    def _parse_the_last(self) -> None:
        try:
            self._parse()
        except Exception as error:
            self.error = self.error or OurMistake.of(error, while_doing=self.connector.name)

    def _round(self) -> None:
        """Do what is due, and read what has arrived, once."""
        self._is_paused = self._is_paused and self._heard_bytes > self.most_bytes // 2
        for feed in self._feeds:
            feed.step(may_open=not self._is_paused)
        self._forget_old_quotes()
        self._look_for_unsent_trades()
        links = [(feed, link) for feed in self._feeds for link in feed.links]
        _wait_for_data([link for _, link in links])
        was_read = False
        for feed, link in links:
            try:
                was_read |= link.receive()
            except SchemaHubError as error:
                feed.lose(link, error)
        received = sum(len(link.received) for feed in self._feeds for link in (*feed.links, *feed.ended))
        if received >= _MOST_MESSAGES or (received and self.clock() - self._parsed_at >= self.seconds_to_parse):
            self._parse()
        if was_read:
            self._closing.wait(_SECONDS_BETWEEN_READS)  # so that the next read finds more than one message

    def _look_for_unsent_trades(self) -> None:
        while not self._named.empty():
            symbol, last_id, asked_at = self._named.get()
            for feed in self._feeds:
                link = next(reversed(feed.links), None)
                if symbol in feed.products and link is not None and asked_at >= (link.ready_at or float("inf")):
                    link.expect(symbol, last_id)
        for feed in self._feeds:
            for link in feed.links[:]:
                if (said := link.unsent()) is not None:
                    self._unsent = said
                    feed.lose(link, ExchangeUnavailable(said))

    def _parse(self) -> None:
        self._parsed_at = self.clock()
        for feed in self._feeds:
            ended, feed.ended = feed.ended, []
            for link in (*ended, *feed.links[:]):
                if link.received:
                    messages, link.received = link.received, []
                    self._take_in(feed, link, messages)
        if self._heard_bytes > self.most_bytes:
            self._overflow()

    def _take_in(self, feed: Feed, link: Link, messages: list[bytes]) -> None:
        heard = self.connector.parse(messages, self._symbols)
        self._messages += len(messages)
        self._problem_count += len(heard.problems)
        self._problems += [str(each) for each in heard.problems[: _MOST_PROBLEMS - len(self._problems)]]
        if heard.exchange_time is not None:
            self._stream_clock.compare(heard.exchange_time, self.now())
        if heard.ids:
            link.hear(self._keep(heard))
        self._note_quotes(heard)
        try:
            for refusal in link.note(heard, _symbols_of(self.connector, heard) if not link.is_ready else ()):
                if refusal.symbol is not None and refusal.symbol in feed.products:
                    self.failures[refusal.symbol] = refusal.error
                    feed.leave_out(refusal.symbol)
            self._check_nothing_is_missing(heard)
        except ExchangeUnavailable as error:
            if link in feed.links:
                feed.lose(link, error)
        if heard.wants_reconnect and link in feed.links:
            feed.replace(link)

    def _keep(self, heard: Heard) -> dict[str, int]:
        """Keep trades until they are taken; returns the highest id of each symbol."""
        self._trades += len(heard.ids)
        streams = heard.trades[self.connector.raw.stream_column]
        highest = pa.table({"stream": streams, "id": heard.ids}).group_by("stream").aggregate([("id", "max")])
        newest = dict(zip(highest["stream"].to_pylist(), highest["id_max"].to_pylist(), strict=True))
        for symbol, last in newest.items():
            self._newest_heard[symbol] = max(last, self._newest_heard.get(symbol, 0))
            self._newest_named[symbol] = max(last, self._newest_named.get(symbol, 0))
        size = heard.trades.nbytes
        with self._lock:
            self._heard.append((heard.trades, heard.ids, self.clock()))
            self._heard_bytes += size
            if self._heard_bytes > self.most_bytes // 2:
                self._waking.set()
        return newest

    def _note_quotes(self, heard: Heard) -> None:
        for quote in heard.quotes:
            if self._quotes.get(quote.symbol) != quote:
                self._quotes[quote.symbol] = quote
                if self.on_quote is not None:
                    self.on_quote(quote)

    def _forget_old_quotes(self) -> None:
        """Keep no quotes of products that have no connection, because they only seem to be the newest."""
        for feed in self._feeds:
            if self._quotes and not feed.links:
                for symbol in feed.products:
                    self._quotes.pop(symbol, None)

    def _check_nothing_is_missing(self, heard: Heard) -> None:
        """Raise ExchangeUnavailable if the exchange has named a trade for a while that it doesn't send."""
        for symbol, named in heard.newest_ids.items():
            self._newest_named[symbol] = max(named, self._newest_named.get(symbol, 0))
            last = self._newest_heard.get(symbol)
            if last is None or last >= named:
                self._behind_since.pop(symbol, None)
            elif self.clock() - self._behind_since.setdefault(symbol, self.clock()) > SECONDS_BEHIND:
                del self._behind_since[symbol]
                raise ExchangeUnavailable(
                    f"{self.connector.name} {symbol}: the exchange says that trade {named} exists, but has sent none "
                    f"after {last}; the connection was closed"
                )

    def _overflow(self) -> None:
        self._overflows += 1
        self._is_paused = True
        for feed in self._feeds:
            feed.reconnects += len(feed.links) > 0
            feed.close()


def _wait_for_data(links: Sequence[Link]) -> None:
    """Wait until one of the connections has data, but not long, because there may be something to send."""
    if any(link.web_socket.has_more for link in links):
        return
    waiting = select.poll()
    for link in links:
        if (number := link.web_socket.fileno()) >= 0:
            waiting.register(number, select.POLLIN)
    waiting.poll(_LONGEST_POLL * 1000)


def _symbols_of(connector: StreamConnector, heard: Heard) -> list[str]:
    """The symbols of which there were trades."""
    symbols: list[str] = heard.trades[connector.raw.stream_column].unique().to_pylist()
    return symbols


def _connection_state(feed: Feed) -> ConnectionState:
    link = next(reversed(feed.links[:]), None)
    return ConnectionState(
        symbols=tuple(feed.products),
        since=None if link is None else link.since,
        is_ready=link is not None and link.is_ready,
        messages=0 if link is None else link.messages,
        reconnects=feed.reconnects,
        trouble=feed.trouble,
    )
