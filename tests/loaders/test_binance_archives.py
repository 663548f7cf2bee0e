"""Binance's bulk files give the rows that REST gives for the same trades, whatever the files are like."""

import hashlib
import json
import random
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import Misconfigured
from loaders.channels.files import BadFile
from loaders.channels.ordered import CHANGED, REPEATED
from loaders.connectors.binance.archives import NEGATIVE, NO_ID, NO_TRADE, daily, monthly, symbol_of, verify
from tests.support.connectors import CONNECTORS
from tests.support.files_of_trades import TINY, Read, patient, read, written, zipped
from tests.support.recorded_bodies import binance_body, where_they_are

FORMAT = "binance-trades"
NAME = "BTCUSDT-trades-2026-01-05"
ROW = "306239167,93519.65000000,0.00112000,104.74200800,1767571200016514,False,True"
HEADER = "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch"
FIRST = {
    "id": "306239167",
    "symbol": "BTCUSDT",
    "price": 93519.65,
    "qty": 0.00112,
    "quote_qty": 104.742008,
    "time": datetime(2026, 1, 5, 0, 0, 0, 16514),
    "is_buyer_maker": False,
    "is_best_match": True,
    "_raw_payload": ROW,
}


def line(number: int, price: str = "4.0", time: int = 1767571200016514, flag: str = "True") -> str:
    return f"{number},{price},2.00000000,8.00000000,{time},{flag},True"


def lines(numbers: list[int]) -> list[str]:
    return [line(number, f"{number}.5") for number in numbers]


def archive(folder: Path, rows: list[str], *, ending: str = ".csv") -> Path:
    content = "".join(f"{row}\n" for row in rows)
    if ending == ".zip":
        return zipped(folder / f"{NAME}.zip", (f"{NAME}.csv", content))
    return written(folder / f"{NAME}{ending}", content)


def ids(found: Read) -> list[int]:
    return [int(row["id"]) for row in found.only]


def over_rest(rows: list[str]) -> list[dict[str, Any]]:
    """What the REST connector makes of the same trades; texts of prices stay as they are."""
    trades = []
    for row in rows:
        number, price, quantity, quote, time, maker, best = row.split(",")
        flags = {"isBuyerMaker": maker.lower() == "true", "isBestMatch": best.lower() == "true"}
        numbers = {"price": price, "qty": quantity, "quoteQty": quote}
        trades.append({"id": int(number), **numbers, "time": int(time), **flags})
    found: list[dict[str, Any]] = CONNECTORS["binance"].parse(json.dumps(trades).encode(), symbol="BTCUSDT").to_pylist()
    return found


def same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> bool:
    """Whether two lists of rows are equal apart from their payloads, and NaN equals NaN."""
    without = [[{k: v for k, v in row.items() if k != "_raw_payload"} for row in rows] for rows in (found, expected)]
    return repr(without[0]) == repr(without[1])


@pytest.mark.parametrize("ending", [".zip", ".csv", ".csv.gz"])
@pytest.mark.parametrize("header", [[], [HEADER], ["id,price,qty,quote_qty,time,is_buyer_maker,is_best_match"]])
def test_an_archive_is_read_with_and_without_a_header(tmp_path: Path, header: list[str], ending: str) -> None:
    found = read(FORMAT, archive(tmp_path, [*header, ROW, line(306239168)], ending=ending))
    assert list(found.rows) == ["BTCUSDT"]
    assert found.only[0] == FIRST
    assert ids(found) == [306239167, 306239168]
    assert found.report.skipped == {}


DIGITS = st.builds(
    lambda whole, fraction, width: f"{whole}.{fraction % 10**width:0{width}d}",
    st.integers(0, 10**9),
    st.integers(0, 10**8 - 1),
    st.integers(1, 8),
)
NUMBERS = st.one_of(
    DIGITS, st.sampled_from(["0", "1", "1e-7", "1E5", "-1.5", "", "abc", "NaN", "nan", "inf", "-inf", "1e999"])
)
TIMES = st.one_of(
    st.integers(10**12, 10**13 - 1), st.integers(10**15, 10**16 - 1), st.sampled_from([0, 5, 10**9, 10**18, 2**62])
)
FLAGS = st.sampled_from(["True", "False", "true", "false", "TRUE", "FALSE"])
ROWS = st.lists(
    st.builds(lambda *values: values, st.integers(0, 2**63 - 1), NUMBERS, NUMBERS, NUMBERS, TIMES, FLAGS, FLAGS),
    min_size=1,
    unique_by=lambda values: values[0],
)


