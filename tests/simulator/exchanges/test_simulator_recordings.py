import msgspec
import pytest

import simulator.exchanges
from simulator.exchanges.simulated import simulated_exchanges

BINANCE_ROWS = [
    '{"id":41,"price":"0.06436200","qty":"0.01580000","quoteQty":"0.00101691","time":1679280337591,'
    '"isBuyerMaker":false,"isBestMatch":true}',
    '{"id":42,"price":"0.06436200","qty":"0.02000000","quoteQty":"0.00128724","time":1679280337591,'
    '"isBuyerMaker":false,"isBestMatch":true}',
    '{ "isBestMatch": true, "id": 43, "price": "0.06436300", "qty": "1.5", "quoteQty": "0.0965445", '
    '"time": 1679280337600, "isBuyerMaker": true }',
]
COINBASE_ROWS = [  # newest first, as Coinbase sends them
    '{"time":"2022-06-20T09:50:46.19Z","trade_id":"903","price":"1125.33000000","size":"0.44976295","side":"sell"}',
    '{"trade_id":902,"side":"buy","size":"1","price":"1125.3","time":"2022-06-20T09:50:46Z"}',
    '{"trade_id":901,"side":"buy","size":"1.94000000","price":"1126.94","time":"2022-06-20T09:50:25.422103Z"}',
]
# The last three were within 200 ns: their shown times are equal, or later than the exact time in `last`.
KRAKEN_ROWS = [
    '["1023.82219","0.00435995",1385579841.7774,"s","l",""]',
    '["1021.77864", "0.01500000", 1385579841.7876, "s", "l", ""]',
    '["1019.73917","0.01600000",1385579841.8818,"b","m",""]',
    '["1017.70377","0.01700000",1385579841.8818,"b","m",""]',
    '["1016.00000","0.01700000",1385579841.8818,"b","m",""]',
]
KRAKEN_LAST = "1385579841881785998"
KRAKEN_NEXT_ROW = '["1016.10000","0.5",1385579841.881786,"b","m","",77]'
KRAKEN_NEXT_LAST = "1385579841881786044"


def kraken_body(rows, last):
    return f'{{"error":[],"result":{{"XXBTZUSD":[{",".join(rows)}],"last":"{last}"}}}}'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    bodies = {
        "binance/ETHBTC/second.json": f"[{','.join(BINANCE_ROWS[1:])}]",
        "binance/ETHBTC/first.json": f"[{','.join(BINANCE_ROWS[:2])}]",
        "coinbase/ETH-USDT/page.json": f"[{','.join(COINBASE_ROWS)}]",
        "kraken/XXBTZUSD/page.json": kraken_body(KRAKEN_ROWS, KRAKEN_LAST),
        "kraken/XXBTZUSD/second.json": kraken_body([KRAKEN_NEXT_ROW], KRAKEN_NEXT_LAST).replace("{", "{\n "),
    }
    for name, body in bodies.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(body)
    return folder


@pytest.fixture(scope="module")
def ask(folder, client):
    with simulator.exchanges.running(recordings=folder, enforce_limits=False) as running:

        def ask(exchange: str, path: str, headers: dict[str, str] | None = None, **query: object):
            return client.get(
                running.urls[exchange] + path, headers=headers, params={k: str(v) for k, v in query.items()}
            )

        yield ask


def test_binance_rows_are_served_unchanged_and_once(ask):
    body = ask("binance", "/api/v3/historicalTrades", symbol="ETHBTC", fromId=0).text
    assert body == f"[{','.join(BINANCE_ROWS)}]"


def test_binance_recordings_page_by_id(ask):
    body = ask("binance", "/api/v3/historicalTrades", symbol="ETHBTC", fromId=42, limit=1).text
    assert body == f"[{BINANCE_ROWS[1]}]"


def test_binance_recordings_get_the_requested_time_unit(ask):
    headers = {"X-MBX-TIME-UNIT": "MICROSECOND"}
    body = ask("binance", "/api/v3/historicalTrades", headers, symbol="ETHBTC", fromId=0).text
    assert body == f"[{','.join(BINANCE_ROWS)}]".replace("337591", "337591000").replace("337600", "337600000")


def test_binance_recordings_are_aggregated(ask):
    rows = ask("binance", "/api/v3/aggTrades", symbol="ETHBTC", fromId=0).json()
    assert [(row["f"], row["l"], row["p"], row["q"], row["m"]) for row in rows] == [
        (41, 42, "0.06436200", "0.03580000", False),
        (43, 43, "0.06436300", "1.50000000", True),
    ]


def test_binance_recordings_are_listed(ask):
    (symbol,) = ask("binance", "/api/v3/exchangeInfo").json()["symbols"]
    assert (symbol["symbol"], symbol["baseAsset"], symbol["quoteAsset"]) == ("ETHBTC", "ETH", "BTC")


def test_coinbase_rows_are_served_unchanged(ask):
    response = ask("coinbase", "/products/ETH-USDT/trades")
    assert response.text == f"[{','.join(COINBASE_ROWS)}]"
    assert (response.headers["CB-BEFORE"], response.headers["CB-AFTER"]) == ("903", "901")


