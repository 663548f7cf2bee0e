"""The connector protocol: what is special about one exchange, without a socket.

A connector yields requests and receives responses, as httpx's auth flows do; `channels/rest.py` sends them. So
retries, limits, concurrency and progress are handled in one place for all exchanges, and a connector can be tested
without a network.
"""

from collections import Counter
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar, runtime_checkable

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.coverage import Hole, Proof
from lakehouse.raw_table import RawTable

from .channels.http_dates import http_date, seconds
from .channels.payloads import extremes, packed
from .errors import AnotherTape, UnexpectedPayload

T = TypeVar("T")

MARGIN = timedelta(minutes=1)
"""How much earlier than requested a first walk looks for its first id, because a higher id may have an earlier time."""

TIMES_IF_UNCHECKED = 3
"""How often a response must arrive of which nothing shows that it belongs to the request, and where a wrong one would
hide a hole."""

_MOST_ANSWERS = 20
"""The maximum number of responses to one request that keep changing, before the walk gives up."""


@dataclass(frozen=True)
class Request:
    """A GET request. `weight` is its cost in the exchange's own units; `scope` names the budget that it uses."""

    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1
    scope: str = ""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    """The header fields; their names are in lower case."""
    body: bytes
    received_at: datetime | None = None
    """The time of the response, UTC without a zone."""

    @property
    def retry_after(self) -> float | None:
        """The pause in seconds, above 0, that the exchange requested; None if it requested none."""
        text = self.headers.get("retry-after")
        if (date := http_date(text)) is not None:
            now = http_date(self.headers.get("date")) or self.received_at or datetime.now(UTC).replace(tzinfo=None)
            return max((date - now).total_seconds(), 0) or None
        return seconds(text) or None

    @property
    def asks_for_a_pause(self) -> bool:
        """Whether waiting helps: there were too many requests (429), or they continued after that (418, 403)."""
        return self.status in (418, 429) or (self.status == 403 and self.retry_after is not None)


@dataclass(frozen=True)
class Page:
    """All rows of one stream whose keys are in [low, high), oldest first; possibly none."""

    stream: str
    rows: pa.RecordBatch
    low: int
    high: int
    proof: Proof = "ids"
    token: str | None = None
    """The exchange's own text that resumes at `high`; None if `high` itself does."""
    from_first_row: bool = False
    """Whether the exchange may have had earlier trades in the hole, which it no longer gives. Then the page is complete
    from the time of its first row, and not from the requested one."""


@dataclass(frozen=True)
class Segment:
    """A hole in a stream that one walk fills. A stream may be walked in several segments at once."""

    stream: str
    hole: Hole
    is_since_known: bool = True
    """Whether the hole's `since` is when its first key comes. Otherwise what is landed is complete from the time of its
    first row on, for example because somebody named the key and no time."""


@dataclass(frozen=True)
class ListedProduct:
    """A product that an exchange lists: its name there, and its assets by their usual names (BTC, not XBT)."""

    symbol: str
    base: str
    quote: str


@dataclass(frozen=True)
class Budget:
    """What an exchange allows a public client: `units` of weight every `seconds`, after an initial burst of `burst`."""

    units: float
    seconds: float
    burst: float


@dataclass(frozen=True)
class History:
    """What an exchange gives of its past."""

    span: timedelta
    """How far back trades can be requested; 0 if only the newest ones are given."""
    gives: str
    """The same in words, as what the exchange gives: `trades of the last 7 days`."""


Walk = Generator[Request | Page, Response, None]
"""A generator that yields a request and is sent its response, or yields a page and is sent nothing that it uses."""


