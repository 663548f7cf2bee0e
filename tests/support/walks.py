"""Walks of a connector without its pauses, and what must be true of their pieces."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pyarrow as pa

from lakehouse.coverage import Hole
from lakehouse.raw_table import RawTable
from loaders.channels.rest import Fetcher
from loaders.connector import Connector, Segment
from loaders.piece import Piece
from tests.support.holes import everything_since, pieces

START = datetime(2026, 1, 5, tzinfo=UTC)
"""When the simulated market begins."""
EVERYTHING = everything_since(START)


def impatient(connector: Connector, url: str) -> Fetcher:
    """A fetcher whose pauses are a thousandth of what they should be."""
    return Fetcher(connector, url, wait=lambda event, seconds: event.wait(seconds / 1_000))


def walk(fetcher: Fetcher, symbol: str, hole: Hole = EVERYTHING) -> tuple[list[Piece], list[int]]:
    with fetcher:
        found = pieces(fetcher, Segment(symbol, hole))
    if fetcher.failures:
        raise fetcher.failures[symbol]
    raw = fetcher.connector.raw
    assert_claims_are_true(found, raw)
    return found, ids_of(found, raw)


def first_piece(fetcher: Fetcher, symbol: str) -> Piece:
    with fetcher:
        return next(piece for piece in fetcher.pieces([Segment(symbol, EVERYTHING)]) if piece is not None)


def assert_claims_are_true(found: Sequence[Piece], raw: RawTable) -> None:
    """Each piece continues the one before, and its rows are within what it claims, in order."""
    for before, piece in pairwise(found):
        assert piece.stretch.low == before.stretch.high
    for piece in found:
        ids = ids_of([piece], raw)
        assert ids == sorted(set(ids))
        assert piece.stretch.rows == len(ids)
        assert all(piece.stretch.low <= trade_id < piece.stretch.high for trade_id in ids)


def ids_of(found: Sequence[Piece], raw: RawTable) -> list[int]:
    return [int(trade_id) for piece in found for trade_id in piece.rows[raw.id_column].to_pylist()]


def times_of(found: Sequence[Piece], raw: RawTable) -> list[int]:
    """The times of all rows, in microseconds since 1970."""
    times: list[int] = pa.chunked_array([piece.rows[raw.time_column] for piece in found]).cast(pa.int64()).to_pylist()
    return times


def has_pages(connector: Connector) -> bool:
    """Whether more than one page of trades can be requested; otherwise the newest trades are all there is."""
    return connector.history is None or connector.history.span > timedelta(days=1)