def test_coinbase_recordings_page_by_id(ask):
    assert ask("coinbase", "/products/ETH-USDT/trades", after=903, limit=1).text == f"[{COINBASE_ROWS[1]}]"
    assert ask("coinbase", "/products/ETH-USDT/trades", after=901).text == "[]"


def test_kraken_rows_are_served_unchanged_with_six_columns_or_seven(ask):
    body = ask("kraken", "/0/public/Trades", pair="XBTUSD", since=0).text
    assert body == kraken_body([*KRAKEN_ROWS, KRAKEN_NEXT_ROW], KRAKEN_NEXT_LAST)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_kraken_recordings_page_without_gap_or_duplicate(ask, count):
    rows, last = [], "0"
    while True:
        answer = ask("kraken", "/0/public/Trades", pair="XBTUSD", since=last, count=count).content
        result = msgspec.json.decode(answer, type=dict[str, msgspec.Raw])["result"]
        page = msgspec.json.decode(result, type=dict[str, msgspec.Raw])
        texts = msgspec.json.decode(page["XXBTZUSD"], type=list[msgspec.Raw])
        if not texts:
            break
        rows += [bytes(text).decode() for text in texts]
        last = msgspec.json.decode(page["last"])
    assert rows == [*KRAKEN_ROWS, KRAKEN_NEXT_ROW]


def test_kraken_recordings_keep_their_recorded_last(ask):
    body = ask("kraken", "/0/public/Trades", pair="XBTUSD", since=0, count=5).json()
    assert body["result"]["last"] == KRAKEN_LAST
    assert ask("kraken", "/0/public/Trades", pair="XBTUSD", since=KRAKEN_LAST).text.count("1016.1") == 1


def test_recorded_trades_are_streamed_with_their_texts(folder, open_socket):
    with simulator.exchanges.running(recordings=folder, shown=0) as running:
        binance = open_socket("binance", "/ws/ethbtc@trade/ethbtc@bookTicker", running)
        coinbase = open_socket("coinbase", "", running)
        coinbase.send({"type": "subscribe", "product_ids": ["ETH-USDT"], "channels": ["matches", "ticker"]})
        coinbase.receive()
        kraken = open_socket("kraken", "/v2", running)
        kraken.send({"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"]}})
        kraken.receive_until(lambda message: message.get("method") == "subscribe")
        running.show(1)
        trades = [m for m in (binance.receive() for _ in range(5)) if "e" in m]
        assert [(m["t"], m["p"], m["q"], m["T"], m["m"]) for m in trades] == [
            (41, "0.06436200", "0.01580000", 1679280337591, False),
            (42, "0.06436200", "0.02000000", 1679280337591, False),
            (43, "0.06436300", "1.5", 1679280337600, True),
        ]
        matches = [m for m in (coinbase.receive() for _ in range(6)) if m["type"] == "match"]
        assert [(m["trade_id"], m["price"], m["size"], m["side"], m["time"]) for m in matches] == [
            (901, "1126.94", "1.94000000", "buy", "2022-06-20T09:50:25.422103Z"),
            (902, "1125.3", "1", "buy", "2022-06-20T09:50:46Z"),
            (903, "1125.33000000", "0.44976295", "sell", "2022-06-20T09:50:46.19Z"),
        ]
        rows = []
        while len(rows) < 6:
            rows += kraken.receive_until(lambda message: message.get("channel") == "trade")[-1]["data"]
        assert [(row["price"], row["qty"], row["side"]) for row in rows[:2]] == [
            (1023.82219, 0.00435995, "sell"),
            (1021.77864, 0.015, "sell"),
        ]
        assert rows[-1]["timestamp"] == "2013-11-27T19:17:21.881786Z"


def test_recordings_can_happen_again(folder, client):
    with simulator.exchanges.running(recordings=folder, speed=0.001) as running:
        url = running.urls["binance"] + "/api/v3/historicalTrades?symbol=ETHBTC&fromId=0"
        assert client.get(url).json() == []
        running.show(1)
        assert len(client.get(url).json()) == 3


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("mtgox/BTCUSD/page.json", "[]", f"with <exchange> one of {', '.join(simulated_exchanges())}; found mtgox"),
        ("binance/BTCUSDT/page.json", '{"code":-1121}', "expected one response body of the exchange's trades endpoint"),
        ("binance/BTCUSDT/page.txt", "[]", "expected at least one *.json file with trades"),
        ("kraken/XBTUSD/page.json", '{"error":["EService:Busy"]}', "expected one response body"),
    ],
)
def test_a_folder_that_is_not_a_recording_is_named(tmp_path, capfd, name, body, message):
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(body)
    with pytest.raises(RuntimeError, match="ended with status 2"), simulator.exchanges.running(recordings=tmp_path):
        pass
    words = capfd.readouterr().err
    assert message in words
    assert str(tmp_path) in words
