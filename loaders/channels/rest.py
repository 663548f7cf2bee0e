"""Run connectors' walks: one HTTP client, retries, rate limits, several products at a time, bounded memory."""

import queue
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

from lakehouse.coverage import Hole, Stretch, microseconds
from lakehouse.errors import OurMistake, SchemaHubError, TerminalError
from lakehouse.printable import printable

from ..connector import Connector, Page, ReportsUsage, Request, Response, Segment, Walk
from ..errors import (
    BadRequest,
    Banned,
    ExchangeTooSlow,
    ExchangeUnavailable,
    ExchangeUnreachable,
    RateLimited,
    TransientError,
    UnexpectedPayload,
    WrongClock,
)
from ..piece import Piece
from ..row_times import time_bounds
from .bans import LONGEST, Ban, Bans
from .exchange_clock import ExchangeClock
from .http_client import HttpClient, Transport
from .payloads import is_json, is_whole
from .rate_limit import RateLimiter

T = TypeVar("T")

_PAGES_AHEAD = 8
"""The maximum number of pages that are fetched but not yet landed, which bounds the memory."""
_TICK = 1.0
_SHORTEST_WAIT = 0.5
_LONGEST_WAIT = 120.0
"""The longest pause in seconds that a run makes for an exchange that requests one; the other exchanges and the user
wait meanwhile."""
_LONGEST_BACKOFF = 60.0
_ATTEMPTS_TO_CONNECT = 4  # more attempts don't help with a wrong address, and a person is waiting
_ATTEMPTS_IF_SLOW = 2  # each attempt takes the full time limit


