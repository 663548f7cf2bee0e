"""Land trades beside other processes until nothing is missing.

python -m tests.support.racing_program LAKE KIND SEED LAST_ID

KIND is how the process chooses what to land: `ingest` what follows the oldest hole's beginning, `backfill` a long part
of any hole, and `live` a short range near the end, whether or not others have landed some of it.
"""

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from lakehouse.coverage_record import read_coverage
from lakehouse.lake import Lake
from lakehouse.ledger_commits import record_if_needed
from lakehouse.open import open_lake
from lakehouse.tables import ensure_table
from loaders.piece import Piece
from tests.support.landing_program import MARKETS, PAGE, RAW, piece

KINDS = ("ingest", "backfill", "live")
_LONGEST = {"ingest": 400, "backfill": 3_000, "live": 300}


def missing(lake: Lake, last_id: int) -> dict[str, list[tuple[int, int]]]:
    """What the lake lacks of each market up to an id."""
    coverage = read_coverage(lake, RAW.name)
    found = {market: coverage.of(market).missing(1, last_id + 1) for market in MARKETS}
    return {market: holes for market, holes in found.items() if holes}


def wanted(kind: str, holes: dict[str, list[tuple[int, int]]], last_id: int, draw: random.Random) -> list[Piece]:
    """What a loader of this kind lands next, of one market or of several."""
    markets = draw.sample(sorted(holes), draw.randint(1, len(holes)))
    return [page for market in markets for page in _pages(market, *_range(kind, holes[market], last_id, draw))]


def _range(kind: str, holes: list[tuple[int, int]], last_id: int, draw: random.Random) -> tuple[int, int]:
    if kind == "live":
        low = draw.randint(max(1, holes[-1][1] - 1_000), last_id)
        return low, min(low + _LONGEST[kind], last_id + 1)
    low, high = holes[0] if kind == "ingest" else draw.choice(holes)
    return low, min(high, low + draw.randint(1, _LONGEST[kind]))


def _pages(market: str, low: int, high: int) -> Iterator[Piece]:
    for start in range(low, high, PAGE):
        yield piece(market, range(start, min(start + PAGE, high)))


def main(location: str, kind: str, seed: str, last_id: str) -> None:
    from loaders.landing import gather
    from loaders.landing.dlt_job import land
    from loaders.landing.load import LoadInProgress, Origin

    gather.ROWS_OF_A_FILE = 500  # so that loads have several files
    lake, draw = open_lake(location), random.Random(int(seed))
    while True:
        with lake.loading(RAW.name):
            table = ensure_table(lake, RAW.table)
            record_if_needed(lake, RAW)
            if not (holes := missing(lake, int(last_id))):
                return
            load = LoadInProgress(
                lake, RAW, table, Origin(kind, "rest"), now=lambda: datetime.now(UTC).replace(tzinfo=None)
            )
            land(load, iter(wanted(kind, holes, int(last_id), draw)))


if __name__ == "__main__":
    main(*sys.argv[1:])
