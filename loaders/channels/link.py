"""One connection of a stream from its first subscription to its end: what to send when, and whether it still lives."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from ..connector import ListedProduct
from ..errors import ExchangeTooSlow, ExchangeUnavailable
from ..stream import Heard, Refusal, StreamConnector, Subscription
from .rate_limit import RateLimiter
from .web_socket import WebSocket

_SECONDS_TO_ACKNOWLEDGE = 15.0
SECONDS_BEHIND = 10.0
"""How long a trade may be known to exist without the exchange's sending it."""


class Link:
    """An open connection that subscribes to products. Every `at` is a time in monotonic seconds."""

    def __init__(
        self,
        connector: StreamConnector,
        web_socket: WebSocket,
        products: Sequence[ListedProduct],
        *,
        quotes: bool,
        clock: Callable[[], float],
        since: datetime,
    ) -> None:
        """Plan the subscriptions of `products`; nothing is sent yet. `since` is the time of opening, for people."""
        self.web_socket = web_socket
        self.since = since
        self.messages = 0
        self.doubt: str | None = None
        """What makes it doubtful that all products are subscribed, in one line."""
        self.ready_at: float | None = None
        """When the exchange had acknowledged all subscriptions; None before."""
        self.traded_at = clock()
        """When a trade arrived last; the time of opening if none has."""
        self.newest: dict[str, int] = {}
        """For each symbol, the highest id that arrived, or that existed when this connection was ready."""
        self._expected: dict[str, tuple[int, float]] = {}
        """For each symbol, an id that should arrive, and since when that is known."""
        self.received: list[bytes] = []
        """The messages that have arrived and were not parsed yet."""
        self.opened_at = self._heard_at = self._sent_at = clock()
        self._connector, self._quotes, self._clock = connector, quotes, clock
        self._products = {product.symbol: product for product in products}
        self._limiter = RateLimiter(connector.limits.messages, clock=clock)
        self._requests: dict[int, Subscription] = {}
        self._to_send: deque[str] = deque()
        self._send_at: float | None = None
        self._is_pinged = False
        self._unacknowledged: set[str] = set()
        self._next_request = 1
        self._subscribe(products)

    @property
    def is_ready(self) -> bool:
        """Whether the exchange sends the trades of all products now."""
        return not self._to_send and not self._unacknowledged

    def receive(self) -> bool:
        """Read what has arrived; whether it was anything. Raises what `WebSocket.receive` raises."""
        messages, is_alive = self.web_socket.receive()
        self.received += messages
        self.messages += len(messages)
        if messages or (is_alive and not self._connector.has_heartbeats):
            self._heard_at, self._is_pinged = self._clock(), False
        return is_alive

    def step(self) -> None:
        """Send what is due.

        Raises:
            ExchangeTooSlow: the exchange has been silent for too long.
        """
        at = self._clock()
        silence = at - self._heard_at
        if silence > self._connector.silence_seconds:
            raise ExchangeTooSlow(f"{self._connector.name} fell silent for {silence:.0f} s; the connection was closed")
        if self._unacknowledged and not self._to_send and at - self._sent_at > _SECONDS_TO_ACKNOWLEDGE:
            self._give_up_waiting()
        if not self._connector.has_heartbeats and not self._is_pinged and 2 * silence > self._connector.silence_seconds:
            self._is_pinged = True
            self.web_socket.ping()
        regular = self._connector.regular
        if regular is not None and not self._to_send and at - self._sent_at > regular.seconds:
            self._to_send.append(regular.text)
        self._send(at)
        if self.ready_at is None and self.is_ready:
            self.ready_at = at

    def _give_up_waiting(self) -> None:
        said = (
            f"{self._connector.name} didn't acknowledge the subscription of {_some(self._unacknowledged)} within "
            f"{_SECONDS_TO_ACKNOWLEDGE:.0f} s"
        )
        if self._unacknowledged == self._products.keys():
            raise ExchangeTooSlow(said)
        self.doubt = said  # one product among others is no reason to lose the others
        self._unacknowledged = set()

    def _send(self, at: float) -> None:
        while self._to_send:
            if self._send_at is None:
                self._send_at = at + self._limiter.reserve(1)
            if at < self._send_at:
                return
            self._send_at, self._sent_at = None, at
            self.web_socket.send(self._to_send.popleft())

    def note(self, heard: Heard, traded: Iterable[str]) -> list[Refusal]:
        """Take acknowledgements and refusals into account; returns the refusals that name a product.

        Raises:
            ExchangeUnavailable: the exchange refused something without naming a product.
        """
        acknowledged = set(traded) | heard.acknowledged
        for request in heard.acknowledged_requests & self._requests.keys():
            acknowledged |= set(self._requests[request].symbols)
        self._unacknowledged -= acknowledged
        refused = []
        for refusal in heard.refusals:
            if refusal.symbol is None:
                raise ExchangeUnavailable(str(refusal.error))
            if refusal.symbol in self._products:
                refused.append(refusal)
                self._leave_out(refusal.symbol, is_whole_request=refusal.is_whole_request)
        return refused

    def hear(self, newest: Mapping[str, int]) -> None:
        """Take the highest id of each symbol into account of which trades arrived."""
        self.traded_at = self._clock()
        for symbol, last in newest.items():
            self.newest[symbol] = max(last, self.newest.get(symbol, last))

    def expect(self, symbol: str, last: int) -> None:
        """Take the newest trade into account that the exchange named elsewhere, after this connection was ready.

        The first one may have happened before that. Those after it must arrive here, too.
        """
        if last > self.newest.setdefault(symbol, last):
            self._expected.setdefault(symbol, (last, self._clock()))

    def unsent(self) -> str | None:
        """In one line, what has not arrived although it should have long ago; None if there is no such thing."""
        for symbol, (last, since) in [*self._expected.items()]:
            if self.newest[symbol] >= last:
                del self._expected[symbol]
            elif self._clock() - since > SECONDS_BEHIND:
                return (
                    f"{self._connector.name} {symbol}: trade {last} exists, but the stream has sent none after "
                    f"{self.newest[symbol]}"
                )
        return None

    def _leave_out(self, symbol: str, *, is_whole_request: bool) -> None:
        del self._products[symbol]
        self._unacknowledged.discard(symbol)
        if is_whole_request:
            others = {
                other for request in self._requests.values() if symbol in request.symbols for other in request.symbols
            }
            self._subscribe([self._products[other] for other in sorted(others & self._unacknowledged)])

    def _subscribe(self, products: Sequence[ListedProduct]) -> None:
        if not products:
            return
        for request in self._connector.subscriptions(products, quotes=self._quotes, first_request=self._next_request):
            self._requests[request.request] = request
            self._to_send.append(request.text)
            self._unacknowledged |= set(request.symbols)
            self._next_request = request.request + 1


def _some(symbols: Iterable[str]) -> str:
    named = sorted(symbols)
    return ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
