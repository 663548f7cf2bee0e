from decimal import Decimal

import pytest

MICROSECOND = {"X-MBX-TIME-UNIT": "MICROSECOND"}


@pytest.fixture(scope="module")
def truth(market):
    return list(market.trades_of("binance", "ETH-USDT"))


def walk(get, endpoint, id_key, **query):
    rows, from_id = [], 0
    while page := get("binance", endpoint, symbol="ETHUSDT", fromId=from_id, limit=1000, **query).json():
        rows += page
        from_id = page[-1][id_key] + 1
    return rows


def test_historical_trades_walk_the_whole_tape_without_gap_or_duplicate(get, truth):
    rows = walk(get, "/api/v3/historicalTrades", "id", headers=MICROSECOND)
    assert [
        (row["id"], row["time"] * 1000, Decimal(row["price"]), Decimal(row["qty"]), row["isBuyerMaker"]) for row in rows
    ] == [(t.id, t.time_ns, Decimal(t.price), Decimal(t.quantity), t.taker_side == "SELL") for t in truth]
    assert all(Decimal(row["quoteQty"]) == Decimal(row["price"]) * Decimal(row["qty"]) for row in rows)


def test_aggregate_trades_hold_every_trade_once(get, truth):
    rows = walk(get, "/api/v3/aggTrades", "a", headers=MICROSECOND)
    assert [row["a"] for row in rows] == list(range(rows[0]["a"], rows[0]["a"] + len(rows)))
    assert [trade_id for row in rows for trade_id in range(row["f"], row["l"] + 1)] == [t.id for t in truth]
    assert len(rows) < len(truth)
    by_id = {t.id: t for t in truth}
    for row in rows:
        fills = [by_id[trade_id] for trade_id in range(row["f"], row["l"] + 1)]
        assert {(Decimal(t.price), t.time_ns, t.taker_side == "SELL") for t in fills} == {
            (Decimal(row["p"]), row["T"] * 1000, row["m"])
        }
        assert sum(Decimal(t.quantity) for t in fills) == Decimal(row["q"])


def test_rows_have_the_documented_shape(get):
    response = get("binance", "/api/v3/trades", symbol="BTCUSDT", limit=1)
    assert list(response.json()[0]) == ["id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch"]
    response = get("binance", "/api/v3/aggTrades", symbol="BTCUSDT", limit=1)
    assert list(response.json()[0]) == ["a", "p", "q", "f", "l", "T", "m", "M"]


@pytest.mark.parametrize("path", ["/api/v3/trades", "/api/v3/historicalTrades"])
@pytest.mark.parametrize(("limit", "length"), [(None, 500), (3, 3), (1000, 1000), (5000, 1000)])
def test_without_an_id_the_most_recent_trades_come_oldest_first(get, truth, path, limit, length):
    query = {} if limit is None else {"limit": limit}
    rows = get("binance", path, symbol="ETHUSDT", **query).json()
    assert [row["id"] for row in rows] == [t.id for t in truth[-length:]]


def test_times_are_milliseconds_unless_microseconds_are_requested(get, truth):
    last = truth[-1]
    assert get("binance", "/api/v3/trades", symbol="ETHUSDT").json()[-1]["time"] == last.time_ns // 10**6
    rows = get("binance", "/api/v3/trades", headers=MICROSECOND, symbol="ETHUSDT").json()
    assert rows[-1]["time"] == last.time_ns // 10**3


@pytest.mark.parametrize("unit_ns", [10**6, 10**3], ids=["ms", "us"])
def test_time_windows_are_inclusive_and_start_with_the_oldest(get, truth, unit_ns):
    start, end = (truth[index].time_ns // unit_ns for index in (100, 300))
    query = {"symbol": "ETHUSDT", "startTime": start, "endTime": end}
    rows = get("binance", "/api/v3/aggTrades", **query, limit=1000).json()
    wanted = [t.id for t in truth if start <= t.time_ns // unit_ns <= end]
    assert [trade_id for row in rows for trade_id in range(row["f"], row["l"] + 1)] == wanted
    assert get("binance", "/api/v3/aggTrades", **query, limit=3).json() == rows[:3]


def test_an_end_time_alone_gives_the_newest_trades_before_it(get, truth):
    end = truth[300].time_ns // 10**6
    rows = get("binance", "/api/v3/aggTrades", symbol="ETHUSDT", endTime=end, limit=2).json()
    assert rows[-1]["l"] == max(t.id for t in truth if t.time_ns // 10**6 <= end)


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("trades", {}, -1102),
        ("trades", {"symbol": "NOPE"}, -1121),
        ("trades", {"symbol": "btc/usdt"}, -1100),
        ("trades", {"symbol": "BTCUSDT", "limit": "ten"}, -1100),
        ("trades", {"symbol": "BTCUSDT", "limit": 0}, -1130),
        ("historicalTrades", {"symbol": "BTCUSDT", "fromId": -1}, -1100),
        ("aggTrades", {"symbol": "BTCUSDT", "fromId": 1, "startTime": 1}, -1128),
        ("exchangeInfo", {"symbol": "NOPE"}, -1121),
        ("exchangeInfo", {"symbols": "BTCUSDT"}, -1100),
    ],
)
def test_errors_carry_binances_codes(get, path, query, code):
    response = get("binance", f"/api/v3/{path}", **query)
    assert response.status_code == 400
    assert response.json()["code"] == code
    assert response.json()["msg"]


def test_an_unknown_time_unit_is_an_error(get):
    response = get("binance", "/api/v3/trades", headers={"X-MBX-TIME-UNIT": "NANOSECOND"}, symbol="BTCUSDT")
    assert (response.status_code, response.json()["code"]) == (400, -1194)


def test_exchange_info_splits_symbols(get):
    symbols = get("binance", "/api/v3/exchangeInfo").json()["symbols"]
    assert [(s["symbol"], s["baseAsset"], s["quoteAsset"], s["status"]) for s in symbols] == [
        ("BTCUSDT", "BTC", "USDT", "TRADING"),
        ("ETHUSDT", "ETH", "USDT", "TRADING"),
    ]
    chosen = get("binance", "/api/v3/exchangeInfo", symbols='["ETHUSDT"]').json()["symbols"]
    assert chosen == symbols[1:]
