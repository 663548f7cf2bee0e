"""What every format of files must do. A format is found by itself; `write` must only know how to make such a file.

The files hold the trades of a simulated exchange, so that their rows can be compared with those that REST gives. Where
a simulated exchange has bulk files, they are its own, and every oddity that the simulator knows is tried.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lakehouse.coverage import Coverage, Stretch, microseconds
from lakehouse.coverage_record import read_coverage
from lakehouse.local import LocalLake
from loaders.channels.files import BadFile
from loaders.connector import Connector, Segment
from loaders.file_formats import Recognised, format_of, formats
from loaders.landing.file_pieces import by_id, by_second
from loaders.landing.take_over import GivenFile, TakenOver, take_over
from loaders.piece import Piece
from simulator.exchanges.bulk_files import FileRow
from simulator.exchanges.oddities import KINDS, Oddities, odd_text, parse_oddity
from simulator.exchanges.simulated import simulated_exchanges
from tests.support.connectors import CONNECTORS
from tests.support.exchange_in_process import FIRST_ID, START_NS, InProcess, trades_at
from tests.support.holes import everything_since

NOW = datetime(2026, 1, 5)
MANY = 735
SECOND = 10**9
FORMATS = formats()

pytestmark = pytest.mark.parametrize("name", FORMATS)


def _binance(exchange: InProcess, folder: Path) -> Path:
    symbol = exchange.tapes[0].product
    file = f"{symbol}-trades-2024-12-30.zip"
    return _saved(folder / file, exchange.get(f"/data/spot/daily/trades/{symbol}/{file}"))


def _kraken(exchange: InProcess, folder: Path) -> Path:
    return _saved(
        folder / "Kraken_Trading_History.zip", exchange.get("/time-and-sales/Kraken_Trading_History_Q4_2024.zip")
    )


def _coinbase(exchange: InProcess, folder: Path) -> Path:
    product = exchange.tapes[0].product
    sent = json.loads(exchange.get(f"/products/{product}/trades"))
    lines = [json.dumps({**each, "product_id": product, "side": each["side"].upper()}) for each in reversed(sent)]
    rows = [FileRow(time_ns, line) for time_ns, line in zip(exchange.trades[0].times_ns, lines, strict=True)]
    file = f"raw_coinbase_trades_{product}_20251215T103050Z_1.jsonl"
    return _saved(folder / file, odd_text(rows, exchange.oddities.of(file), header="{}", seed=file).encode())


WRITERS = {"binance-trades": _binance, "kraken-time-and-sales": _kraken, "coinbase-json-lines": _coinbase}


def write(name: str, exchange: InProcess, folder: Path) -> Path:
    """A file of this format with the trades of an exchange, in a folder of its own."""
    if name not in WRITERS:
        pytest.fail(f"add a function to WRITERS that writes a file of the format {name}")
    folder = folder / f"of {len(exchange.truth)} from {exchange.truth[0].id}"
    folder.mkdir(exist_ok=True)
    return WRITERS[name](exchange, folder)


def _saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@dataclass
class Market:
    """Trades of one product, of which files can hold any part."""

    found: Recognised
    times_ns: Sequence[int]

    @property
    def connector(self) -> Connector:
        return CONNECTORS[self.found.exchange]

    def exchange(self, start: int = 0, stop: int | None = None, oddities: Oddities | None = None) -> InProcess:
        """An exchange with the trades from the place `start` up to `stop`."""
        listing = simulated_exchanges()[self.found.exchange].listings[0]
        trades = trades_at(listing, self.times_ns)
        part = trades.part(start, len(self.times_ns) if stop is None else stop)
        return InProcess(self.found.exchange, [part], oddities=oddities or Oddities())

    def over_rest(self) -> list[dict[str, Any]]:
        """The rows that REST gives for all trades."""
        exchange = self.exchange()
        symbol = exchange.symbol_for(self.connector)
        since = everything_since(datetime.fromtimestamp(START_NS / SECOND) - timedelta(days=2))
        found = exchange.walked(self.connector, Segment(symbol, since))
        return [row for piece in found for row in piece.rows.to_pylist()]


@pytest.fixture
def market(name: str) -> Market:
    """A trade each second, and hundreds in the middle one of them."""
    times = [START_NS + number * SECOND for number in range(20)]
    times += [START_NS + 20 * SECOND + number for number in range(MANY)]
    times += [START_NS + (21 + number) * SECOND for number in range(20)]
    return Market(FORMATS[name], times)


def pieces_of(market: Market, path: Path) -> list[Piece]:
    """What is landed of a file, read to its end."""
    raw, form = market.connector.raw, market.found.format
    found: list[Piece] = []
    for stream in form.read(path, raw):
        if form.beside is None:
            found += by_id(raw, stream.stream, stream.batches, now=microseconds(NOW))
        else:
            found += by_second(raw, stream.stream, form.beside, stream.batches, stream.report, now=microseconds(NOW))
    return found


def rows_of(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    return [row for piece in pieces for row in piece.rows.to_pylist()]


def test_it_is_recognised_by_its_content(name: str, market: Market, tmp_path: Path) -> None:
    assert format_of(write(name, market.exchange(), tmp_path)).format.name == name


def test_its_rows_are_those_of_rest_and_hundreds_with_one_time_are_all_there(
    name: str, market: Market, tmp_path: Path
) -> None:
    raw, pieces = market.connector.raw, pieces_of(market, write(name, market.exchange(), tmp_path))
    found, expected = rows_of(pieces), market.over_rest()
    assert len(found) == len(expected) == MANY + 40
    assert len({row[raw.id_column] for row in found}) == len(found)
    assert all(piece.rows.schema.names == raw.page_schema.names for piece in pieces)
    for row, sent in zip(found, expected, strict=True):
        del row["_raw_payload"], sent["_raw_payload"]
        if market.found.format.beside is not None:  # without ids, and with whole seconds
            sent |= {raw.id_column: row[raw.id_column], raw.time_column: sent[raw.time_column].replace(microsecond=0)}
        assert {column: value for column, value in sent.items() if row[column] is not None} == {
            column: value for column, value in row.items() if value is not None
        }
    given = {column for column, value in found[0].items() if value is not None}
    assert {raw.stream_column, raw.id_column, raw.time_column, "price"} <= given


def test_its_pieces_claim_what_they_hold_and_become_one_stretch(name: str, market: Market, tmp_path: Path) -> None:
    raw, pieces = market.connector.raw, pieces_of(market, write(name, market.exchange(), tmp_path))
    key = raw.id_column if market.found.format.beside is None else raw.time_column
    for piece in pieces:
        keys = [key_of(row[key]) for row in piece.rows.to_pylist()]
        assert piece.stretch.low <= min(keys) <= max(keys) < piece.stretch.high
        assert piece.stretch.rows == len(keys)
    coverage = Coverage({}).with_added((piece.stream, piece.stretch) for piece in pieces)
    assert [len(stretches) for stretches in coverage.streams.values()] == [1]


def key_of(value: Any) -> int:
    return microseconds(value) if isinstance(value, datetime) else int(value)


@dataclass
class Taking:
    """A lake that files are taken over into."""

    lake: LocalLake
    market: Market
    folder: Path

    def __post_init__(self) -> None:
        self._numbers = count()

    def take(self, exchange: InProcess) -> TakenOver:
        path = write(self.market.found.format.name, exchange, self.folder)
        file = GivenFile(path, self.market.found.format, str(path), f"checksum {next(self._numbers)}", self.folder)
        return take_over(self.lake, self.market.connector.raw, file, now=lambda: NOW)

    def held(self) -> list[Stretch]:
        streams = read_coverage(self.lake, self.market.connector.raw.name).streams
        return [stretch for stretches in streams.values() for stretch in stretches]


def test_files_that_continue_and_overlap_in_any_order_are_landed_once(
    name: str, market: Market, lake: LocalLake, tmp_path: Path
) -> None:
    taking, every = Taking(lake, market, tmp_path), len(market.times_ns)
    last = taking.take(market.exchange(every - 15))
    assert (last.row_count, last.known) == (15, 0)
    overlapping = taking.take(market.exchange(10, every - 5))
    assert (overlapping.row_count, overlapping.known) == (every - 10 - 15, 10)
    whole = taking.take(market.exchange())
    assert (whole.row_count, whole.known, whole.different) == (10, every - 10, 0)
    again = taking.take(market.exchange())
    assert (again.row_count, again.landed) == (0, [])
    (held,) = taking.held()
    assert held.rows == every


LACKING = ("hole", "truncated", "reissued")
"""The oddities for which rows are missing. A wrong checksum is found before a file is read, and not by its reader."""


@pytest.mark.parametrize("oddity", KINDS)
def test_an_odd_file_is_landed_as_far_as_it_goes_and_claims_no_more(
    name: str, market: Market, tmp_path: Path, oddity: str
) -> None:
    text = "truncated=12:00:30" if oddity == "truncated" else oddity
    odd = market.exchange(oddities=Oddities([parse_oddity(text)]))
    pieces = sorted(pieces_of(market, write(name, odd, tmp_path)), key=lambda piece: piece.stretch.low)
    found = rows_of(pieces)
    raw = market.connector.raw
    assert len(found) < len(market.times_ns) if oddity in LACKING else len(found) == len(market.times_ns)
    if market.found.format.beside is None:
        claimed = {key for piece in pieces for key in range(piece.stretch.low, piece.stretch.high)}
        assert claimed == {int(row[raw.id_column]) for row in found}
        assert claimed <= set(range(FIRST_ID, FIRST_ID + len(market.times_ns)))


def test_of_a_file_that_ends_early_nothing_is_landed(
    name: str, market: Market, lake: LocalLake, tmp_path: Path
) -> None:
    path = write(name, market.exchange(), tmp_path)
    if path.suffix != ".zip":
        path = _saved(path.with_name(f"{path.name}.gz"), gzip.compress(path.read_bytes()))
    path.write_bytes(path.read_bytes()[:-40])
    file = GivenFile(path, market.found.format, str(path), "checksum", tmp_path)
    with pytest.raises(BadFile, match=r"is it complete\?|is the file complete\?"):
        take_over(lake, market.connector.raw, file, now=lambda: NOW)
    assert read_coverage(lake, market.connector.raw.name).streams == {}
