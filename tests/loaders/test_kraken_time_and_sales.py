"""Kraken's history files give the rows of REST, as far as they go, and every file gives the same trade the same id."""

import random
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.channels import files
from loaders.channels.files import BadFile
from loaders.connectors.kraken import time_and_sales
from loaders.connectors.kraken.time_and_sales import NO_TIME, NO_TRADE, pair_of
from tests.support.connectors import CONNECTORS
from tests.support.files_of_trades import TINY, Read, patient, read, written, zipped
from tests.support.trade_bodies import kraken_page

FORMAT = "kraken-time-and-sales"
START = 1767571200


def trades(path: Path, stream: str | None = None, *, tiny: bool = False) -> Read:
    return read(FORMAT, path, stream, limits=TINY) if tiny else read(FORMAT, path, stream)


def ids(found: Read) -> list[str]:
    return [row["trade_id"] for row in found.only]


def test_a_row_has_what_the_file_has_and_null_for_the_rest(tmp_path: Path) -> None:
    assert trades(written(tmp_path / "XBTUSD.csv", ["1767571202,93497.9,0.00114603"])).rows == {
        "XBTUSD": [
            {
                "trade_id": "1767571202-93497.9-0.00114603-0",
                "pair": "XBTUSD",
                "price": 93497.9,
                "volume": 0.00114603,
                "time": datetime(2026, 1, 5, 0, 0, 2),
                "side": None,
                "order_type": None,
                "misc": None,
                "_raw_payload": "1767571202,93497.9,0.00114603",
            }
        ]
    }


NUMBERS = st.one_of(
    st.decimals(0, 10**6, places=8).map(lambda number: f"{number:f}"),
    st.sampled_from(["0", "1", "1e-05", "1E5", "", "abc", "NaN", "inf", "-1.5"]),
)


@patient
@given(st.lists(st.tuples(st.integers(START, START + 9), NUMBERS, NUMBERS), min_size=1), st.booleans())
def test_numbers_and_times_are_those_of_rest_for_the_same_trades(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, str]], tiny: bool
) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    path = written(tmp_path_factory.getbasetemp() / "XBTUSD.csv", [f"{a},{b},{c}" for a, b, c in rows])
    found = trades(path, tiny=tiny).only
    page = kraken_page(*(f'["{b}","{c}",{a},"b","l","",{place}]' for place, (a, b, c) in enumerate(rows)))
    expected = CONNECTORS["kraken"].parse(page, symbol="XBTUSD").to_pylist()
    columns = ("pair", "price", "volume", "time")
    assert [repr([row[name] for name in columns]) for row in found] == [
        repr([row[name] for name in columns]) for row in expected
    ]


def test_identical_trades_of_a_second_stay_apart(tmp_path: Path) -> None:
    rows = ["1,2,3"] * 3 + ["1,2,4"] + ["1,2,3"] + ["2,2,3"]
    rows = [f"{START}{row[1:]}" if row[0] == "1" else f"{START + 1}{row[1:]}" for row in rows]
    expected = [
        f"{START}-2-3-0",
        f"{START}-2-3-1",
        f"{START}-2-3-2",
        f"{START}-2-4-0",
        f"{START}-2-3-3",
        f"{START + 1}-2-3-0",
    ]
    for tiny in (False, True):
        assert ids(trades(written(tmp_path / "X.csv", rows), "X", tiny=tiny)) == expected


def test_zeros_at_the_end_do_not_change_an_id(tmp_path: Path) -> None:
    rows = [f"{START},122.0,0.10", f"{START},122,0.1000", f"{START},122.,.1", f"{START},100,10", f"{START},0.0,0"]
    assert ids(trades(written(tmp_path / "XBTUSD.csv", rows))) == [
        f"{START}-122-0.1-0",
        f"{START}-122-0.1-1",
        f"{START}-122-.1-0",
        f"{START}-100-10-0",
        f"{START}-0-0-0",
    ]


FEW = st.tuples(st.integers(START, START + 6), st.sampled_from(["1.0", "2"]), st.sampled_from(["0.5", "0.50", "7"]))


@patient
@given(st.lists(FEW, min_size=1, max_size=40), st.booleans(), st.integers(START, START + 7))
def test_the_full_history_and_its_quarters_give_the_same_ids(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, str]], tiny: bool, cut: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    rows = sorted(rows, key=lambda row: row[0])
    texts = [f"{a},{b},{c}" for a, b, c in rows]
    whole = trades(written(folder / "XBTUSD.csv", texts), tiny=tiny).only
    quarters = [[text for text in texts if int(text[:10]) < cut], [text for text in texts if int(text[:10]) >= cut]]
    halves = [trades(written(folder / "XBTUSD.csv", half), tiny=tiny).only for half in quarters if half]
    assert [row for half in halves for row in half] == whole
    assert len({row["trade_id"] for row in whole}) == len(rows)


@patient
@given(st.lists(FEW, min_size=1, max_size=40), st.randoms(use_true_random=False), st.booleans())
def test_rows_in_any_order_come_by_time_and_give_the_same_ids(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, str]], chance: random.Random, tiny: bool
) -> None:
    folder = tmp_path_factory.getbasetemp()
    texts = [f"{a},{b},{c}" for a, b, c in rows]
    whole = trades(written(folder / "XBTUSD.csv", sorted(texts)))
    chance.shuffle(texts)
    found = trades(written(folder / "XBTUSD.csv", texts), tiny=tiny)
    assert Counter(ids(found)) == Counter(ids(whole))
    assert [row["time"] for row in found.only] == [row["time"] for row in whole.only]
    assert Counter(row["_raw_payload"] for row in found.only) == Counter(texts)


