"""Files of Coinbase trades as JSON lines give the rows that REST gives for the same trades."""

import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.channels.files import BadFile
from loaders.channels.ordered import CHANGED, REPEATED
from loaders.connectors.coinbase.json_lines import ANOTHER_PRODUCT, BAD_ID, NOT_A_TRADE, product_of
from tests.support.connectors import CONNECTORS
from tests.support.files_of_trades import TINY, Read, patient, read, written, zipped
from tests.support.recorded_bodies import coinbase_body, where_they_are

FORMAT = "coinbase-json-lines"
NAME = "raw_coinbase_trades_BTC-USD_20251215T103050Z_123456.jsonl"
SENT = '{"time":"2025-12-15T10:30:45.123456Z","trade_id":123456,"price":"43210.50","size":"0.01","side":"buy"}'
RECORD: dict[str, Any] = {
    "trade_id": "123456",
    "product_id": "BTC-USD",
    "price": "43210.50",
    "size": "0.01",
    "time": "2025-12-15T10:30:45.123456Z",
    "side": "BUY",
    "_source": "coinbase",
    "_source_ingest_ts": "2025-12-15T10:30:50.000000Z",
    "_raw_payload": SENT,
}


def line(**changes: Any) -> str:
    return json.dumps({name: value for name, value in {**RECORD, **changes}.items() if value is not ...})


def trades(path: Path, stream: str | None = None, *, tiny: bool = False) -> Read:
    return read(FORMAT, path, stream, limits=TINY) if tiny else read(FORMAT, path, stream)


def ids(found: Read) -> list[int]:
    return [int(row["trade_id"]) for row in found.only]


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_record_becomes_the_row_that_rest_gives(tmp_path: Path, ending: str) -> None:
    found = trades(written(tmp_path / f"{NAME}{ending}", [line()]))
    assert found.rows == {
        "BTC-USD": [
            {
                "trade_id": "123456",
                "product_id": "BTC-USD",
                "price": 43210.5,
                "size": 0.01,
                "side": "buy",
                "time": datetime(2025, 12, 15, 10, 30, 45, 123456),
                "_raw_payload": SENT,
            }
        ]
    }
    assert found.only == CONNECTORS["coinbase"].parse(f"[{SENT}]".encode(), symbol="BTC-USD").to_pylist()


def test_without_a_payload_the_line_is_the_payload(tmp_path: Path) -> None:
    texts = [line(_raw_payload=...), line(trade_id=123457, _raw_payload=None), line(trade_id=123458, _raw_payload=[1])]
    found = trades(written(tmp_path / NAME, texts))
    assert [row["_raw_payload"] for row in found.only] == texts


VALUES = st.one_of(
    st.decimals(0, 10**6, places=8).map(lambda number: f"{number:f}"),
    st.sampled_from(["", "abc", "NaN", "inf", "-inf", "1e999", "1e-7", None, True, [], {}, 1.5, 7, " 1", ".5"]),
)
TIMES = st.one_of(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda time: f"{time.isoformat()}Z"),
    st.sampled_from(
        ["", "abc", None, 5, 1767571200000, True, [], "0001-01-01T00:00:00.000000Z", "2025-12-15T10:30:45.5Z"]
    ),
)
SIDES = st.sampled_from(["BUY", "SELL", "buy", "sell", "", "X", None, 1, []])
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"trade_id": st.integers(0, 2**63 - 1), "price": VALUES, "size": VALUES, "time": TIMES, "side": SIDES}
    ),
    min_size=1,
    unique_by=lambda record: record["trade_id"],
)


@patient
@given(RECORDS, st.booleans(), st.booleans())
def test_rows_are_those_of_rest_for_the_same_trades(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]], tiny: bool, as_text: bool
) -> None:
    texts = [
        line(**{**record, "trade_id": str(record["trade_id"]) if as_text else record["trade_id"]}) for record in records
    ]
    found = trades(written(tmp_path_factory.getbasetemp() / NAME, texts), tiny=tiny).only
    as_sent = [
        {**each, "side": each["side"].lower() if isinstance(each["side"], str) else each["side"]} for each in records
    ]
    expected = CONNECTORS["coinbase"].parse(json.dumps(as_sent).encode(), symbol="BTC-USD").to_pylist()
    for row in (*found, *expected):
        del row["_raw_payload"]
    assert repr(found) == repr(expected)  # NaN equals NaN


@where_they_are
def test_recorded_trades_written_as_json_lines_give_the_recorded_rows(tmp_path: Path) -> None:
    sent = json.loads(coinbase_body())
    texts = [json.dumps({**each, "side": each["side"].upper(), "product_id": "ETH-USDT"}) for each in sent]
    found = trades(written(tmp_path / "x.jsonl", texts))
    expected = CONNECTORS["coinbase"].parse(coinbase_body(), symbol="ETH-USDT").to_pylist()
    for row in (*found.only, *expected):
        del row["_raw_payload"]
    assert found.rows == {"ETH-USDT": expected}
    assert len(expected) == 1000