@patient
@given(ROWS, st.booleans())
def test_rows_are_those_of_rest_for_the_same_trades(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]], tiny: bool
) -> None:
    texts = [",".join(str(value) for value in row) for row in rows]
    path = archive(tmp_path_factory.getbasetemp(), texts)
    found = read(FORMAT, path, limits=TINY) if tiny else read(FORMAT, path)
    assert same(found.only, over_rest(texts))
    assert {row["_raw_payload"] for row in found.only} == set(texts)


@where_they_are
def test_recorded_trades_written_as_an_archive_give_the_recorded_rows(tmp_path: Path) -> None:
    trades = json.loads(binance_body())
    keys = ("id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch")
    texts = [",".join(str(trade[key]) for key in keys) for trade in trades]
    found = read(FORMAT, written(tmp_path / "ETHBTC-trades-2020-01-05.csv", texts)).only
    assert len(found) == 1000
    assert same(found, CONNECTORS["binance"].parse(binance_body(), symbol="ETHBTC").to_pylist())


def test_the_unit_of_a_time_shows_in_each_row_and_not_in_the_name(tmp_path: Path) -> None:
    rows = [line(1, time=1735689599999), line(2, time=1735689600000001), line(3, time=1735689600000)]
    found = read(FORMAT, archive(tmp_path, rows))
    assert [row["time"] for row in found.only] == [
        datetime(2024, 12, 31, 23, 59, 59, 999000),
        datetime(2025, 1, 1, 0, 0, 0, 1),
        datetime(2025, 1, 1),
    ]


@patient
@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True), st.randoms(use_true_random=False), st.booleans())
def test_rows_in_any_order_come_in_the_order_of_their_ids(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], chance: random.Random, tiny: bool
) -> None:
    shuffled = list(numbers)
    chance.shuffle(shuffled)
    path = archive(tmp_path_factory.getbasetemp(), lines(shuffled))
    found = read(FORMAT, path, limits=TINY) if tiny else read(FORMAT, path)
    assert found.only == read(FORMAT, archive(tmp_path_factory.getbasetemp(), lines(sorted(numbers)))).only
    assert ids(found) == sorted(numbers)


