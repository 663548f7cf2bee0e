"""What a walk's pages claim: from which time and up to which one a stream is complete."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lakehouse.coverage import Hole, microseconds
from loaders.channels.rest import Fetcher
from loaders.connector import Page, Segment, Walk, page_of
from loaders.piece import Piece
from tests.support.connectors import CONNECTORS
from tests.support.holes import everything_since, pieces

BINANCE = CONNECTORS["binance"]
ROWS = (
    b'[{"id":8,"price":"1","qty":"1","quoteQty":"1","time":1767571200000000,"isBuyerMaker":true},'
    b'{"id":9,"price":"1","qty":"1","quoteQty":"1","time":1767571200000001,"isBuyerMaker":true}]'
)
FIRST = microseconds(datetime(2026, 1, 5))
"""The time of the first row; the second one comes a microsecond later."""
NOON = datetime(2026, 1, 5, 12)
A_YEAR_BEFORE = datetime(2025, 1, 1, tzinfo=UTC)


def claimed(hole: Hole, *pages: Page, is_since_known: bool = True) -> list[Piece]:
    """What is landed of a walk that yields these pages, at noon."""

    class Walking(type(BINANCE)):  # type: ignore[misc]
        def walk(self, *_: object) -> Walk:
            yield from pages

    walking = Walking(raw=BINANCE.raw)
    with Fetcher(walking, "https://exchange.test", now=lambda: NOON) as one:
        found = pieces(one, Segment("BTCUSDT", hole, is_since_known=is_since_known))
    assert one.failures == {}
    return found


def page(body: bytes, *, only: int | None = None, from_first_row: bool = False) -> Page:
    """The page of a body, or of only one of its rows."""
    rows = BINANCE.parse(body, symbol="BTCUSDT")
    rows = rows if only is None else rows.slice(only, 1)
    return page_of(BINANCE.raw, "BTCUSDT", rows, 8 + (only or 0), from_first_row=from_first_row)


def times(found: list[Piece]) -> list[tuple[int, int]]:
    return [(piece.stretch.since, piece.stretch.until) for piece in found]


@pytest.mark.parametrize(
    ("from_first_row", "since"),
    [(False, A_YEAR_BEFORE), (True, datetime(2026, 1, 5))],
    ids=["the whole past", "a part of it"],
)
def test_a_claim_begins_with_what_the_exchange_still_gives(from_first_row: bool, since: datetime) -> None:
    pages = page(ROWS, only=0, from_first_row=from_first_row), page(ROWS, only=1)
    found = claimed(everything_since(A_YEAR_BEFORE), *pages)
    assert times(found) == [(microseconds(since), FIRST), (FIRST, FIRST + 1)]


@pytest.mark.parametrize("time", ["null", '"9999-12-31T00:00:00Z"'])
def test_a_claim_without_a_usable_first_time_begins_no_later_than_now(time: str) -> None:
    body = f'[{{"id":8,"price":"1","qty":"1","time":{time},"isBuyerMaker":true}}]'.encode()
    found = claimed(everything_since(A_YEAR_BEFORE), page(body, from_first_row=True))
    assert times(found) == [(microseconds(NOON), microseconds(NOON))]


@pytest.mark.parametrize("absurd", ["0", "13569465600000000"])  # of the years 1970 and 2400
@pytest.mark.parametrize("from_first_row", [False, True])
def test_one_absurd_time_claims_nothing_of_what_was_not_requested(absurd: str, *, from_first_row: bool) -> None:
    body = ROWS.replace(b"1767571200000000", absurd.encode())
    found = claimed(everything_since(A_YEAR_BEFORE), page(body, from_first_row=from_first_row))
    assert times(found) == [(FIRST + 1 if from_first_row else microseconds(A_YEAR_BEFORE), FIRST + 1)]


def test_a_walk_from_a_key_whose_time_is_not_known_claims_no_time_before_its_first_row() -> None:
    hole = replace(everything_since(datetime(2026, 1, 5, 11, tzinfo=UTC)), low=8, resumes=True)
    pages = page(ROWS, only=0), page(ROWS, only=1)
    assert times(claimed(hole, *pages, is_since_known=False)) == [(FIRST, FIRST), (FIRST, FIRST + 1)]
