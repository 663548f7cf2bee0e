"""A late load against an early one, and one where many symbols are held against few: their time and metadata.

A load here is what `land` does after dlt has written the file. Then come the commands that tell what a lake of many
loads holds, as whole processes.
"""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import mean, median

from pyiceberg.table import Table

from lakehouse.compaction import compact
from lakehouse.coverage_record import COVERAGE
from lakehouse.lake import identifier
from lakehouse.ledger_commits import record
from lakehouse.local import LocalLake
from lakehouse.tables import ensure_table
from loaders.landing.commit import commit
from loaders.landing.encoders import Encoders
from loaders.landing.load import LoadInProgress, Origin
from loaders.piece import Piece
from schemahub.runs.context import utc_now

from . import trades
from .measure import Measurement, expect, median_seconds, seconds
from .processes import seconds_of, seconds_of_dbt_version
from .size import Size

_MOVING = 20
"""The symbols of a load, where many are held."""
_PLANNED_SECONDS = 0.1
"""How long a person who queries a table of half of the loads should wait for its plan."""


class _Lake:
    """A lake for tiny loads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "lake"
        self.lake = LocalLake(self.folder)
        self._folder = folder

    def load(self, pieces: Sequence[Piece]) -> float:
        """Commit a load and record it; returns the seconds that it took."""
        load = LoadInProgress(
            self.lake,
            trades.RAW,
            ensure_table(self.lake, trades.RAW.table),
            Origin("benchmark", "rest"),
            now=utc_now,
        )
        with Encoders() as encoders:
            (file,) = load.files(iter(pieces), encoders, self._folder)
        return seconds(lambda: self._commit(load, file.path))

    def _commit(self, load: LoadInProgress, file: Path) -> None:
        load.stage(file)
        commit(load)
        record(self.lake, trades.RAW, {load.load_id: load.ledger_rows or []})
        compact(self.table)
        file.unlink()

    @property
    def table(self) -> Table:
        return self.lake.catalog.load_table(identifier(trades.RAW.name))

    def planning(self) -> float:
        """The seconds that planning a read of the last load's rows takes."""
        since = (utc_now() - timedelta(seconds=1)).isoformat()
        return self._planning(f"_source_ingest_ts >= '{since}'")

    def planning_everything(self) -> float:
        """The seconds that planning a read of all rows takes."""
        return self._planning("true")

    def _planning(self, rows: str) -> float:
        table = self.table
        return median_seconds(lambda: list(table.scan(rows).plan_files()), runs=5)

    @property
    def row_count(self) -> int:
        return sum(int(file.file.record_count) for file in self.table.scan().plan_files())

    def metadata_kb(self) -> float:
        return Path(self.table.metadata_location.removeprefix("file://")).stat().st_size / 1024


def findings(size: Size) -> list[Measurement]:
    """Measure loads one after the other, and loads of many symbols."""
    with tempfile.TemporaryDirectory() as folder:
        many_loads = _of_loads(Path(folder), size)
    with tempfile.TemporaryDirectory() as folder:
        symbols = _of_symbols(Path(folder), size)
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        return [*many_loads, *symbols, *_of_held_symbols(Path(few), Path(many), size)]


