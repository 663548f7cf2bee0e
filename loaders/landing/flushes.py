"""Cut a long series of pieces into loads, so that readers see progress and a crash loses little."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..piece import Piece


@dataclass(frozen=True)
class FlushEvery:
    """How much a load takes at most: it ends with the first piece that reaches one of the two."""

    rows: int = 1_000_000
    seconds: float = 120.0


BY_DEFAULT = FlushEvery()


def flushes(
    pieces: Iterator[Piece | None], every: FlushEvery, clock: Callable[[], float] = time.monotonic
) -> Iterator[Iterator[Piece]]:
    """The pieces of each load; each must be read to its end before the next.

    Args:
        pieces: pieces in any order; None while there is nothing, so that the time can be seen passing.
        every: when a load ends.
        clock: returns monotonic seconds.
    """
    while (first := _first(pieces)) is not None:
        yield _one(first, pieces, every, clock)


def _first(pieces: Iterator[Piece | None]) -> Piece | None:
    return next((piece for piece in pieces if piece is not None), None)


def _one(
    first: Piece, pieces: Iterator[Piece | None], every: FlushEvery, clock: Callable[[], float]
) -> Iterator[Piece]:
    began, rows = clock(), first.rows.num_rows
    yield first
    while rows < every.rows and clock() - began < every.seconds:
        piece = next(pieces, _END)
        if isinstance(piece, _End):
            return
        if piece is not None:
            rows += piece.rows.num_rows
            yield piece


class _End:
    """There are no more pieces."""


_END = _End()
