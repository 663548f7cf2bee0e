"""`/replay`: a day's trades, played again as they happened; and what it reads, under `/api/`."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from .. import frames
from ..events import Event, iso
from ..moves import Trading, find_moves
from ..problems import PROBLEMS, Problem, Wrong
from ..served import served, shown
from ..snapshots import Snapshot
from ..trades import BAR_US, DAY_US, SECOND_US
from ..venues import Symbol, named
from . import Tab

TAB = Tab(1, "Replay", "/replay")
LATEST_US = 4_102_444_800 * SECOND_US
LONGEST_TICKS_US = 60 * SECOND_US
LONGEST_MOVES_US = 120 * SECOND_US
LONGEST_BARS_US = 3600 * SECOND_US
BASIS_US = 300 * SECOND_US
LEAST_BASIS_SECONDS = 20
"""A basis is told only if both kinds of dollar have traded in as many seconds."""

ARROW = "application/vnd.apache.arrow.stream"
KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}
"""For what has a snapshot in its address: a snapshot never changes."""

router = APIRouter(responses={**PROBLEMS, 410: {"model": Problem, "description": "The snapshot is no longer kept."}})

Name = Annotated[str, Query(min_length=1, max_length=100, description="A canonical symbol, such as BTC-USD.")]
At = Annotated[int, Query(ge=0, le=LATEST_US, description="Microseconds since 1970, UTC.")]
From = Annotated[int, Query(alias="from", ge=0, le=LATEST_US, description="Microseconds since 1970, UTC; inclusive.")]
To = Annotated[int, Query(alias="to", ge=0, le=LATEST_US, description="Microseconds since 1970, UTC; exclusive.")]
SnapshotId = Annotated[
    str | None,
    Query(
        pattern="^[0-9]{1,19}$", description="A snapshot of trades_unified, see /api/snapshots; by default the newest."
    ),
]


class Form(StrEnum):
    """How columns are sent."""

    packed = "packed"
    arrow = "arrow"
    json = "json"


class VenueOut(BaseModel):
    """An exchange's product, as one of the venues of a symbol."""

    exchange: str
    symbol: str
    name: str
    look: int
    quote: str
    is_stand_in: bool
    trades: int
    first_us: int
    last_us: int


class SymbolOut(BaseModel):
    """A canonical symbol, and who trades it."""

    symbol: str
    trades: int
    first_us: int
    last_us: int
    venues: list[VenueOut]


class SymbolsOut(BaseModel):
    """What a snapshot of trades_unified has; symbols that several venues trade first, the busiest first."""

    snapshot: str
    committed_at: str
    symbols: list[SymbolOut]


class SnapshotOut(BaseModel):
    """A snapshot of trades_unified that is kept."""

    snapshot: str
    committed_at: str
    rows: int
    added_rows: int


class MoveOut(BaseModel):
    """A move of the leader, and how many milliseconds each venue took to follow it."""

    us: int
    bps: float
    price: float
    delays_ms: dict[str, float]


class MovesOut(BaseModel):
    """Who moved first, and its moves."""

    leader: str | None
    moves: list[MoveOut]


class BasisOut(BaseModel):
    """By how many bps a venue's prices lie above those in the symbol's own dollar; null if too little was traded."""

    exchange: str
    quote: str
    bps: float | None
    seconds: int


class DelayOut(BaseModel):
    """How late a venue followed another one in an event, and over its day; null where there is no verdict."""

    leader: str
    follower: str
    has_different_quotes: bool
    moves: int
    median_ms: float | None
    low_ms: float | None
    high_ms: float | None
    reason: str | None
    """Why there is no verdict."""
    day_ms: float | None
    """By the Hayashi-Yoshida estimate of the whole day."""
    day_reason: str | None


class EvidenceOut(BaseModel):
    """A trade, and where it comes from."""

    unified: dict[str, Any]
    unified_from: dict[str, str]
    raw: dict[str, Any] | None
    load: dict[str, Any] | None
    mapping: dict[str, Any] | None
    remark: str | None


@router.get("/replay", include_in_schema=False)
async def replay(request: Request) -> HTMLResponse:
    """The page."""
    return shown(request, "replay.html")


@router.get("/api/symbols")
def symbols(request: Request, snapshot: SnapshotId = None) -> SymbolsOut:
    """What can be replayed."""
    trades = served(request).trades
    found = trades.snapshot(_number(snapshot))
    return SymbolsOut(
        snapshot=str(found.id),
        committed_at=found.committed_at.isoformat(),
        symbols=[_symbol(each) for each in trades.symbols(found).values()],
    )


