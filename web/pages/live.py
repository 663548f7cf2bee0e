"""`/live`: every venue's quotes as they come, how far apart they are, and why."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, cast

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from ..alerts import as_csv
from ..causes import Limits, distances, words
from ..live_feed import LiveFeed
from ..live_source import LiveSource
from ..quotes import Board, Row, SymbolState, seen_of, shown, title
from ..served import Served
from ..served import shown as page
from . import Tab

TAB = Tab(20, "Live", "/live")


@asynccontextmanager
async def _feed_of(app: FastAPI) -> AsyncIterator[None]:
    served: Served = app.state.served
    source = LiveSource(served.context, served.limits, simulate=served.simulate, land=served.land)
    app.state.live = feed = LiveFeed(source)
    opening = asyncio.create_task(feed.board()) if served.land else None
    try:
        yield
    finally:
        if opening is not None:
            await asyncio.gather(opening, return_exceptions=True)
        await feed.close()


router = APIRouter(lifespan=_feed_of)


class Venue(BaseModel):
    """The newest quote of one venue; prices are in its own quote currency."""

    venue: str
    product: str
    currency: str
    bid: float
    ask: float
    last: float | None
    """The price of the last trade."""
    size: float | None
    """The quantity of the last trade."""
    spread_bps: float
    age_ms: float
    """How old the quote is, by the venue's clock as far as its error is known."""
    is_stale: bool
    off_bps: float
    """The distance from the venue in the middle."""


class Symbol(BaseModel):
    """How far apart the venues of a symbol were in the worst moment of the last second, and why."""

    symbol: str
    apart_bps: float
    cause: str | None
    """Null below the threshold; otherwise stale, currency, fees, skew or real."""
    words: str | None
    venues: list[Venue]


class Quotes(BaseModel):
    time_ms: float
    """Milliseconds since 1970."""
    source: str
    threshold_bps: float
    fees_bps: float
    basis_bps: dict[str, float]
    """What other currencies are above a dollar."""
    symbols: list[Symbol]


class ShownAlert(BaseModel):
    """An episode in which venues disagree, or in which a venue's feed says nothing. Times are ms since 1970."""

    number: int
    began_ms: int
    ended_ms: int | None
    symbol: str | None
    venue: str | None
    worst_bps: float
    cause: str
    title: str
    words: str


class Feed(BaseModel):
    """How a venue's feed is."""

    venue: str
    messages_a_second: float
    delay_ms: float | None
    """The median; null if the venue sends no times. If a clock is off, what a message took more than the fastest."""
    delay_p95_ms: float | None
    clock_ms: int
    """How far this machine's clock is ahead of the venue's; 0 if nothing proves a difference."""
    silent_ms: int | None
    """How long no quote has come; null if none ever has."""
    reconnects: int
    landed: int
    is_over: bool
    trouble: str | None


@router.get("/live", include_in_schema=False)
async def live(request: Request) -> HTMLResponse:
    """The page."""
    return page(request, "live.html")


@router.websocket("/live/feed")
async def feed(socket: WebSocket) -> None:
    """The board, and what changes; `live_feed.py` says how."""
    await _live(socket).serve(socket)


@router.get("/api/live", summary="The newest quotes, how far venues are apart, and why")
async def quotes(request: Request) -> Quotes:
    """What the page shows, as JSON. The first request begins to listen, so it may have no quotes yet."""
    board, now = await _live(request).board(), time.time()
    return Quotes(
        time_ms=round(now * 1000, 1),
        source=board.source,
        threshold_bps=board.limits.threshold,
        fees_bps=board.limits.fees,
        basis_bps={currency: round(value, 2) for currency, value in board.basis.of.items()},
        symbols=[_symbol(each, board.limits, now) for each in board.symbols],
    )


@router.get("/api/live/alerts", summary="The newest alerts")
async def alerts(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[ShownAlert]:
    """Newest first."""
    found = (await _live(request).board()).newest_alerts()
    return [ShownAlert(**shown(alert)) for alert in found[:limit]]


@router.get(
    "/api/live/alerts.csv",
    summary="All alerts as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def alerts_csv(request: Request) -> Response:
    """Newest first; at most the last thousand."""
    board: Board = await _live(request).board()
    headers = {"Content-Disposition": 'attachment; filename="alerts.csv"', "Cache-Control": "no-store"}
    return Response(as_csv(board.newest_alerts()), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/api/live/feeds", summary="How each venue's feed is")
async def feeds(request: Request) -> list[Feed]:
    """Messages a second, delay, clock and reconnects."""
    return [Feed(**each) for each in (await _live(request).board()).feeds()]


def _live(connection: HTTPConnection) -> LiveFeed:
    return cast(LiveFeed, connection.app.state.live)


def _symbol(state: SymbolState, limits: Limits, now: float) -> Symbol:
    quoted = [row for row in state.rows if row.at]
    off = distances(seen_of(quoted, now))
    return Symbol(
        symbol=state.name,
        apart_bps=round(state.worst.apart, 2),
        cause=None if state.cause is None else state.cause.name,
        words=None if state.cause is None else words(state.cause, state.worst, limits),
        venues=[_venue(row, each, now) for row, each in zip(quoted, off, strict=True)],
    )


def _venue(row: Row, off: float, now: float) -> Venue:
    (seen,) = seen_of([row], now)
    return Venue(
        venue=title(row.listing.venue),
        product=row.listing.product,
        currency=row.listing.currency,
        bid=row.bid,
        ask=row.ask,
        last=row.last or None,
        size=row.size or None,
        spread_bps=round((row.ask - row.bid) / row.mid * 10_000, 2),
        age_ms=max(0.0, round(seen.age * 1000, 1)),
        is_stale=seen.is_stale,
        off_bps=round(off, 2),
    )