@patient
@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True), st.randoms(use_true_random=False), st.booleans())
def test_records_in_any_order_come_in_the_order_of_their_ids(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], chance: random.Random, tiny: bool
) -> None:
    folder = tmp_path_factory.getbasetemp()
    shuffled = list(numbers)
    chance.shuffle(shuffled)
    found = trades(written(folder / NAME, [line(trade_id=number) for number in shuffled]), tiny=tiny)
    assert ids(found) == sorted(numbers)
    newest_first = trades(written(folder / NAME, [line(trade_id=number) for number in sorted(numbers)[::-1]]))
    assert newest_first.rows == found.rows


def test_repeated_records_come_once_and_those_that_differ_are_reported(tmp_path: Path) -> None:
    texts = [line(), line(trade_id=7), line(), line(_source_ingest_ts="2026"), line(price="1", _raw_payload="{}")]
    found = trades(written(tmp_path / NAME, texts))
    assert ids(found) == [7, 123456]
    assert found.report.skipped == {REPEATED: 2, CHANGED: 1}
    assert found.report.examples == [f"id 123456: {CHANGED}: '{{}}'"]


def test_lines_that_are_no_trades_are_counted_and_named(tmp_path: Path) -> None:
    bad = ["hello", line()[:-1], "[1]", "7", "null", "{}", line(trade_id=...), line(trade_id="x"), f"{line()},{line()}"]
    bad += ['{"a":' * 2_000 + "1" + "}" * 2_000]
    left_out = [line(product_id="ETH-USD"), line(trade_id=-1), line(trade_id=2**63)]
    content = "\n".join([line(trade_id=1), "", *bad, *left_out, "\0", line(trade_id=2)])
    found = trades(written(tmp_path / NAME, content.encode() + b"\n\xff\n"))
    assert ids(found) == [1, 2]
    assert found.report.skipped == {NOT_A_TRADE: len(bad) + 2, ANOTHER_PRODUCT: 1, BAD_ID: 2}
    assert len(found.report.examples) == 10
    assert found.report.examples[0].startswith(f"{NAME}:3: {NOT_A_TRADE}: ")
    assert all(each.isprintable() and len(each) < 400 for each in found.report.examples)


def test_a_record_without_a_product_is_of_the_files_product(tmp_path: Path) -> None:
    assert list(trades(written(tmp_path / NAME, [line(product_id=...)])).rows) == ["BTC-USD"]
    other = written(tmp_path / "x.jsonl", [line(product_id=...)])
    assert list(trades(other, "ETH-USD").rows) == ["ETH-USD"]
    with pytest.raises(BadFile, match="neither its name nor its first lines say of which product it is; name the prod"):
        trades(other)


def test_the_name_decides_over_the_records(tmp_path: Path) -> None:
    path = written(tmp_path / NAME.replace("BTC-USD", "ETH-USD"), [line()])
    with pytest.raises(BadFile, match=r"holds no trade of ETH-USD; .*: a trade of another product"):
        trades(path)
    assert ids(trades(path, "BTC-USD")) == [123456]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"hello\n", b"\0" * 99, b"[]", json.dumps([RECORD]).encode()])
def test_a_file_without_a_trade_is_one_line(content: bytes, tmp_path: Path) -> None:
    path = written(tmp_path / NAME, content)
    with pytest.raises(BadFile, match="holds no trade of BTC-USD; ") as caught:
        trades(path)
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).isprintable()


def test_a_zip_has_one_file(tmp_path: Path) -> None:
    assert ids(trades(zipped(tmp_path / "x.zip", (f"../../{NAME}", line())))) == [123456]
    with pytest.raises(BadFile, match="expected a ZIP with one file, found 2"):
        trades(zipped(tmp_path / "x.zip", (NAME, line()), ("other.jsonl", line())))


@pytest.mark.parametrize(
    ("name", "product"),
    {
        NAME: "BTC-USD",
        f"{NAME}.gz": "BTC-USD",
        "raw_coinbase_trades_1INCH-USD_2025-12-15 10:30:50+00:00_9.jsonl": "1INCH-USD",
        "raw_coinbase_trades_../x_1_2.jsonl": None,
        "raw_kraken_trades_XBTUSD_1_2.jsonl": None,
        "raw_coinbase_trades_BTC-USD_1_2.json": None,
    }.items(),
)
def test_the_product_in_a_name(name: str, product: str | None) -> None:
    assert product_of(name) == product