@router.get("/api/snapshots")
def snapshots(request: Request) -> list[SnapshotOut]:
    """The snapshots that can be asked for, newest first."""
    return [
        SnapshotOut(
            snapshot=str(each.id),
            committed_at=each.committed_at.isoformat(),
            rows=each.rows,
            added_rows=each.added_rows,
        )
        for each in served(request).trades.snapshots.published()
    ]


@router.get("/api/ticks", response_class=Response, responses={200: {"content": {frames.MEDIA_TYPE: {}, ARROW: {}}}})
def ticks(
    request: Request, symbol: Name, start: From, end: To, snapshot: SnapshotId = None, form: Form = Form.packed
) -> Response:
    """Every trade of a span of at most a minute, in time order.

    `venue_side` is the place of the venue among the symbol's, plus 64 if the taker bought, or 128 if the exchange
    doesn't say; `offset_us` counts from the span's start.
    """
    trades, found, of = _asked(request, symbol, snapshot)
    _check_span(start, end, LONGEST_TICKS_US)
    meta = {"from_us": start, "to_us": end, "snapshot": str(found.id), "venues": [each.exchange for each in of.venues]}
    if form is Form.packed:
        frame = trades.packed_ticks(found, of, start, end)
        return Response(frame, media_type=frames.MEDIA_TYPE, headers=KEPT if snapshot else {})
    return _columns(form, meta, trades.ticks(found, of, start, end), is_kept=snapshot is not None)


@router.get("/api/bars", response_class=Response, responses={200: {"content": {frames.MEDIA_TYPE: {}, ARROW: {}}}})
def bars(
    request: Request,
    symbol: Name,
    start: From,
    end: To,
    snapshot: SnapshotId = None,
    basis_at: Annotated[
        int | None, Query(ge=0, le=LATEST_US, description="Take off the basis of the five minutes before.")
    ] = None,
    form: Form = Form.packed,
) -> Response:
    """For each 100 ms of a span of at most an hour: the number of trades, and how far apart the venues' prices lay."""
    trades, found, of = _asked(request, symbol, snapshot)
    _check_span(start, end, LONGEST_BARS_US)
    known = [] if basis_at is None else trades.basis(found, of, max(0, basis_at - BASIS_US), basis_at)
    taken_off = {each["exchange"]: each["bps"] for each in known if each["seconds"] >= LEAST_BASIS_SECONDS}
    meta = {"from_us": start, "to_us": end, "bar_us": BAR_US, "snapshot": str(found.id)}
    return _columns(form, meta, trades.bars(found, of, start, end, taken_off), is_kept=snapshot is not None)


@router.get("/api/day", response_class=Response, responses={200: {"content": {frames.MEDIA_TYPE: {}, ARROW: {}}}})
def day(request: Request, symbol: Name, at: At, snapshot: SnapshotId = None, form: Form = Form.packed) -> Response:
    """For each minute of the day (UTC) that holds an instant: the trades, and the busiest venue's volatility in bps."""
    trades, found, of = _asked(request, symbol, snapshot)
    start = at - at % DAY_US
    if form is Form.packed:
        frame = trades.packed_day(found, of, start)
        return Response(frame, media_type=frames.MEDIA_TYPE, headers=KEPT if snapshot else {})
    meta = {"from_us": start, "snapshot": str(found.id)}
    return _columns(form, meta, trades.day(found, of, start), is_kept=snapshot is not None)


@router.get("/api/moves")
def moves(
    request: Request, response: Response, symbol: Name, start: From, end: To, snapshot: SnapshotId = None
) -> MovesOut:
    """Who moved first in a span of at most two minutes, and how long the others took after each move."""
    trades, found, of = _asked(request, symbol, snapshot)
    _check_span(start, end, LONGEST_MOVES_US)
    if snapshot:
        response.headers.update(KEPT)
    result = find_moves(_trading(trades.ticks(found, of, start, end), of), end - start)
    return MovesOut(
        leader=result.leader,
        moves=[MoveOut(**{**asdict(move), "us": start + move.us}) for move in result.moves],
    )


@router.get("/api/basis")
def basis(request: Request, symbol: Name, at: At, snapshot: SnapshotId = None) -> list[BasisOut]:
    """The basis of each venue in another dollar: the median over the five minutes before an instant."""
    trades, found, of = _asked(request, symbol, snapshot)
    known = {each["exchange"]: each for each in trades.basis(found, of, max(0, at - BASIS_US), at)}
    return [
        BasisOut(
            exchange=venue.exchange,
            quote=venue.quote,
            bps=each["bps"] if (each := known.get(venue.exchange)) and each["seconds"] >= LEAST_BASIS_SECONDS else None,
            seconds=known.get(venue.exchange, {"seconds": 0})["seconds"],
        )
        for venue in of.venues
        if venue.is_stand_in
    ]