def _of_loads(folder: Path, size: Size) -> list[Measurement]:
    loads, early, compared = size.loads, size.few_loads, size.compared_loads
    lake, took, newest, everything = _Lake(folder), [], [], []
    for number in range(1, loads + 1):
        took.append(lake.load(list(trades.pieces(1, first_id=number))))
        if number in (early, loads):
            newest.append(lake.planning())
        if number in (early, loads // 2):
            everything.append(lake.planning_everything())
    expect("rows of all loads", lake.row_count, loads)
    before, late = mean(took[early : early + compared]), mean(took[-compared:])
    return [
        Measurement(
            f"load no. {loads:,} against no. {early}",
            late / before,
            2,
            at_least=False,
            unit="x",
            detail=f"commit and ledger {late * 1000:.0f} ms against {before * 1000:.0f}, means of {compared}",
        ),
        Measurement(
            f"planning to read the newest of {loads:,} loads against that of {early}",
            newest[1] / newest[0],
            loads / early,
            at_least=False,
            unit="x",
            detail=f"{newest[1] * 1000:.0f} ms against {newest[0] * 1000:.0f}, "
            f"{(newest[1] - newest[0]) / (loads - early) * 1000:.2f} ms for each load",
        ),
        Measurement(
            f"planning to read all of {loads // 2:,} loads against all of {early}",
            everything[1] / everything[0],
            loads // 2 / early,
            at_least=False,
            unit="x",
            detail=f"{everything[1] * 1000:.0f} ms against {everything[0] * 1000:.0f}; "
            f"the goal for {loads // 2:,} is {_PLANNED_SECONDS * 1000:.0f} ms",
        ),
    ]


def _of_held_symbols(few: Path, many: Path, size: Size) -> list[Measurement]:
    """Loads of a few symbols into tables that hold 2,000 or 20,000 of them; then commands on the former."""
    lake, early, compared = _Lake(few), size.early_load, size.compared_loads
    took = list(_loads_of_some(lake, size.symbols, size.held_loads))
    before, late = mean(took[early : early + compared]), mean(took[-compared:])
    of_many = mean(list(_loads_of_some(_Lake(many), size.many_symbols, early + compared))[early:])
    return [
        Measurement(
            f"load no. {size.held_loads:,} against no. {early}, where {size.symbols:,} symbols are held",
            late / before,
            1.5,
            at_least=False,
            unit="x",
            detail=f"commit and ledger {late * 1000:.0f} ms against {before * 1000:.0f}, means of {compared} loads of "
            f"{_MOVING} symbols",
        ),
        Measurement(
            f"load where {size.many_symbols:,} symbols are held against one where {size.symbols:,} are",
            of_many / before,
            2,
            at_least=False,
            unit="x",
            detail=f"commit and ledger {of_many * 1000:.0f} ms against {before * 1000:.0f}, means of {compared} loads "
            f"from no. {early} on",
        ),
        *_of_commands(lake, size),
    ]


def _loads_of_some(lake: _Lake, symbols: int, loads: int) -> Iterator[float]:
    """The seconds of each load of a few symbols after one of all of them."""
    (piece,) = trades.pieces(1)
    lake.load([piece._replace(stream=f"SYMBOL{number:05}") for number in range(symbols)])
    for load in range(loads):
        numbers = range(load * _MOVING, (load + 1) * _MOVING)
        yield lake.load(
            [
                trades.with_ids(piece, 2 + number // symbols)._replace(stream=f"SYMBOL{number % symbols:05}")
                for number in numbers
            ]
        )
    expect("rows of all loads", lake.row_count, symbols + loads * _MOVING)


def _of_commands(lake: _Lake, size: Size) -> list[Measurement]:
    found = []
    last = f"SYMBOL{size.symbols - 1:05}"
    for command, says in {"status": last, "gaps": f"no gaps in {size.symbols:,}", "plan": "Athena would"}.items():
        arguments = ["schemahub", command, "--lake", str(lake.folder)]
        took = median(seconds_of(arguments, says=says) for _ in range(size.command_rounds))
        found.append(
            Measurement(
                f"schemahub {command} on a lake of {1 + size.held_loads:,} loads and {size.symbols:,} symbols",
                took,
                2,
                at_least=False,
                unit=" s",
                detail=f"median of {size.command_rounds}; `dbt --version` {seconds_of_dbt_version():.2f} s",
            )
        )
    return found


def _of_symbols(folder: Path, size: Size) -> list[Measurement]:
    lake = _Lake(folder)

    def of_symbols(count: int, load: int) -> list[Piece]:
        (piece,) = trades.pieces(1, first_id=load)
        return [piece._replace(stream=f"SYMBOL{at:04}") for at in range(count)]

    lake.load(of_symbols(size.few_symbols, 1))
    small = median(lake.load(of_symbols(size.few_symbols, load)) for load in range(2, 7))
    large = median(lake.load(of_symbols(size.symbols, load)) for load in range(7, 12))
    length = len(lake.table.properties[COVERAGE])
    return [
        Measurement(
            f"load of {size.symbols:,} symbols against one of {size.few_symbols}",
            large / small,
            20,
            at_least=False,
            unit="x",
            detail=f"commit and ledger {large * 1000:.0f} ms against {small * 1000:.0f}; "
            f"the property that holds the coverage has {length:,} characters",
        ),
        Measurement(
            f"metadata of a table of {size.symbols:,} symbols",
            lake.metadata_kb(),
            500,
            at_least=False,
            unit=" kB",
            detail="the coverage of each is in files beside it",
        ),
    ]