@patient
@given(st.lists(st.integers(0, 99), min_size=2, unique=True), st.data())
def test_two_files_have_the_rows_of_one(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    place = data.draw(st.integers(1, len(numbers) - 1))
    numbers = sorted(numbers)
    halves = [read(FORMAT, archive(folder, lines(half))).only for half in (numbers[:place], numbers[place:])]
    assert [*halves[0], *halves[1]] == read(FORMAT, archive(folder, lines(numbers))).only


@pytest.mark.parametrize("tiny", [False, True])
def test_repeated_rows_come_once_and_those_that_differ_are_reported(tmp_path: Path, tiny: bool) -> None:
    rows = [line(1), line(2), line(2), line(2, flag="true"), line(3), line(3, price="9.9"), line(1)]
    path = archive(tmp_path, rows)
    found = read(FORMAT, path, limits=TINY) if tiny else read(FORMAT, path)
    assert [(int(row["id"]), row["price"]) for row in found.only] == [(1, 4.0), (2, 4.0), (3, 4.0)]
    assert found.report.skipped == {REPEATED: 3, CHANGED: 1}
    assert found.report.examples == [f"id 3: {CHANGED}: {line(3, price='9.9')!r}"]


def test_lines_that_are_no_trades_are_counted_and_named(tmp_path: Path) -> None:
    rows = [line(5), "", "1,2,3", line(-1), line(-7), line(6).replace("6,", "x,", 1), line(7) + ",8", HEADER, line(8)]
    path = written(tmp_path / f"{NAME}.csv", "\n".join(rows).encode() + b"\n9,\xff\n10\0,1,1,1,1,True,True\n")
    found = read(FORMAT, path)
    assert ids(found) == [5, 8]
    assert found.report.skipped == {NO_TRADE: 3, NO_ID: 2, NEGATIVE: 2, "not text": 2}
    assert found.report.examples[0] == f"{NAME}.csv:2: {NO_TRADE}: ''"
    assert found.report.examples[1] == f"{NAME}.csv:3: {NO_TRADE}: '1,2,3'"
    assert found.report.examples[2].startswith(f"{NAME}.csv:7: {NO_TRADE}: '7,")
    assert all(each.isprintable() for each in found.report.examples)


def test_a_carriage_return_in_a_line_is_no_line_break(tmp_path: Path) -> None:
    found = read(FORMAT, written(tmp_path / f"{NAME}.csv", f"{line(1)}\r\n{line(2)}\r{line(3)}\n{line(4)}".encode()))
    assert ids(found) == [1, 4]
    assert found.report.skipped == {NO_TRADE: 1}


def test_the_symbol_may_be_given_or_be_in_the_name_within(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "x.zip", ("../../ETHUSDT-trades-2026-01.csv", f"{ROW}\n"))
    assert list(read(FORMAT, inner).rows) == ["ETHUSDT"]
    assert list(read(FORMAT, inner, "BTCUSDT").rows) == ["BTCUSDT"]
    with pytest.raises(
        BadFile, match="its name doesn't say of which symbol it is; name the symbol, or the file as Bin"
    ):
        read(FORMAT, written(tmp_path / "x.csv", [ROW]))


REFUSED = {
    "futures": (
        [ROW.rpartition(",")[0]],
        "expected the 7 columns of spot trades, found 6, as archives of futures have",
    ),
    "futures with header": (
        ["id,price,qty,quote_qty,time,is_buyer_maker", ROW.rpartition(",")[0]],
        "found 6, as archives of futures have",
    ),
    "aggregated": ([f"1{ROW[9:]},True"], "found 8, as archives of aggregated trades have"),
    "candles": (["1,2,3,4,5,6,7,8,9,10,11,12"], "found 12;"),
    "text": (["hello"], "found 1;"),
    "empty": ([], "is empty; expected trades"),
    "blank": (["", ""], "is empty; expected trades"),
    "header alone": ([HEADER], "holds no trade; it has no lines"),
    "other header": (
        ["id,price,qty,time,quoteQty,isBuyerMaker,isBestMatch", ROW],
        ":1: expected the columns id, price",
    ),
    "no trade": ([ROW.replace("306239167", "")] * 3, "holds no trade"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_something_else_is_one_line(name: str, tmp_path: Path) -> None:
    rows, problem = REFUSED[name]
    for ending in (".csv", ".zip"):
        path = archive(tmp_path, rows, ending=ending)
        with pytest.raises(BadFile) as caught:
            read(FORMAT, path)
        line = str(caught.value)
        assert line.startswith(str(path))
        assert problem in line
        assert line.isprintable()


def test_a_zip_with_two_files_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / f"{NAME}.zip", ("a.csv", ROW), ("b.csv", ROW))
    with pytest.raises(BadFile, match=r"expected a ZIP with one file, found 2: a\.csv, b\.csv"):
        read(FORMAT, path)


@pytest.mark.parametrize(
    ("name", "symbol"),
    {
        "BTCUSDT-trades-2026-01.zip": "BTCUSDT",
        "1INCHUSDT-trades-2026-01-05.csv": "1INCHUSDT",
        "币安人生USDT-trades-2026-01-05.zip": "币安人生USDT",
        "../BTCUSDT-trades-2026-01.zip": None,
        "BTCUSDT-aggTrades-2026-01.zip": None,
        "BTCUSDT-trades-2026-01.zip.CHECKSUM": None,
        "-trades-2026-01.zip": None,
    }.items(),
)
def test_the_symbol_in_a_name(name: str, symbol: str | None) -> None:
    assert symbol_of(name) == symbol


def test_the_names_of_archives() -> None:
    folder = "/data/spot/daily/trades/BTCUSDT"
    assert daily("BTCUSDT", date(2026, 1, 5)) == f"{folder}/BTCUSDT-trades-2026-01-05.zip"
    assert monthly("ETHBTC", 2017, 9) == "/data/spot/monthly/trades/ETHBTC/ETHBTC-trades-2017-09.zip"
    assert daily("币USDT", date(2026, 1, 5)).isascii()


@pytest.mark.parametrize("symbol", ["..", "a/b", "", "a b", "\x1b[2J", "x" * 100])
def test_what_is_no_symbol_becomes_no_path(symbol: str) -> None:
    with pytest.raises(Misconfigured, match="is not a symbol; expected one such as BTCUSDT"):
        daily(symbol, date(2026, 1, 5))


def test_a_checksum_is_compared(tmp_path: Path) -> None:
    path = archive(tmp_path, [ROW], ending=".zip")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for text in (f"{digest}  {path.name}\n", f"{digest} *{path.name}", digest.upper()):
        verify(path, text)
    with pytest.raises(BadFile, match=f"its SHA-256 is {digest}, expected 000"):
        verify(path, f"{'0' * 64}  {path.name}")
    with pytest.raises(BadFile, match=r"its checksum file is of another file, 'other\.zip'"):
        verify(path, f"{digest}  other.zip")
    for text in ("", "hello", "<html>", digest[:-1], f"{digest} " + "x" * 2_000):
        with pytest.raises(BadFile, match="expected 64 hexadecimal digits and a name"):
            verify(path, text)
    with pytest.raises(BadFile, match="can't be read: No such file"):
        verify(tmp_path / "nothing.zip", digest)
