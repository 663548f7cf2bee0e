"""What a connector is: the peculiarities of one venue, and no socket.

A connector yields requests and receives responses, as httpx's auth flows do; `fetch.py` sends them. So retries,
limits, concurrency and progress have one place for all venues, and a connector can be tested without a network.
"""

from collections import Counter
from collections.abc import Callable, Generator, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from .raw_table import RawTable

T = TypeVar("T")


@dataclass(frozen=True)
class Cursor:
    """Up to where a product is landed: `token` resumes there, and is the venue's own text, never derived.

    `last_id` is the id of the last trade before it; a later page may repeat it, and must not land it again.
    """

    token: str
    last_id: str


@dataclass(frozen=True)
class Request:
    """A GET to send; `weight` is its price in the venue's own units, `scope` what its budget is counted for."""

    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1
    scope: str = ""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    """Names are in lower case."""
    body: bytes


@dataclass(frozen=True)
class Page:
    """Trades of one product, oldest first, none of them landed before; `cursor` resumes after the last one."""

    symbol: str
    trades: pa.RecordBatch
    cursor: Cursor


@dataclass(frozen=True)
class Product:
    """A market of a venue: its name there, and its assets in the field's usual names (BTC, not XBT)."""

    symbol: str
    base: str
    quote: str


@dataclass(frozen=True)
class Budget:
    """What a venue allows a public client: `units` of weight every `seconds`, after a first burst of `burst`."""

    units: float
    seconds: float
    burst: float


Walk = Generator[Request | Page, Response, None]
"""Yields a request, and is sent its response; yields a page, and is sent nothing of meaning."""


class Connector(Protocol):
    """What a module in `connectors/` offers as `CONNECTOR`. Parsing is pure; nothing here sends or waits."""

    name: str
    """The module's name, for example coinbase."""
    base_url: str
    budget: Budget
    raw: RawTable

    def newer(self, symbol: str, after: Cursor | None, *, since: datetime) -> Walk:
        """Walk forward from `after` to now; without it, from the first trade at or after `since` (UTC).

        Every page continues where the one before ended, so whatever was landed when a walk breaks off is whole.
        """

    def products(self) -> Generator[Request, Response, list[Product]]:
        """Ask for the products that can be traded now."""

    def parse_trades(self, body: bytes, *, symbol: str) -> pa.RecordBatch:
        """Trades of one response body, oldest first, in `raw.page_schema`; raises UnexpectedPayload."""

    def check(self, response: Response) -> None:
        """Raise what the response means: a TransientError where waiting helps, a TerminalError where not."""


def page_of(raw: RawTable, symbol: str, trades: pa.RecordBatch, token: str | None = None) -> Page:
    """A page of `trades`, whose token is the last id unless the venue gives another."""
    last_id = trades[raw.trade_id][-1].as_py()
    return Page(symbol, trades, Cursor(token if token is not None else last_id, last_id))


def after_id(raw: RawTable, trades: pa.RecordBatch, last_id: int) -> pa.RecordBatch:
    """The trades whose numeric id is above `last_id`."""
    return trades.filter(pc.greater(pc.cast(trades[raw.trade_id], pa.int64()), last_id))


def ask_until(
    ask: Callable[[], Generator[Request, Response, T]],
    is_expected: Callable[[T], bool],
    identity: Callable[[T], Hashable],
    *,
    times: int = 5,
) -> Generator[Request, Response, T]:
    """Ask again while the answer isn't what was expected; believe it when it came so many times the same.

    A cache, or a fault, may give a page that was asked for earlier. Where ids are contiguous it shows: the page does
    not begin where the last one ended. A hole in the ids looks alike, but asking again won't change it.
    """
    seen: Counter[Hashable] = Counter()
    while True:
        answer = yield from ask()
        seen[identity(answer)] += 1
        if is_expected(answer) or seen[identity(answer)] == times:
            return answer


def first_id(raw: RawTable, trades: pa.RecordBatch) -> int | None:
    return int(trades[raw.trade_id][0].as_py()) if trades.num_rows else None


def last_id(raw: RawTable, trades: pa.RecordBatch) -> int:
    return int(trades[raw.trade_id][-1].as_py())


def batch_of(raw: RawTable, columns: Mapping[str, Any]) -> pa.RecordBatch:
    """A record batch in the order and types of `raw.page_schema`; takes arrays or lists."""
    schema = raw.page_schema
    return pa.RecordBatch.from_arrays(
        [
            column if isinstance(column := columns[wanted.name], pa.Array) else pa.array(column, wanted.type)
            for wanted in schema
        ],
        schema=schema,
    )
