"""Run connectors' walks: one HTTP client, retries, rate limits, several products at a time, bounded memory."""

import queue
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from .connector import Connector, Page, Request, Response, Walk
from .exceptions import ExchangeUnavailable, ExchangeUnreachable, RateLimited, SchemaHubError, TransientError
from .payloads import is_whole
from .rate_limit import RateLimiter

T = TypeVar("T")

_PAGES_AHEAD = 8
"""Pages fetched and not yet landed; what bounds the memory."""
_USER_AGENT = "schemahub"  # Coinbase refuses clients without one
_LONGEST_WAIT = 60.0
_ATTEMPTS_TO_CONNECT = 4  # a wrong address does not get better; a person is waiting


@dataclass
class Fetcher:
    """Send a connector's requests and follow its walks.

    Waiting is interrupted when `close` is called. `clock` is monotonic seconds; `wait` waits for an event or a
    number of seconds, so that tests need no patience.
    """

    connector: Connector
    base_url: str
    transport: httpx.BaseTransport | None = None
    attempts: int = 8
    timeout: float = 30.0
    concurrency: int = 4
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait
    failures: dict[str, SchemaHubError] = field(default_factory=dict)
    """Why a symbol's walk ended early; what it had fetched by then is whole."""

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._limiter = RateLimiter(self.connector.budget, clock=self.clock)
        self._client = httpx.Client(
            base_url=self.base_url,
            transport=self.transport,
            timeout=self.timeout,
            headers={"User-Agent": _USER_AGENT, "Accept": "application/json"},
        )

    def __enter__(self) -> "Fetcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._client.close()

    def pages(self, walks: Mapping[str, Walk]) -> Iterator[Page]:
        """Pages of all walks, by symbol, as they come; each symbol's own in order. See `failures` at the end."""
        pages: queue.Queue[Page | Exception | None] = queue.Queue(_PAGES_AHEAD)
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="fetch") as pool:
            try:
                for symbol, walk in walks.items():
                    pool.submit(self._follow, symbol, walk, pages)
                for _ in walks:
                    while (page := pages.get()) is not None:
                        if isinstance(page, Exception):
                            raise page
                        yield page
            finally:
                self._stopping.set()
                _drain(pages)

    def answer(self, asking: Generator[Request, Response, T]) -> T:
        """Send the requests of `asking` and give what it returns."""
        try:
            request = next(asking)
            while True:
                request = asking.send(self._send(request))
        except StopIteration as done:
            result: T = done.value
            return result

    def _follow(self, symbol: str, walk: Walk, pages: "queue.Queue[Page | Exception | None]") -> None:
        try:
            for page in self._walk(walk):
                self._put(page, pages)
                if self._stopping.is_set():
                    return
        except SchemaHubError as error:
            self.failures[symbol] = error
        except Exception as error:
            self._put(error, pages)  # a mistake of ours, which would vanish with the thread
        finally:
            self._put(None, pages)

    def _walk(self, walk: Walk) -> Iterator[Page]:
        step: Request | Page | None = next(walk, None)
        while step is not None:
            if isinstance(step, Page):
                yield step
                step = next(walk, None)
            else:
                step = _sent(walk, self._send(step))

    def _put(self, page: Page | Exception | None, pages: "queue.Queue[Page | Exception | None]") -> None:
        while True:
            try:
                return pages.put(page, timeout=0.1)
            except queue.Full:
                if self._stopping.is_set():
                    return None

    def _send(self, request: Request) -> Response:
        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            stop=self._is_enough,
            wait=_pause,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._send_once, request)

    def _is_enough(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        return state.attempt_number >= (
            _ATTEMPTS_TO_CONNECT if isinstance(error, ExchangeUnreachable) else self.attempts
        )

    def _send_once(self, request: Request) -> Response:
        self._sleep(self._limiter.reserve(request.weight, request.scope))
        try:
            got = self._client.get(request.path, params=dict(request.parameters), headers=dict(request.headers))
        except httpx.ConnectError as error:
            raise ExchangeUnreachable(
                f"{self.connector.name} can't be reached at {self.base_url}: {error}; is the address right, and the "
                f"network up? SCHEMAHUB_{self.connector.name.upper()}_URL names another address"
            ) from error
        except httpx.HTTPError as error:
            raise ExchangeUnavailable(
                f"{self.connector.name} broke off at {self.base_url}: {str(error) or type(error).__name__}"
            ) from error
        response = Response(got.status_code, {name.lower(): value for name, value in got.headers.items()}, got.content)
        self._check(request, response)
        return response

    def _check(self, request: Request, response: Response) -> None:
        if response.status == 200 and not is_whole(response.body):
            raise ExchangeUnavailable(f"{self.connector.name}: the answer to {request.path} broke off")
        try:
            self.connector.check(response)
        except RateLimited as error:
            self._limiter.pause(error.retry_after or 0, request.scope)
            raise

    def _sleep(self, seconds: float) -> None:
        if self.wait(self._stopping, seconds) or self._stopping.is_set():
            raise SchemaHubError(f"{self.connector.name}: stopped")


def _pause(state: RetryCallState) -> float:
    """Seconds before the next attempt: what the venue asked for, else doubling from half a second, with jitter."""
    assert state.outcome is not None
    error = state.outcome.exception()
    if isinstance(error, RateLimited):
        return 0.0  # the limiter holds the next request back, and those of the other threads with it
    return min(_LONGEST_WAIT, 2.0 ** (state.attempt_number - 2)) * random.uniform(0.5, 1.0)


def _sent(walk: Walk, response: Response) -> Request | Page | None:
    try:
        return walk.send(response)
    except StopIteration:
        return None


def _drain(pages: "queue.Queue[Any]") -> None:
    while True:
        try:
            pages.get_nowait()
        except queue.Empty:
            return