def test_a_zip_has_one_stream_for_each_pair(tmp_path: Path) -> None:
    row = f"{START},1,2\n"
    path = zipped(
        tmp_path / "Kraken_Trading_History_Q1_2026.zip",
        ("q1/XBTUSD.csv", row),
        ("q1/EMPTY.csv", ""),
        ("../../ETHUSD.csv", row * 2),
        ("README.txt", "hello"),
    )
    assert {pair: len(rows) for pair, rows in trades(path).rows.items()} == {"XBTUSD": 1, "EMPTY": 0, "ETHUSD": 2}
    assert {pair: len(rows) for pair, rows in trades(path, "ETHUSD").rows.items()} == {"ETHUSD": 2}
    with pytest.raises(BadFile, match=r"expected SOLUSD\.csv, found 4 others, such as XBTUSD\.csv, EMPTY\.csv, ETHUSD"):
        trades(path, "SOLUSD")


def test_the_directory_of_a_zip_with_many_pairs_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "x.zip", *((f"A{number}.csv", f"{START},1,2\n") for number in range(500)))
    opened: list[str] = []

    class Counted(zipfile.ZipFile):
        def __init__(self, file: IO[bytes]) -> None:
            opened.append(file.name)
            super().__init__(file)

    monkeypatch.setattr(files.zipfile, "ZipFile", Counted)
    assert len(trades(path).rows) == 500
    assert opened == [str(path)]


def test_two_files_of_a_pair_in_a_zip_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("a/XBTUSD.csv", f"{START},1,2"), ("b/XBTUSD.csv", f"{START},1,2"))
    with pytest.raises(BadFile, match="has two files of XBTUSD; expected one for each pair"):
        trades(path)


def test_lines_that_are_no_trades_are_counted_and_named(tmp_path: Path) -> None:
    rows = [f"{START},1,2", "", "foo", "time,price,volume", f"{START}.5,1,2", ",1,2", "-5,1,2", "1767571200000,1,2"]
    path = written(
        tmp_path / "XBTUSD.csv", "\n".join([*rows, f"{START + 1},1,2", "\0,1,2", "x,\xe4,"]).encode("latin-1")
    )
    found = trades(path)
    assert ids(found) == [f"{START}-1-2-0", f"{START + 1}-1-2-0"]
    assert found.report.skipped == {NO_TRADE: 2, NO_TIME: 5, "not text": 2}
    assert found.report.examples[1] == f"XBTUSD.csv:3: {NO_TRADE}: 'foo'"
    assert f"XBTUSD.csv:6: {NO_TIME}: ',1,2'" in found.report.examples


@pytest.mark.parametrize("bad", ["", "\0", f"{START},1,\0"], ids=["empty", "NUL", "NUL in a number"])
@pytest.mark.parametrize("other", ["", "foo", f"{START},1,2"])
def test_the_reason_does_not_depend_on_the_other_lines(tmp_path: Path, bad: str, other: str) -> None:
    found = trades(written(tmp_path / "XBTUSD.csv", [f"{START},5,5", bad, other]))
    expected = Counter([NO_TRADE if not bad else "not text"] + ([] if "," in other else [NO_TRADE]))
    assert found.report.skipped == expected
    assert len(found.only) == 1 + ("," in other)


REFUSED = {
    "empty": ([], "is empty; expected trades"),
    "candles": ([f"{START},1,2,3,4,5,6"], "expected the 3 columns time, price and volume, found 7"),
    "text": (["hello"], "found 1;"),
    "milliseconds": ([f"{START}000,1,2"], "holds no trade; XBTUSD.csv:1: "),
    "header alone": (["time,price,volume"], "holds no trade; XBTUSD.csv:1: "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_something_else_is_one_line(name: str, tmp_path: Path) -> None:
    rows, problem = REFUSED[name]
    path = written(tmp_path / "XBTUSD.csv", rows)
    with pytest.raises(BadFile) as caught:
        trades(path)
    assert str(caught.value).startswith(str(path))
    assert problem in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_pair_may_be_given(tmp_path: Path) -> None:
    path = written(tmp_path / "my trades.csv", [f"{START},1,2"])
    assert list(trades(path, "XBTUSD").rows) == ["XBTUSD"]
    with pytest.raises(BadFile, match="its name doesn't say of which pair it is; name the pair"):
        trades(path)
    assert [pair_of(name) for name in ("XBTUSD.csv", "ETH2.S.csv", "../X.csv", "XBTUSD_60.csv")] == [
        "XBTUSD",
        "ETH2.S",
        None,
        None,
    ]


def test_a_second_with_millions_of_different_trades_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_and_sales, "_MOST_IN_A_SECOND", 100)
    path = written(tmp_path / "XBTUSD.csv", [f"{START},{number},1" for number in range(101)])
    with pytest.raises(BadFile, match=f"has more than 100 different trades in second {START}"):
        trades(path)