class Connector(Protocol):
    """What a module in `connectors/` must define as `CONNECTOR`. Parsing is pure; nothing here sends or waits."""

    name: str
    """The name of the connector's module, for example coinbase."""
    base_url: str
    budget: Budget
    raw: RawTable
    history: History | None
    """What the exchange gives of its past; None if it gives everything."""

    def walk(self, symbol: str, hole: Hole) -> Walk:
        """Walk forward through a hole, to its end or to the newest trade.

        Every page continues where the previous one ended, so what was landed is complete even if a walk ends early. If
        the exchange no longer gives the beginning of the hole, the walk begins with what there is, and its first page
        says so by `from_first_row`.
        """

    def products(self) -> Generator[Request, Response, list[ListedProduct]]:
        """Request the products that can be traded now."""

    def parse(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """The trades of one response body, oldest first, in `raw.page_schema`; raises UnexpectedPayload."""

    def check(self, response: Response) -> None:
        """Raise the error that the response means, if any: a TransientError if waiting helps, else a TerminalError."""


@runtime_checkable
class ReportsUsage(Connector, Protocol):
    """A connector of an exchange whose responses say how much of its limit is used."""

    def pause_after(self, response: Response) -> float:
        """The seconds to wait after a response, so that the limit isn't exceeded by others who share the address."""


@runtime_checkable
class KnowsAliases(Connector, Protocol):
    """A connector of an exchange that takes several names for a product."""

    def usual_name(self, symbol: str) -> str:
        """The name that products are listed by, of any name that the exchange takes; reads nothing."""


@runtime_checkable
class Seekable(Connector, Protocol):
    """A connector of an exchange that finds keys by their time, so that a long hole can be estimated and divided.

    Keys are contiguous, or nearly so: the number of trades between two of them is about their difference.
    """

    page_rows: int
    """The number of trades that a page requests; at first the most that the exchange gives."""
    page_weight: float
    """What a page costs in units of the budget."""

    def key_at(self, symbol: str, moment: datetime) -> Generator[Request, Response, int]:
        """The key of the first trade at or after `moment` (UTC), or a little before it.

        If there is none, the key after the newest trade; 0 if there are no trades at all.
        """


def page_of(
    raw: RawTable,
    stream: str,
    rows: pa.RecordBatch,
    low: int,
    high: int | None = None,
    *,
    token: str | None = None,
    proof: Proof = "ids",
    from_first_row: bool = False,
) -> Page:
    """The page that claims all keys from `low` up to `high`, which by default is after the last row.

    Without rows, the exchange was asked and has none there.
    """
    end = raw.last_id(rows) + 1 if high is None else high
    return Page(stream, rows, low, end, proof if rows.num_rows else "absent", token, from_first_row)


def walk_by_id(
    raw: RawTable,
    symbol: str,
    hole: Hole,
    *,
    page: Callable[[int | None], Generator[Request, Response, pa.RecordBatch]],
    check_tape: Callable[[int], Generator[Request, Response, None]],
    proof: Proof = "ids",
    has_earlier: Callable[[], Generator[Request, Response, bool]] | None = None,
) -> Walk:
    """Walk through a hole of an exchange whose pages can begin at any id.

    Args:
        raw: the raw table.
        symbol: the product.
        hole: the hole.
        page: requests the page that begins with an id, oldest first; given None, with the first trade at or after the
            hole's `since`, or earlier.
        check_tape: called with the id of a landed trade after which nothing follows; raises AnotherTape if the exchange
            doesn't have that trade.
        proof: why the pages are complete.
        has_earlier: for an exchange that gives only a part of its past. Called if the first page doesn't show that the
            exchange gives everything from the beginning of the hole; returns whether it does.
    """
    low, is_reached = hole.low, hole.resumes
    start = low if hole.resumes else None
    is_first, from_first_row = True, False
    while hole.high is None or low < hole.high:
        found = yield from page(start)
        if is_first and found.num_rows and has_earlier is not None and not reaches_back(raw, found, hole):
            from_first_row = not (yield from has_earlier())
        is_first = False
        trades = raw.between(found, low, hole.high)
        if from_first_row and trades.num_rows == 0:
            return
        # ids below the end of the hole that this page skips were never assigned
        is_last = hole.high is not None and found.num_rows > 0 and raw.last_id(found) >= hole.high
        if trades.num_rows == 0 and not is_last:
            if hole.high is None and found.num_rows and raw.last_id(found) == low - 1:
                return  # the newest trade is the last one landed
            if found.num_rows or hole.high is not None or (hole.resumes and low == hole.low):
                yield from check_tape((hole.high or low) - 1)
            return
        following = hole.high if is_last and hole.high is not None else raw.last_id(trades) + 1
        if not is_reached:
            trades = raw.since(trades, hole.since_time)
            is_reached = trades.num_rows > 0
            low = raw.first_id(trades) or low
        if from_first_row:
            low = raw.first_id(trades) or low
        if is_reached:
            yield page_of(raw, symbol, trades, low, following, proof=proof, from_first_row=from_first_row)
            from_first_row = False
        low = start = following


def reaches_back(raw: RawTable, found: pa.RecordBatch, hole: Hole) -> bool:
    """Whether rows show that nothing is missing between the beginning of a hole and the first of them.

    They do if the first row is the first one that could be missing, or an earlier one.
    """
    first = raw.first_id(found)
    if first is None or first <= hole.low:
        return first is not None
    return not hole.resumes and raw.since(found, hole.since_time).num_rows < found.num_rows


def newest_page(
    raw: RawTable, symbol: str, hole: Hole, found: pa.RecordBatch, *, proof: Proof, otherwise: Proof
) -> Page | None:
    """What the newest trades say of a hole, if an exchange gives no others; None if they say nothing of it.

    Args:
        raw: the raw table.
        symbol: the product.
        hole: the hole.
        found: the newest trades, oldest first.
        proof: why the page is complete if the trades reach back to the beginning of the hole.
        otherwise: why it is complete from its first row on if they don't.
    """
    trades = raw.between(found, hole.low, hole.high)
    is_whole = reaches_back(raw, found, hole)
    if not hole.resumes:
        trades = raw.since(trades, hole.since_time)
    is_last = hole.high is not None and found.num_rows > 0 and raw.last_id(found) >= hole.high
    if trades.num_rows == 0 and not (is_whole and is_last and hole.resumes):
        return None
    low = hole.low if is_whole and hole.resumes else raw.first_id(trades) or hole.low
    return page_of(
        raw,
        symbol,
        trades,
        low,
        hole.high if is_last else None,
        proof=proof if is_whole else otherwise,
        from_first_row=not is_whole,
    )


def ask_until(
    ask: Callable[[], Generator[Request, Response, T]],
    is_expected: Callable[[T], bool],
    identity: Callable[[T], Hashable],
    *,
    what: str,
    times: int = 5,
    last_id: Callable[[T], int] | None = None,
) -> Generator[Request, Response, T]:
    """Repeat a request until the response is as expected, or was the same `times` times.

    A cache, or a fault, may send a page that was requested earlier. With contiguous ids this shows, because the page
    doesn't begin where the last one ended. A gap in the ids looks the same, but stays when the request is repeated.

    Args:
        ask: sends the request.
        is_expected: whether a response can only be the right one.
        identity: what the same response has in common.
        what: names the request in a message.
        times: how often the same response must come.
        last_id: the highest id of a response to a request for what is newest. Then a response is also taken if it is
            newer than all before it, because no two are the same where trades come all the time.

    Raises:
        UnexpectedPayload: the responses kept changing.
    """
    seen: Counter[Hashable] = Counter()
    newest: int | None = None
    while seen.total() < _MOST_ANSWERS:
        answer = yield from ask()
        seen[identity(answer)] += 1
        if is_expected(answer) or seen[identity(answer)] == times:
            return answer
        if last_id is not None:
            if newest is not None and last_id(answer) > newest:
                return answer
            newest = last_id(answer) if newest is None else max(newest, last_id(answer))
    raise UnexpectedPayload(f"{what}: the same request got {len(seen)} different responses; try again later")


def newest_id(raw: RawTable, rows: pa.RecordBatch) -> int:
    """The id of the last row; -1 without rows."""
    return raw.last_id(rows) if rows.num_rows else -1


def newest_trades(
    ask: Callable[[], Generator[Request, Response, pa.RecordBatch]], *, what: str
) -> Generator[Request, Response, pa.RecordBatch]:
    """The newest trades of a product, as `ask` requests them; no rows if it has none.

    An empty response may belong to an earlier request, of times before the first trade, so it must arrive three times.
    """
    return ask_until(
        ask, lambda page: page.num_rows > 0, lambda page: page.num_rows, what=what, times=TIMES_IF_UNCHECKED
    )


def another_tape(what: str, last_id: int | str, found: str) -> AnotherTape:
    """The error to raise if the exchange doesn't know `last_id`, the last trade landed."""
    return AnotherTape(
        f"{what}: the ids are not those of the trades landed so far: the last trade landed has id {last_id}, {found}. "
        "Is the address right? If the exchange has restarted its ids, load into another lake with --lake"
    )


def id_texts(ids: Sequence[int], *, exchange: str) -> pa.StringArray:
    """Trade ids as texts.

    Raises:
        UnexpectedPayload: an id is negative or has more than 63 bits, so that a walk can't continue from it.
    """
    for found in extremes(ids):
        if not 0 <= found < 2**63:
            raise UnexpectedPayload(f"{exchange}: expected trade ids from 0 to 2^63, found {hex(found)[:40]}")
    return packed(ids, pa.int64()).cast(pa.string())


def in_order(trades: pa.RecordBatch, ids: Sequence[int]) -> pa.RecordBatch:
    """`trades` sorted by ascending `ids`, on which walks rely. Most exchanges already send them in that order."""
    if ids == sorted(ids):
        return trades
    return trades.take(pc.sort_indices(packed(ids, pa.int64())))
