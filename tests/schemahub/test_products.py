"""The product lists: what a response may change in them, and which of their products are loaded."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lakehouse.errors import Misconfigured, SchemaHubError
from loaders.connector import ListedProduct, Response
from loaders.connectors import connector_names, load_connector
from registry.products import ProductEntry, ProductList
from registry.read_config import read_config
from registry.registry import Product
from schemahub.cli.app import app
from schemahub.products import product_list, read_products, updated, write_whole
from schemahub.runs import update_products
from schemahub.symbols import exchange_symbols, no_longer_listed
from simulator.exchanges import RunningSimulator
from tests.support.simulated import skip_unless_simulated

ODD_NAMES = [
    "1E5",
    "NO",
    "2026-01-05",
    "0x1F",
    "1_000",
    ".5",
    "null",
    "TRUE",
    "007",
    "on",
    "12:30",
    "\u5e01\u5b89",
    "kBONK",
]
HOSTILE_NAMES = ["", " BTC", "BTC ", "A\x1b[2J", "A\nB", "=cmd|' /C calc'!A0", "+1", "-1", "@x", "\u202eABC", "A" * 101]


def entries(*symbols: str, delisted: bool = False) -> list[ProductEntry]:
    return [ProductEntry(symbol=symbol, base=symbol[:3], quote=symbol[3:], delisted=delisted) for symbol in symbols]


def listed_products(*symbols: str) -> list[ListedProduct]:
    return [ListedProduct(symbol, symbol[:3], symbol[3:]) for symbol in symbols]


def test_new_products_are_added_and_missing_ones_are_kept_and_marked() -> None:
    update = updated("kraken", entries("BTCUSD", "ETHUSD"), listed_products("SOLUSD", "BTCUSD"), force=False)
    assert list(update.entries) == [*entries("BTCUSD"), *entries("ETHUSD", delisted=True), *entries("SOLUSD")]
    assert update.listed == 2
    assert update.remarks == ("1 new: SOLUSD", "1 no longer listed, and kept for the trades landed: ETHUSD")


def test_a_product_that_comes_back_is_listed_again() -> None:
    before = [*entries("BTCUSD"), *entries("ETHUSD", delisted=True)]
    assert updated("kraken", before, listed_products("BTCUSD", "ETHUSD"), force=False).entries == tuple(
        entries("BTCUSD", "ETHUSD")
    )


@pytest.mark.parametrize(
    ("before", "answer", "reason"),
    {
        "nothing": (("BTCUSD", "ETHUSD"), (), "lists no product that can be used"),
        "nothing at first": ((), (), "lists no product that can be used"),
        "less than half": (("BTCUSD", "ETHUSD", "SOLUSD"), ("BTCUSD",), "1 of the 3 products that it listed before"),
        "all others": (("BTCUSD", "ETHUSD"), ("AAAUSD", "BBBUSD", "CCCUSD"), "0 of the 2 products"),
    }.values(),
)
def test_a_list_does_not_shrink_to_nothing_or_by_more_than_half(
    before: tuple[str, ...], answer: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(Misconfigured, match=reason) as caught:
        updated("kraken", entries(*before), listed_products(*answer), force=False)
    assert str(caught.value).startswith("kraken lists ")
    assert "its list is kept unchanged" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_half_of_a_list_may_be_delisted() -> None:
    assert updated("kraken", entries("BTCUSD", "ETHUSD"), listed_products("BTCUSD"), force=False).listed == 1


def test_what_was_delisted_before_does_not_count() -> None:
    before = [*entries("BTCUSD"), *entries("ETHUSD", "SOLUSD", "XRPUSD", delisted=True)]
    assert updated("kraken", before, listed_products("BTCUSD"), force=False).listed == 1


def test_a_list_shrinks_when_it_is_forced_and_loses_nothing() -> None:
    update = updated("kraken", entries("BTCUSD", "ETHUSD"), (), force=True)
    assert list(update.entries) == entries("BTCUSD", "ETHUSD", delisted=True)
    with pytest.raises(Misconfigured, match="lists no product"):
        updated("kraken", [], (), force=True)


@pytest.mark.parametrize("force", [False, True])
def test_other_assets_of_a_product_are_accepted_only_if_forced(force: bool) -> None:
    before = [*entries("BTCUSD"), *entries("ETHUSD", delisted=True)]
    answer = [ListedProduct("BTCUSD", "DOGE", "USD"), ListedProduct("ETHUSD", "DOGE", "USD")]
    update = updated("kraken", before, answer, force=force)
    assert [entry.base for entry in update.entries] == (["DOGE", "DOGE"] if force else ["BTC", "ETH"])
    assert update.listed == 2
    (remark,) = update.remarks
    assert remark.startswith("2 listed with other assets than before, ")
    assert ("--force" in remark) != force


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_product_whose_name_no_list_can_hold_is_left_out_and_shown_harmlessly(name: str) -> None:
    answer = [*listed_products("BTCUSD"), ListedProduct(name, "ETH", "USD"), ListedProduct("ETHUSD", name, "USD")]
    update = updated("kraken", [], answer, force=False)
    assert list(update.entries) == entries("BTCUSD")
    assert update.remarks[1].startswith("2 with a name that can't be used: ")
    assert all(remark.isprintable() and len(remark) < 500 for remark in update.remarks)


def test_a_product_that_occurs_twice_is_listed_once() -> None:
    answer = [*listed_products("BTCUSD"), ListedProduct("BTCUSD", "XXX", "YYY")]
    assert list(updated("kraken", [], answer, force=False).entries) == entries("BTCUSD")


def test_many_names_are_counted() -> None:
    update = updated("kraken", [], listed_products(*(f"A{number:02}USD" for number in range(40))), force=False)
    assert update.remarks == ("40 new: A00USD, A01USD, A02USD, A03USD, A04USD and 35 more",)


def test_names_that_look_like_something_else_survive_the_file(tmp_path: Path) -> None:
    listed = [ProductEntry(symbol=name, base=name, quote=name, delisted=name == "NO") for name in ODD_NAMES]
    write_whole(tmp_path / "odd.yaml", product_list("odd", listed))
    assert read_config(tmp_path / "odd.yaml", ProductList, shown_as="odd").products == listed
    assert [path.name for path in tmp_path.iterdir()] == ["odd.yaml"]


def test_the_projects_own_lists_are_written_unchanged() -> None:
    for path in (Path(__file__).resolve().parents[2] / "config" / "products").glob("*.yaml"):
        listed = read_products(path, shown_as=path.name)
        assert product_list(path.stem, listed) == path.read_text()


def test_a_broken_list_is_named_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kraken.yaml").write_text("exchange: KRAKEN\nproducts: [{symbol: 1E5, base: X, quote: USD}]")
    with pytest.raises(Misconfigured, match=r"products\.0\.symbol: expected text, found 100000\.0; put it in quotes"):
        read_products(tmp_path / "kraken.yaml", shown_as="config/products/kraken.yaml")


def test_a_list_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "products").write_text("no folder")
    with pytest.raises(Misconfigured, match="can't be written"):
        write_whole(tmp_path / "products" / "kraken.yaml", "text")


NOTHING_TRADED = {
    "binance": b'{"symbols": []}',
    "bitstamp": b'[{"name": "BTC/USD", "url_symbol": "btcusd", "trading": "Disabled"}]',
    "bybit": b"""{"retCode": 0, "result": {"list": [
        {"symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "status": "PreLaunch"}]}}""",
    "coinbase": b'[{"id": "BTC-USD", "base_currency": "BTC", "quote_currency": "USD", "status": "offline"}]',
    "gemini": b'["btcsgd"]',
    "kraken": b"""{"error": [], "result": {"XXBTZUSD":
        {"altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD", "status": "maintenance"}}}""",
    "okx": b"""{"code": "0", "msg": "", "data": [
        {"instId": "BTC-USDT", "baseCcy": "BTC", "quoteCcy": "USDT", "state": "suspend"}]}""",
}


@pytest.mark.parametrize("exchange", NOTHING_TRADED)
def test_a_list_is_kept_while_every_product_of_an_exchange_is_halted(exchange: str) -> None:
    asking = load_connector(exchange).products()
    next(asking)
    with pytest.raises(StopIteration) as told_nothing:
        asking.send(Response(200, {}, NOTHING_TRADED[exchange]))
    with pytest.raises(Misconfigured, match=f"{exchange} lists no product that can be used"):
        updated(exchange, entries("BTCUSD"), told_nothing.value.value, force=False)


@pytest.fixture
def lists(exchanges: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder for the lists of a project that uses the simulated exchanges."""
    for name, url in exchanges.environment.items():
        monkeypatch.setenv(name, url)
    monkeypatch.setattr(update_products, "PROJECT", tmp_path)
    return tmp_path / "config" / "products"


def update(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["update-products", *arguments])


@pytest.mark.parametrize("exchange", connector_names())
def test_a_list_is_created_kept_and_forced_from_the_command_line(
    lists: Path, exchanges: RunningSimulator, exchange: str
) -> None:
    skip_unless_simulated(load_connector(exchange), exchanges)
    assert update(exchange).exit_code == 0
    path = lists / f"{exchange}.yaml"
    first = read_products(path, shown_as=exchange)
    assert {entry.base for entry in first} == {"BTC", "ETH"}
    more = entries(*(f"A{number:02}USD" for number in range(50)))
    path.write_text(product_list(exchange, [*first, *more]))
    before = path.read_bytes()
    refused = update(exchange)
    assert isinstance(refused.exception, SchemaHubError)
    assert f"{exchange} lists {len(first)} of the {len(first) + 50} products" in str(refused.exception)
    assert path.read_bytes() == before
    forced = update("--force", exchange)
    assert (forced.exit_code, "50 no longer listed" in forced.output) == (0, True)
    assert read_products(path, shown_as=exchange) == sorted(
        [*first, *(entry.model_copy(update={"delisted": True}) for entry in more)], key=lambda entry: entry.symbol
    )
    assert [found.name for found in lists.iterdir()] == [path.name]


def test_an_exchange_that_fails_does_not_keep_the_lists_of_others_from_being_written(
    lists: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEMAHUB_COINBASE_URL", "no address")
    result = update("coinbase", "kraken")
    assert "SCHEMAHUB_COINBASE_URL" in str(result.exception)
    assert [path.name for path in lists.iterdir()] == ["kraken.yaml"]


PRODUCTS = [
    Product("KRAKEN", "XBTUSD", "BTC", "USD"),
    Product("KRAKEN", "kBONKUSD", "kBONK", "USD"),
    Product("KRAKEN", "OLDUSD", "OLD", "USD", is_listed=False),
    Product("KRAKEN", "AAVEUSD", "AAVE", "USD"),
    Product("COINBASE", "BTC-USD", "BTC", "USD"),
    Product("COINBASE", "wBTC-USD", "wBTC", "USD"),
    Product("COINBASE", "aBC-USD", "aBC", "USD"),
    Product("COINBASE", "AbC-USD", "AbC", "USD"),
    Product("COINBASE", "aave-USD", "aave", "USD"),
]
BOTH = ("kraken", "coinbase")


@pytest.mark.parametrize(
    ("symbol", "kraken", "coinbase"),
    [
        ("BTC-USD", "XBTUSD", "BTC-USD"),
        ("btc-usd", "XBTUSD", "BTC-USD"),
        ("KBONK-USD", "kBONKUSD", ""),
        ("kBONK-USD", "kBONKUSD", ""),
        ("wbtc-usd", "", "wBTC-USD"),
        ("aBC-USD", "", "aBC-USD"),
        ("AAVE-USD", "AAVEUSD", "aave-USD"),
        ("old-usd", "", ""),
    ],
)
def test_a_symbol_is_matched_without_regard_to_case_and_kept_as_listed(symbol: str, kraken: str, coinbase: str) -> None:
    expected = {"kraken": [kraken] if kraken else [], "coinbase": [coinbase] if coinbase else []}
    assert exchange_symbols([symbol], BOTH, PRODUCTS) == expected


def test_a_symbol_in_two_spellings_is_loaded_once() -> None:
    assert exchange_symbols(["BTC-USD", "btc-usd"], ["kraken"], PRODUCTS) == {"kraken": ["XBTUSD"]}


def test_a_symbol_that_can_be_two_products_is_one_line_with_both() -> None:
    with pytest.raises(
        Misconfigured, match=r"^`abc-usd` can be aBC-USD or AbC-USD of coinbase; write it as one of them$"
    ):
        exchange_symbols(["abc-usd"], BOTH, PRODUCTS)


@pytest.mark.parametrize(("symbol", "near"), [("btc-usdd", "BTC-USD"), ("KBONC-usd", "kBONK-USD")])
def test_an_unknown_symbol_is_reported_with_near_matches_in_any_case(symbol: str, near: str) -> None:
    with pytest.raises(Misconfigured, match=f"unknown symbol `{symbol}`: did you mean {near}"):
        exchange_symbols([symbol], BOTH, PRODUCTS)


def test_what_is_no_longer_listed_is_left_out_and_named() -> None:
    symbols = ["OLD-usd", "BTC-USD"]
    assert exchange_symbols(symbols, ["kraken"], PRODUCTS) == {"kraken": ["XBTUSD"]}
    assert no_longer_listed(symbols, BOTH, PRODUCTS) == {"kraken": ["OLDUSD"], "coinbase": []}


def test_what_is_listed_again_under_another_name_is_loaded() -> None:
    again = [*PRODUCTS, Product("KRAKEN", "OLD2USD", "OLD", "USD")]
    assert exchange_symbols(["OLD-USD"], ["kraken"], again) == {"kraken": ["OLD2USD"]}
    assert no_longer_listed(["OLD-USD"], ["kraken"], again) == {"kraken": []}