def utc_now() -> datetime:
    """This machine's time, UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass
class Fetcher:
    """Sends a connector's requests and follows its walks.

    `close` interrupts waiting. `clock` returns monotonic seconds; `wait` waits for an event or a number of seconds, so
    that tests need not; `now` returns this machine's time, UTC without a zone.
    """

    connector: Connector
    base_url: str = field(repr=False)
    """The base URL, which may contain a user and a password; `address` doesn't."""
    transport: Transport | None = None
    attempts: int = 8
    timeout: float = 30.0
    """The seconds without data after which a connection is closed."""
    longest_answer: float = 30.0
    """The seconds that a complete response may take."""
    concurrency: int = 4
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait
    now: Callable[[], datetime] = utc_now
    clock_tolerance: timedelta = timedelta(minutes=5)
    """The largest accepted difference between `now` and the exchange's time."""
    bans: Bans | None = None
    """Remembers a ban for the next run; without it, each run sends a first request."""
    on_wait: Callable[[float, str], None] | None = None
    """Called before every pause of at least one second, with its length in seconds and its reason."""
    limiter: RateLimiter | None = None
    """The exchange's limit, if this fetcher shares it with others; by default it has one of its own."""
    variable: str = ""
    """What sets the base URL, for messages; by default the variable of the exchange's API."""
    failures: dict[str, SchemaHubError] = field(default_factory=dict)
    """For each symbol whose walk ended early, the reason. The pages fetched until then are complete."""

    def __post_init__(self) -> None:
        name = self.connector.name
        # once, because it takes a tenth as long as parsing a page
        self._reporter = self.connector if isinstance(self.connector, ReportsUsage) else None
        self._closing = threading.Event()
        self._ending = threading.Lock()
        self._parsing = threading.Lock()
        """Held while a response is parsed: threads that parse at once take Python's lock from each other at every call
        of Arrow, so that four walks take a sixth longer."""
        self._waking = threading.Event()
        """Set when waiting is pointless: at the end, and when the exchange must not be sent further requests."""
        self._limiter = self.limiter or RateLimiter(self.connector.budget, clock=self.clock)
        self._exchange_clock = ExchangeClock(name, self.clock_tolerance)
        self._http = HttpClient(
            name,
            self.base_url,
            transport=self.transport,
            seconds=self.longest_answer,
            silence=self.timeout,
            now=self.now,
            stopping=self._closing,
            variable=self.variable,
        )
        self._end = self._standing_ban()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop sending and waiting."""
        self._closing.set()
        self._waking.set()
        self._http.close()

    @property
    def address(self) -> str:
        """The address that requests are sent to, without a password."""
        return self._http.address

    @property
    def warnings(self) -> list[str]:
        """One line for each thing that the user should know although nothing failed."""
        return self._exchange_clock.warnings

    def pieces(self, segments: Sequence[Segment]) -> Iterator[Piece | None]:
        """What walks through all segments yield as it arrives, in order for each segment; `failures` is complete then.

        Yields None whenever nothing has arrived for a second, so that the caller can act in the meantime.
        """
        arriving: queue.Queue[Piece | _End] = queue.Queue(_PAGES_AHEAD)
        waiting: queue.SimpleQueue[Segment] = queue.SimpleQueue()
        for segment in segments:
            waiting.put(segment)
        for _ in range(min(self.concurrency, len(segments))):
            # as daemons, so that a thread blocked by a silent exchange doesn't delay Ctrl-C
            threading.Thread(target=self._work, args=(waiting, arriving), name="fetch", daemon=True).start()
        walking = len(segments)
        try:
            while walking:
                try:
                    arrived = arriving.get(timeout=_TICK)
                except queue.Empty:
                    yield None
                    continue
                if isinstance(arrived, _End):
                    walking -= 1
                else:
                    yield arrived
        finally:
            if walking:  # the caller wants no more
                self._closing.set()
                self._waking.set()
                _drain(arriving)

    def answer(self, asking: Generator[Request, Response, T]) -> T:
        """Send the requests that `asking` yields, and return its result."""
        try:
            request = next(asking)
            while True:
                request = asking.send(self._send(request))
        except StopIteration as done:
            result: T = done.value
            return result

    def _work(self, waiting: "queue.SimpleQueue[Segment]", arriving: "queue.Queue[Piece | _End]") -> None:
        while not self._closing.is_set():
            try:
                segment = waiting.get_nowait()
            except queue.Empty:
                return
            self._follow(segment, arriving)

    def _follow(self, segment: Segment, arriving: "queue.Queue[Piece | _End]") -> None:
        try:
            for piece in self._walk(segment):
                self._put(piece, arriving)
                if self._closing.is_set():
                    return
        except SchemaHubError as error:
            self.failures.setdefault(segment.stream, error)
        except Exception as error:
            self.failures.setdefault(segment.stream, OurMistake.of(error, while_doing=self.connector.name))
        finally:
            self._put(_End(), arriving)

    def _walk(self, segment: Segment) -> Iterator[Piece]:
        walk = self.connector.walk(segment.stream, segment.hole)
        began = self.now()
        complete_from: int | None = segment.hole.since if segment.is_since_known else None
        step: Request | Page | None = next(walk, None)
        while step is not None:
            if isinstance(step, Page):
                now = self._exchange_time(self.now())
                bounds = time_bounds(step.rows[self.connector.raw.time_column], now)
                piece = _piece(step, bounds, complete_from, now)
                yield piece
                complete_from = piece.stretch.until
                step = None if self._is_later_than(step, bounds, began, segment.hole) else next(walk, None)
            else:
                response = self._send(step)
                with self._parsing:
                    step = _sent(walk, response)

    def _exchange_time(self, ours: datetime) -> int:
        return microseconds(ours - self._exchange_clock.ahead)

    def _is_later_than(self, page: Page, bounds: tuple[int, int] | None, began: datetime, hole: Hole) -> bool:
        """Whether a page is later than all that its walk is for.

        Without the time at which the walk began, it would never end in a market that trades faster than pages arrive.
        """
        end = self._exchange_time(began)
        if hole.high is None and hole.until is not None:
            end = min(end, hole.until)
        is_later = bounds is not None and bounds[0] > end
        return is_later and page.rows[self.connector.raw.time_column].null_count == 0

    def _put(self, arrived: "Piece | _End", arriving: "queue.Queue[Piece | _End]") -> None:
        while True:
            try:
                return arriving.put(arrived, timeout=0.1)
            except queue.Full:
                if self._closing.is_set():
                    return None

    def _send(self, request: Request) -> Response:
        return self._repeated(request, lambda: self._send_once(request))

    def _repeated(self, request: Request, send: Callable[[], Response]) -> Response:
        attempt = 1
        while True:
            try:
                self._sleep(self._limiter.reserve(request.weight, request.scope))
                return send()
            except TransientError as error:
                self._wait_after(error, request, attempt)
                attempt += 1

    def _wait_after(self, error: TransientError, request: Request, attempt: int) -> None:
        """Wait until `request` may be sent again. Raises if that takes too long, or if all attempts are used up."""
        seconds = _pause(error, attempt)
        if seconds > _LONGEST_WAIT:
            raise self._banned(error, seconds) from error
        if attempt >= self._most_attempts(error):
            if isinstance(error, ExchangeUnreachable):  # whatever the request was
                raise error
            raise type(error)(f"{error}; given up after {attempt} attempts at {_shown(request)}") from error
        if seconds >= 1 and self.on_wait is not None:
            self.on_wait(seconds, str(error))
        if isinstance(error, RateLimited):
            self._limiter.pause(seconds, request.scope)  # this delays the other threads too
        else:
            self._sleep(seconds)

    def _most_attempts(self, error: TransientError) -> int:
        if isinstance(error, ExchangeUnreachable):
            return _ATTEMPTS_TO_CONNECT
        return _ATTEMPTS_IF_SLOW if isinstance(error, ExchangeTooSlow) else self.attempts

    def _send_once(self, request: Request) -> Response:
        sent = self.now()
        response = self._http.get(request)
        try:
            self._exchange_clock.compare(response.headers, sent=sent, received=response.received_at or sent)
        except WrongClock as error:
            raise self._ended_by(error) from None
        self._check(request, response)
        if self._reporter is not None and (seconds := self._reporter.pause_after(response)):
            self._limiter.pause(seconds, request.scope)
        return response

    def _check(self, request: Request, response: Response) -> None:
        if response.status == 200 and not is_json(response.body):
            beginning = printable(response.body[:200].decode(errors="replace"), 80)
            raise UnexpectedPayload(f"{self._response_to(request)} is not JSON; it begins with {beginning!r}")
        if response.status == 200 and not is_whole(response.body):
            raise ExchangeUnavailable(f"{self._response_to(request)} is incomplete")
        try:
            self.connector.check(response)
        except TransientError as error:
            if error.retry_after is None:
                error.retry_after = response.retry_after
            raise
        except BadRequest as error:
            if response.status == 451:
                variable = f"SCHEMAHUB_{self.connector.name.upper()}_URL"
                raise BadRequest(f"{error}; it refuses this country; {variable} can name another host") from None
            raise

    def _response_to(self, request: Request) -> str:
        return f"{self.connector.name}: the response to {printable(request.path)}"

    def _sleep(self, seconds: float) -> None:
        self.wait(self._waking, seconds)
        if self._end is not None:
            raise type(self._end)(*self._end.args)
        if self._closing.is_set():
            raise SchemaHubError(f"{self.connector.name}: stopped")

    def _ended_by(self, error: TerminalError) -> TerminalError:
        """Keep all walks from sending the exchange further requests; of several reasons, the first one counts."""
        with self._ending:
            self._end = end = self._end or error
        self._waking.set()
        return type(end)(*end.args)

    def _banned(self, error: TransientError, seconds: float) -> TerminalError:
        """Of several walks that learn of a ban, only the first one's is reported and remembered."""
        ban = Ban(self.now() + min(timedelta(seconds=seconds), LONGEST), printable(str(error)))
        end = _as_error(ban)
        reported = self._ended_by(end)
        if self.bans is not None and self._end is end:
            self.bans.remember(ban)
        return reported

    def _standing_ban(self) -> TerminalError | None:
        ban = None if self.bans is None else self.bans.standing(self.now())
        return None if ban is None else _as_error(ban)


