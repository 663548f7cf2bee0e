"""Holes for walks: where a first walk begins, and where one resumes."""

from datetime import UTC, datetime

from lakehouse.coverage import BEGINNING, Hole, microseconds
from loaders.channels.rest import Fetcher
from loaders.connector import Segment
from loaders.piece import Piece

LONG_AGO = datetime(2013, 1, 1, tzinfo=UTC)


def everything_since(since: datetime) -> Hole:
    """What a first walk looks for."""
    return Hole(BEGINNING, None, microseconds(since), None)


def after(last_id: int, *, token: str | None = None, until: datetime = LONG_AGO) -> Hole:
    """What follows a trade that was landed, whose time was `until`."""
    return Hole(last_id + 1, None, microseconds(until), None, token, resumes=True)


def after_piece(piece: Piece) -> Hole:
    """What follows a piece."""
    stretch = piece.stretch
    return Hole(stretch.high, None, stretch.until, None, stretch.token, resumes=True)


def pieces(fetcher: Fetcher, *segments: Segment) -> list[Piece]:
    """What the walks through `segments` yield."""
    return [piece for piece in fetcher.pieces(segments) if piece is not None]
