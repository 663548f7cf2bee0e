from registry.products import Product
from web.venues import LOOKS, Traded, looks_of, named, symbols_of

PRODUCTS = [
    Product("BINANCE", "BTCUSDT", "BTC", "USDT"),
    Product("COINBASE", "BTC-USD", "BTC", "USD"),
    Product("COINBASE", "BTC-USDT", "BTC", "USDT"),
    Product("KRAKEN", "XBTUSD", "BTC", "USD"),
    Product("KRAKEN", "ETHEUR", "ETH", "EUR"),
]
LOOK = looks_of(["BINANCE", "COINBASE", "KRAKEN", "OKX"])


def traded(exchange: str, symbol: str, trades: int = 10) -> Traded:
    return Traded(exchange, symbol, trades, 1, 2)


def test_a_venue_in_another_dollar_stands_in_for_one_that_has_none_of_the_symbol() -> None:
    found = symbols_of([traded("BINANCE", "BTCUSDT"), traded("COINBASE", "BTC-USD")], PRODUCTS, LOOK)
    assert [(venue.exchange, venue.quote, venue.is_stand_in) for venue in found["BTC-USD"].venues] == [
        ("BINANCE", "USDT", True),
        ("COINBASE", "USD", False),
    ]


def test_a_venue_with_trades_of_the_symbol_itself_is_shown_with_these() -> None:
    everything = [traded("BINANCE", "BTCUSDT"), traded("COINBASE", "BTC-USD"), traded("COINBASE", "BTC-USDT", 900)]
    found = symbols_of(everything, PRODUCTS, LOOK)
    assert [venue.symbol for venue in found["BTC-USD"].venues] == ["BTCUSDT", "BTC-USD"]
    assert [venue.symbol for venue in found["BTC-USDT"].venues] == ["BTCUSDT", "BTC-USDT"]


def test_only_dollars_stand_in_for_each_other() -> None:
    found = symbols_of([traded("KRAKEN", "ETHEUR"), traded("COINBASE", "BTC-USD")], PRODUCTS, LOOK)
    assert [venue.exchange for venue in found["ETH-EUR"].venues] == ["KRAKEN"]


def test_symbols_that_several_venues_trade_come_first() -> None:
    everything = [traded("KRAKEN", "ETHEUR", 1000), traded("COINBASE", "BTC-USD"), traded("KRAKEN", "XBTUSD")]
    assert list(symbols_of(everything, PRODUCTS, LOOK)) == ["BTC-USD", "ETH-EUR"]


def test_an_unknown_product_is_a_symbol_of_its_own() -> None:
    assert list(symbols_of([traded("OKX", "XYZ-ABC")], PRODUCTS, LOOK)) == ["XYZ-ABC"]


def test_a_name_means_the_symbol_that_has_it_and_otherwise_one_that_differs_only_in_case() -> None:
    symbols = symbols_of([traded("KRAKEN", "kBONK-USD"), traded("OKX", "KBONK-USD", 900)], PRODUCTS, LOOK)
    found = {name: named(symbols, name) for name in ("kBONK-USD", "KBONK-USD", "kbonk-usd", "BONK-USD")}
    assert {name: symbol and symbol.name for name, symbol in found.items()} == {
        "kBONK-USD": "kBONK-USD",
        "KBONK-USD": "KBONK-USD",
        "kbonk-usd": "KBONK-USD",
        "BONK-USD": None,
    }


def test_the_best_known_exchanges_look_the_same_in_every_lake() -> None:
    assert looks_of(["ZED", "KRAKEN"]) == {"BINANCE": 1, "COINBASE": 2, "KRAKEN": 3, "ZED": 4}
    assert max(looks_of(map(str, range(30))).values()) == LOOKS
