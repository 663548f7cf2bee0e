import re

import pytest


@pytest.fixture(scope="module")
def truth(market):
    return list(market.trades_of("coinbase", "BTC-USD"))


def test_after_walks_the_whole_tape_without_gap_or_duplicate(get, truth):
    rows, query = [], {}
    while page := (response := get("coinbase", "/products/BTC-USD/trades", **query)).json():
        assert int(response.headers["CB-BEFORE"]) == page[0]["trade_id"]
        assert int(response.headers["CB-AFTER"]) == page[-1]["trade_id"]
        rows += page
        query = {"after": response.headers["CB-AFTER"]}
    assert [(row["trade_id"], row["price"], row["size"]) for row in rows] == [
        (t.id, t.price, t.quantity) for t in reversed(truth)
    ]


def test_pages_are_newest_first_and_after_is_strict(get, truth):
    rows = get("coinbase", "/products/BTC-USD/trades", after=truth[50].id, limit=5).json()
    assert [row["trade_id"] for row in rows] == [t.id for t in truth[45:50]][::-1]


def test_before_gives_the_newest_page_and_not_the_adjacent_one(get, truth):
    rows = get("coinbase", "/products/BTC-USD/trades", before=truth[-100].id, limit=10).json()
    assert [row["trade_id"] for row in rows] == [t.id for t in truth[-10:]][::-1]
    rows = get("coinbase", "/products/BTC-USD/trades", before=truth[-4].id, limit=10).json()
    assert [row["trade_id"] for row in rows] == [t.id for t in truth[-3:]][::-1]


def test_limit_is_a_thousand_unless_less_is_requested(get):
    lengths = [
        len(get("coinbase", "/products/BTC-USD/trades", **q).json()) for q in ({}, {"limit": 7}, {"limit": 9999})
    ]
    assert lengths == [1000, 7, 1000]


def test_side_is_the_makers(get, truth):
    rows = get("coinbase", "/products/BTC-USD/trades").json()
    takers = {"buy": "SELL", "sell": "BUY"}
    assert [takers[row["side"]] for row in rows] == [t.taker_side for t in truth[: -len(rows) - 1 : -1]]


def test_times_have_microseconds_without_trailing_zeros(get):
    times = [row["time"] for row in get("coinbase", "/products/BTC-USD/trades").json()]
    assert all(re.fullmatch(r"2026-01-05T\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z", time) for time in times)
    assert any(len(time) < len("2026-01-05T00:00:00.000000Z") for time in times)


def test_trades_and_products_may_be_cached(get):
    for path in ("/products", "/products/BTC-USD", "/products/BTC-USD/trades"):
        assert get("coinbase", path).headers["Cache-Control"].startswith("public, max-age=5")


def test_products_name_their_currencies(get):
    products = get("coinbase", "/products").json()
    assert [(p["id"], p["base_currency"], p["quote_currency"], p["status"]) for p in products] == [
        (f"{base}-{quote}", base, quote, "online") for quote in ("USD", "USDT") for base in ("BTC", "ETH")
    ]
    assert get("coinbase", "/products/BTC-USD").json() == products[0]


def test_an_unknown_product_is_not_found(get):
    response = get("coinbase", "/products/NOPE-USD/trades")
    assert (response.status_code, response.json()) == (404, {"message": "NotFound"})


@pytest.mark.parametrize("query", [{"limit": "x"}, {"limit": 0}, {"after": "-1"}, {"before": "x"}], ids=str)
def test_a_bad_parameter_is_a_bad_request(get, query):
    response = get("coinbase", "/products/BTC-USD/trades", **query)
    assert response.status_code == 400
    assert list(response.json()) == ["message"]


def test_a_user_agent_is_required(get):
    response = get("coinbase", "/products", headers={"User-Agent": ""})
    assert (response.status_code, response.json()) == (400, {"message": "User-Agent header is required"})


def test_time_is_given_in_two_formats(get):
    assert list(get("coinbase", "/time").json()) == ["iso", "epoch"]


def test_currencies_are_the_assets_of_the_products(get):
    currencies = get("coinbase", "/currencies").json()
    assert [(c["id"], c["details"]["type"], c["status"]) for c in currencies] == [
        ("BTC", "crypto", "online"),
        ("ETH", "crypto", "online"),
        ("USD", "fiat", "online"),
        ("USDT", "crypto", "online"),
    ]
    assert get("coinbase", "/currencies/USD").json() == currencies[2]
    assert get("coinbase", "/currencies/NOPE").status_code == 404
