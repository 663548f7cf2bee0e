from decimal import Decimal

import msgspec
import pytest

TRADES = "/0/public/Trades"


@pytest.fixture(scope="module")
def truth(market):
    return list(market.trades_of("kraken", "BTC-USD"))


def read(response):
    """The rows, with exact numbers, and `last`."""
    result = msgspec.json.decode(response.content, type=dict[str, msgspec.Raw])["result"]
    parts = msgspec.json.decode(result, type=dict[str, msgspec.Raw])
    last = msgspec.json.decode(parts.pop("last"))
    rows = [
        msgspec.json.decode(row, type=tuple[str, str, Decimal, str, str, str, int])
        for row in msgspec.json.decode(parts["XXBTZUSD"], type=list[msgspec.Raw])
    ]
    return rows, last


@pytest.mark.parametrize("count", [1000, 7])
def test_since_walks_the_whole_tape_without_gap_or_duplicate(get, truth, count):
    wanted = truth if count == 1000 else truth[:150]
    rows, last = [], "0"
    while len(rows) < len(wanted):
        page, last = read(get("kraken", TRADES, pair="XBTUSD", since=last, count=count))
        assert page
        rows += page
    assert [(Decimal(r[0]), r[1], r[3], r[6]) for r in rows[: len(wanted)]] == [
        (Decimal(t.price), t.quantity, t.taker_side[0].lower(), t.id) for t in wanted
    ]


def test_an_empty_page_repeats_since(get, truth):
    last = str(truth[-1].time_ns)
    assert read(get("kraken", TRADES, pair="XBTUSD", since=last)) == ([], last)


def test_last_is_the_true_time_and_the_row_shows_a_rounded_one(get, truth):
    rows, last = read(get("kraken", TRADES, pair="XBTUSD", since=0, count=1000))
    assert last == str(truth[999].time_ns)
    shown_ns = [int(row[2] * 10**9) for row in rows]
    assert all(ns % 100 == 0 for ns in shown_ns)
    differences = [ns - t.time_ns for ns, t in zip(shown_ns, truth, strict=False)]
    assert min(differences) < 0 < max(differences)
    assert max(map(abs, differences)) <= 50


def test_a_token_made_from_the_shown_time_loses_trades(get, truth):
    shown = [round(t.time_ns, -2) for t in truth]
    index = next(i for i in range(1, len(truth)) if shown[i - 1] >= truth[i].time_ns)
    rows, _ = read(get("kraken", TRADES, pair="XBTUSD", since=shown[index - 1], count=1))
    assert rows[0][6] > truth[index].id


def test_without_since_the_most_recent_come_oldest_first(get, truth):
    rows, last = read(get("kraken", TRADES, pair="XBTUSD"))
    assert [row[6] for row in rows] == [t.id for t in truth[-1000:]]
    assert last == str(truth[-1].time_ns)


def test_since_may_be_seconds(get, truth):
    seconds = truth[10].time_ns // 10**9
    rows, _ = read(get("kraken", TRADES, pair="XBTUSD", since=seconds))
    assert rows[0][6] == next(t.id for t in truth if t.time_ns > seconds * 10**9)


@pytest.mark.parametrize("pair", ["XBTUSD", "XXBTZUSD", "XBT/USD"])
def test_every_name_of_a_pair_gives_a_result_under_its_long_key(get, pair):
    assert set(get("kraken", TRADES, pair=pair).json()["result"]) == {"XXBTZUSD", "last"}


def test_asset_pairs_map_the_names(get):
    pairs = get("kraken", "/0/public/AssetPairs").json()["result"]
    assert {key: (p["altname"], p["wsname"], p["base"], p["quote"], p["status"]) for key, p in pairs.items()} == {
        "XXBTZUSD": ("XBTUSD", "XBT/USD", "XXBT", "ZUSD", "online"),
        "XETHZUSD": ("ETHUSD", "ETH/USD", "XETH", "ZUSD", "online"),
        "XBTUSDT": ("XBTUSDT", "XBT/USDT", "XXBT", "USDT", "online"),
        "ETHUSDT": ("ETHUSDT", "ETH/USDT", "XETH", "USDT", "online"),
    }
    assert (pairs["XXBTZUSD"]["pair_decimals"], pairs["XXBTZUSD"]["lot_decimals"]) == (1, 8)
    assert list(get("kraken", "/0/public/AssetPairs", pair="ETHUSD").json()["result"]) == ["XETHZUSD"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"pair": "NOPE"}, "EQuery:Unknown asset pair"),
        ({}, "EGeneral:Invalid arguments"),
        ({"pair": "XBTUSD", "count": 1001}, "EGeneral:Invalid arguments:count"),
        ({"pair": "XBTUSD", "since": "yesterday"}, "EGeneral:Invalid arguments:since"),
    ],
)
def test_errors_come_inside_http_200(get, query, error):
    response = get("kraken", TRADES, **query)
    assert (response.status_code, response.json()) == (200, {"error": [error]})


def test_the_time_is_given(get):
    assert get("kraken", "/0/public/Time").json()["result"]["unixtime"] > 1_700_000_000


def test_assets_map_the_names(get):
    assets = get("kraken", "/0/public/Assets").json()["result"]
    assert {key: (asset["altname"], asset["decimals"]) for key, asset in assets.items()} == {
        "XETH": ("ETH", 10),
        "ZUSD": ("USD", 4),
        "USDT": ("USDT", 8),
        "XXBT": ("XBT", 10),
    }
    assert list(get("kraken", "/0/public/Assets", asset="XBT,ZUSD").json()["result"]) == ["XXBT", "ZUSD"]
    assert get("kraken", "/0/public/Assets", asset="NOPE").json() == {"error": ["EQuery:Unknown asset"]}