@router.get("/api/events")
def events(request: Request, symbol: Name, at: At, snapshot: SnapshotId = None) -> list[Event]:
    """The largest moves of the day (UTC) that holds an instant, the largest first."""
    _, found, of = _asked(request, symbol, snapshot)
    return served(request).events.of_day(found, of, at - at % DAY_US)


@router.get("/api/lead-lag")
def lead_lag(request: Request, symbol: Name, at: At) -> list[DelayOut]:
    """How late the venues followed each other in an event that began at an instant, as dbt has measured it.

    Empty where `venue_lead_lag` isn't built, or has no such event.
    """
    trades = served(request).trades
    of = named(trades.symbols(trades.snapshot(None)), symbol)
    found = served(request).marts.delays(of.name, at) if of else None
    return [DelayOut(**row) for row in found or ()]


@router.get("/api/tick")
def tick(
    request: Request,
    symbol: Name,
    exchange: Annotated[str, Query(min_length=1, max_length=100, description="One of the symbol's venues.")],
    at: At,
    nth: Annotated[int, Query(ge=0, le=1_000_000, description="Which of the exchange's trades at that instant.")] = 0,
    snapshot: SnapshotId = None,
) -> EvidenceOut:
    """One trade, and where it comes from: what the exchange sent, the load, the files, and the mapping's rules."""
    _, found, of = _asked(request, symbol, snapshot)
    return EvidenceOut(**served(request).evidence.of(found, of, exchange, at, nth))


def _asked(request: Request, symbol: str, snapshot: str | None) -> "tuple[Any, Snapshot, Symbol]":
    trades = served(request).trades
    found = trades.snapshot(_number(snapshot))
    return trades, found, trades.symbol(found, symbol)


def _number(snapshot: str | None) -> int | None:
    return None if snapshot is None else int(snapshot)


def _check_span(start: int, end: int, longest_us: int) -> None:
    if not 0 < end - start <= longest_us:
        raise Wrong(
            422,
            f"`to`: expected an instant after `from`, by at most {longest_us // SECOND_US} s; "
            f"found {iso(start)} to {iso(end)}",
        )


def _symbol(symbol: Symbol) -> SymbolOut:
    return SymbolOut(
        symbol=symbol.name,
        trades=symbol.trades,
        first_us=min(venue.first_us for venue in symbol.venues),
        last_us=max(venue.last_us for venue in symbol.venues),
        venues=[VenueOut(**asdict(venue)) for venue in symbol.venues],
    )


def _trading(table: pa.Table, symbol: Symbol) -> Mapping[str, Trading]:
    columns = {name: table[name].to_numpy() for name in ("offset_us", "price", "venue_side")}
    number, side = columns["venue_side"] & 63, _SIDES[columns["venue_side"] >> 6]
    return {
        venue.exchange: Trading(columns["offset_us"][mine].astype("int64"), columns["price"][mine], side[mine])
        for place, venue in enumerate(symbol.venues)
        if (mine := number == place).any()
    }


_SIDES = np.array([0, 1, 2, 2], dtype="uint8")


def _columns(form: Form, meta: Mapping[str, object], table: pa.Table, *, is_kept: bool) -> Response:
    content, media_type = _WRITERS[form.value](meta, table)
    return Response(content, media_type=media_type, headers=KEPT if is_kept else {})


def _as_json(meta: Mapping[str, object], table: pa.Table) -> tuple[bytes, str]:
    import msgspec

    return msgspec.json.encode({**meta, **table.to_pydict()}), "application/json"


def _as_arrow(meta: Mapping[str, object], table: pa.Table) -> tuple[bytes, str]:
    described = table.replace_schema_metadata({name: str(value) for name, value in meta.items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, described.schema) as writer:
        writer.write_table(described)
    return sink.getvalue().to_pybytes(), ARROW


_WRITERS: Mapping[Literal["packed", "arrow", "json"], Callable[[Mapping[str, object], pa.Table], tuple[bytes, str]]] = {
    "packed": lambda meta, table: (frames.pack(meta, table), frames.MEDIA_TYPE),
    "arrow": _as_arrow,
    "json": _as_json,
}
