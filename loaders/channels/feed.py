"""Keeps a group of products subscribed: opens a connection, replaces it in time, and opens another one if it breaks.

A connection is replaced without a hole: the old one is closed only when the new one sends everything. Trades that both
send are dropped by their ids later.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lakehouse.errors import SchemaHubError, TerminalError

from ..connector import ListedProduct
from ..errors import ExchangeTooSlow, TransientError
from ..stream import StreamConnector
from .link import Link
from .rate_limit import RateLimiter
from .web_socket import WebSocket

_SHORTEST_BACKOFF = 0.5
_LONGEST_BACKOFF = 60.0
_ATTEMPTS_TO_CONNECT = 4  # more attempts don't help with a wrong address, and a person is waiting
_SECONDS_TO_OPEN = 30.0
_SECONDS_TO_TRUST = 5.0
"""The age at which a connection counts as sound, so that the next failure is the first one again."""
_LONGEST_WAIT = 120.0
"""The longest pause in seconds that the exchange may request before the first connection."""


@dataclass(frozen=True)
class Means:
    """What all feeds of an exchange share."""

    connector: StreamConnector
    open: Callable[[], WebSocket]
    """Opens a connection; it may block."""
    quotes: bool
    clock: Callable[[], float]
    now: Callable[[], datetime]
    random: Callable[[], float]
    connections: RateLimiter
    """Limits how many connections are opened."""
    proven: threading.Event = field(default_factory=threading.Event)
    """Set once a connection has worked, so that what goes wrong later is worth another attempt."""


class _Opening:
    """A connection that is being opened, in a thread of its own because a name may take long to be resolved."""

    def __init__(self, means: Means) -> None:
        self.began_at = means.clock()
        self._results: queue.SimpleQueue[WebSocket | Exception] = queue.SimpleQueue()
        self._is_abandoned = threading.Event()
        threading.Thread(target=self._open, args=(means,), name="open", daemon=True).start()

    def _open(self, means: Means) -> None:
        try:
            opened = means.open()
        except Exception as error:  # the feed handles it
            self._results.put(error)
            return
        self._results.put(opened)
        if self._is_abandoned.is_set():
            self.abandon()

    def result(self) -> WebSocket | Exception | None:
        """The connection, or why there is none; None while it isn't known yet."""
        try:
            return self._results.get_nowait()
        except queue.Empty:
            return None

    def abandon(self) -> None:
        """Close the connection whenever it is open."""
        self._is_abandoned.set()
        if isinstance(opened := self.result(), WebSocket):
            opened.close()


class Feed:
    """A group of products of one exchange and its connection. Used by one thread."""

    def __init__(self, means: Means, products: Sequence[ListedProduct]) -> None:
        """Nothing is opened before the first `step`."""
        self.products = {product.symbol: product for product in products}
        self.links: list[Link] = []
        """The connection; the old one and the new one while it is being replaced; none while there is no connection."""
        self.ended: list[Link] = []
        """Closed connections whose last messages were not parsed yet."""
        self.reconnects = 0
        self.trouble: SchemaHubError | None = None
        """Why there is no connection, or why the last one ended."""
        self._means = means
        self._opening: _Opening | None = None
        self._open_at: float | None = None
        self._attempts = 0
        self._wants_another, self._open_at = False, None
        self._longest_seconds = self._draw_longest()

    def step(self, *, may_open: bool) -> None:
        """Do what is due.

        Raises:
            SchemaHubError: no connection has ever worked, and trying further makes no sense.
        """
        for link in self.links[:]:
            try:
                link.step()
            except TransientError as error:
                self.lose(link, error)
        self._close_replaced()
        if self._opening is not None:
            self._look_at(self._opening)
        elif may_open and self.products and self._needs_another():
            self._open()

    def _needs_another(self) -> bool:
        if not self.links:
            return True
        (*_, newest) = self.links
        is_old = self._longest_seconds is not None and self._means.clock() - newest.opened_at > self._longest_seconds
        return len(self.links) == 1 and (self._wants_another or is_old)

    def _open(self) -> None:
        if self._open_at is None:
            self._open_at = self._means.clock() + self._means.connections.reserve(1)
        if self._means.clock() >= self._open_at:
            self._open_at, self._opening = None, _Opening(self._means)

    def _look_at(self, opening: _Opening) -> None:
        result = opening.result()
        if isinstance(result, WebSocket):
            self._opening = None
            self._begin(result)
        elif result is not None:
            self._opening = None
            if not isinstance(result, SchemaHubError):
                raise result
            self._fail(result)
        elif self._means.clock() - opening.began_at > _SECONDS_TO_OPEN:
            opening.abandon()
            self._opening = None
            self._fail(ExchangeTooSlow(f"{self._means.connector.name}: no connection within {_SECONDS_TO_OPEN:.0f} s"))

    def _begin(self, web_socket: WebSocket) -> None:
        means = self._means
        self._wants_another, self._open_at = False, None
        self._longest_seconds = self._draw_longest()
        products = list(self.products.values())
        link = Link(means.connector, web_socket, products, quotes=means.quotes, clock=means.clock, since=means.now())
        self.links.append(link)

    def _close_replaced(self) -> None:
        if not self.links or not self.links[-1].is_ready:
            return
        self._means.proven.set()
        if self._means.clock() - self.links[-1].opened_at > _SECONDS_TO_TRUST:
            self._attempts = 0
        for link in self.links[:-1]:
            self._end(link)

    def replace(self, link: Link) -> None:
        """Open another connection before the exchange ends this one."""
        if link is self.links[-1]:
            self._wants_another = True

    def lose(self, link: Link, error: SchemaHubError) -> None:
        """Close a connection because of `error`, and open another one if it was the only one.

        Raises:
            SchemaHubError: no connection has ever worked, and trying further makes no sense.
        """
        was_newest = link is self.links[-1]
        self._end(link)
        if not self.links:
            self.reconnects += 1
        elif was_newest:
            self._wants_another = True
        else:
            return
        self._fail(error)

    def _end(self, link: Link) -> None:
        self.links.remove(link)
        link.web_socket.close()
        if link.received:
            self.ended.append(link)

    def _fail(self, error: SchemaHubError) -> None:
        self.trouble = error
        self._attempts += 1
        requested = (error.retry_after if isinstance(error, TransientError) else None) or 0.0
        is_hopeless = isinstance(error, TerminalError) or self._attempts >= _ATTEMPTS_TO_CONNECT
        if not self._means.proven.is_set() and (is_hopeless or requested > _LONGEST_WAIT):
            raise error
        means = self._means
        longest = min(_LONGEST_BACKOFF, _SHORTEST_BACKOFF * 2.0 ** min(self._attempts - 1, 10))
        pause = max(means.random() * longest, requested)
        self._open_at = means.clock() + max(pause, means.connections.reserve(1))

    def leave_out(self, symbol: str) -> None:
        """Don't subscribe a product any more."""
        self.products.pop(symbol, None)
        if not self.products:
            self.close()

    def close(self) -> None:
        """Close all connections at once; the next `step` may open another one."""
        for link in self.links[:]:
            self._end(link)
        if self._opening is not None:
            self._opening.abandon()
            self._opening = None

    def _draw_longest(self) -> float | None:
        # not all at the same moment
        longest = self._means.connector.longest_seconds
        return None if longest is None else longest * (1 - 0.05 * self._means.random())