class _End:
    """Arrives when a walk has ended."""


def _piece(page: Page, bounds: tuple[int, int] | None, complete_from: int | None, now: int) -> Piece:
    """The page with its claim.

    Args:
        page: the page.
        bounds: the times of its rows.
        complete_from: the time up to which the walk is complete so far; None if it is not known.
        now: the exchange's time.
    """
    if page.from_first_row or complete_from is None:
        complete_from = min(bounds[0] if bounds else now, now)
    first, last = bounds or (complete_from, complete_from)
    until = max(complete_from, min(last, now))
    since = min(complete_from, first)
    stretch = Stretch(page.low, page.high, since, until, page.rows.num_rows, page.proof, page.token)
    return Piece(page.stream, page.rows, stretch)


def _as_error(ban: Ban) -> Banned:
    return Banned(f"{ban.reason}; it asked for a pause, so no request is sent before {ban.until:%Y-%m-%d %H:%M:%S} UTC")


def _shown(request: Request) -> str:
    """A request for a person, with the product and the cursor that it names."""
    parameters = "&".join(f"{name}={value}" for name, value in request.parameters.items())
    return printable(f"GET {request.path}?{parameters}", 200)


def _pause(error: TransientError, attempt: int) -> float:
    """The seconds before the next attempt: as the exchange requested, or doubling from half a second, with jitter."""
    if error.retry_after is not None and error.retry_after >= _SHORTEST_WAIT:
        return error.retry_after
    # full jitter, so that clients that failed together don't come back together
    grown = min(_LONGEST_BACKOFF, 2.0 ** (attempt - 2)) * random.uniform(0.0, 1.0)
    return max(_SHORTEST_WAIT, grown) if isinstance(error, RateLimited) else grown


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
