"""`/symbols/<symbol>`: candles, volume, and how its venues compare; and what it shows, under `/api/candles`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from ..candles import MINUTE_US
from ..events import iso
from ..problems import PROBLEMS, Wrong
from ..served import served, shown
from .replay import LATEST_US, Name

router = APIRouter(responses=PROBLEMS)


class VenueCandles(BaseModel):
    """A venue's candles; each list has a value for each candle, in time order."""

    exchange: str
    name: str
    look: int
    quote: str
    start_us: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]
    """Units of the base asset."""
    turnover: list[float]
    """The same in the quote asset."""
    trades: list[int]


class CandlesOut(BaseModel):
    """The candles of every venue of a symbol in a span."""

    symbol: str
    width_minutes: int
    from_us: int
    to_us: int
    venues: list[VenueCandles]


@router.get("/symbols/{symbol}", include_in_schema=False)
def symbol_page(request: Request, symbol: str) -> HTMLResponse:
    """The page."""
    trades = served(request).trades
    found = trades.symbol(trades.snapshot(None), symbol)
    return shown(request, "symbol.html", symbol=found, names=list(trades.symbols(trades.snapshot(None))))


@router.get("/api/candles")
def candles(
    request: Request,
    symbol: Name,
    start: Annotated[
        int | None, Query(alias="from", ge=0, le=LATEST_US, description="By default, of all trades.")
    ] = None,
    end: Annotated[int | None, Query(alias="to", ge=0, le=LATEST_US, description="By default, of all trades.")] = None,
) -> CandlesOut:
    """Candles of each venue, as wide as it takes for at most 400 in the span; times are in microseconds since 1970."""
    trades = served(request).trades
    of = trades.symbol(trades.snapshot(None), symbol)
    start = min(venue.first_us for venue in of.venues) // MINUTE_US * MINUTE_US if start is None else start
    end = max(venue.last_us for venue in of.venues) + 1 if end is None else end
    if end <= start:
        raise Wrong(422, f"`to`: expected an instant after `from`; found {iso(start)} to {iso(end)}")
    width, found = served(request).candles.of(of, start, end)
    columns = [each.rows.to_pydict() for each in found]
    return CandlesOut(
        symbol=of.name,
        width_minutes=width,
        from_us=start,
        to_us=end,
        venues=[
            VenueCandles(exchange=venue.exchange, name=venue.name, look=venue.look, quote=venue.quote, **each)
            for venue, each in zip(of.venues, columns, strict=True)
        ],
    )
