"""ccxt, which knows nothing of the simulator, and our connectors read the same trades of every simulated exchange.

Over REST ccxt reads all of them, and over WebSockets those whose WebSocket the simulator speaks. It can't reach
anything but the simulator, because all other addresses that it knows are replaced.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import simulator.exchanges
from loaders.channels.rest import Fetcher
from loaders.connector import Segment
from macros_gen.transforms import SQL
from registry.registry import load_registry
from simulator.exchanges import Market, RunningSimulator
from simulator.exchanges.simulated import simulated_exchanges
from tests.support.connectors import CONNECTORS
from tests.support.holes import everything_since, pieces

TRADES, SEED = 8_000, 7
SHARES = (0.5, 0.51)
EXCHANGES = tuple(simulated_exchanges())
STREAMED = tuple(name for name, kind in simulated_exchanges().items() if kind.has_feeds())
CLASSES = {"coinbase": "coinbaseexchange"}
"""The names of ccxt's classes that are not the exchange's name."""
FIRST_MESSAGES = {"binance": 1}
"""How many messages a client has received once it is subscribed; otherwise 2."""
OLDEST = datetime(2026, 1, 1, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def ccxt() -> ModuleType:
    import ccxt.pro  # it takes a second to import, and only this module needs it

    return ccxt


@pytest.fixture(scope="module")
def whole_market() -> Market:
    """The market that `trading` serves, drawn in this process."""
    return simulator.exchanges.draw_market(trades=TRADES, seed=SEED, exchanges=EXCHANGES)


@pytest.fixture(scope="module")
def trading() -> Iterator[RunningSimulator]:
    """A simulator whose market trades on every exchange."""
    options: dict[str, Any] = {"trades": TRADES, "seed": SEED, "exchanges": EXCHANGES}
    with simulator.exchanges.running(**options, enforce_limits=False) as running:
        yield running


def client_of(module: ModuleType, exchange: str, running: RunningSimulator) -> Any:
    """A client of ccxt that can talk to the simulator alone."""
    client = getattr(module, CLASSES.get(exchange, exchange))({"enableRateLimit": False})
    client.urls["api"] = elsewhere(client.urls["api"])
    url, stream_url = running.urls[exchange], running.stream_urls[exchange]
    match exchange:
        case "binance":
            client.options["fetchMarkets"] = {"types": ["spot"]}
            client.urls["api"].update(public=f"{url}/api/v3", ws={"spot": f"{stream_url}/ws"})
        case "coinbase":
            client.urls["api"].update(public=url, ws=stream_url)
        case "kraken":
            client.urls["api"].update(public=url, ws={"publicV2": f"{stream_url}/v2"})
        case "okx":
            client.options["fetchMarkets"] = {"types": ["spot"]}
            client.urls["api"]["rest"] = url
        case "bybit":
            client.options["fetchMarkets"] = {"types": ["spot"]}
            client.urls["api"]["public"] = url
        case "bitstamp":
            client.urls["api"]["public"] = f"{url}/api"
        case "gemini":
            client.has["fetchCurrencies"] = False  # it reads them from a page of the exchange's web site
            client.urls["api"]["public"] = url
        case _:
            pytest.fail(f"say which of ccxt's addresses of {exchange} are those of the simulator")
    return client


def elsewhere(urls: Any) -> Any:
    """Addresses in the shape of `urls`, at which nobody is."""
    return {name: elsewhere(url) for name, url in urls.items()} if isinstance(urls, dict) else NOWHERE


@pytest.fixture
def new_client(streaming: RunningSimulator) -> Callable[[ModuleType, str], Any]:
    """A client of ccxt for a simulator whose market goes on: `new_client(ccxt.pro, "kraken")`."""
    return lambda module, exchange: client_of(module, exchange, streaming)


def symbols_of(exchange: str) -> list[str]:
    return [listing.symbol for listing in simulated_exchanges()[exchange].listings]


def truth_of(market, exchange, symbol):
    return list(market.trades_of(exchange, symbol))


def as_read(trade):
    return (trade["id"], trade["price"], trade["amount"], trade["timestamp"], trade["side"])


def as_true(trade):
    side = trade.taker_side.lower()
    return (str(trade.id), float(trade.price), float(trade.quantity), trade.time_ns // 10**6, side)


def ours(running: RunningSimulator, exchange: str, symbol: str) -> list[tuple[Any, ...]]:
    """What our connector and its mapping make of a product, in the form of `as_read`, oldest first."""
    connector = CONNECTORS[exchange]
    with Fetcher(connector, running.urls[exchange], wait=lambda event, _: event.wait(0)) as fetcher:
        listed = {f"{each.base}-{each.quote}": each.symbol for each in fetcher.answer(connector.products())}
        found = pieces(fetcher, Segment(listed[symbol], everything_since(OLDEST)))
    assert fetcher.failures == {}
    (mapping,) = (each for each in load_registry().mappings if each.source == connector.raw.name)
    givers = {giver.column: giver for giver in mapping.formats[-1].givers}
    side = givers["side"]
    assert side.source is not None
    rows = pa.Table.from_batches([batch for piece in found for batch in pa.table(piece.rows).to_batches()])
    names = ", ".join(str(givers[column].source) for column in ("trade_id", "price", "quantity"))
    taker = SQL[side.transform].on("duckdb", side.source) if side.transform else side.source
    sql = f"select {names}, epoch_ms({givers['trade_ts'].source}), lower({taker}) from rows"
    return duckdb.connect().register("rows", rows).execute(sql).fetchall()


def test_every_simulated_exchange_is_read_by_our_connectors_too() -> None:
    assert set(EXCHANGES) <= set(CONNECTORS)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_ccxt_loads_the_markets(ccxt: ModuleType, trading: RunningSimulator, exchange: str) -> None:
    client = client_of(ccxt, exchange, trading)
    markets = client.load_markets()
    assert set(markets) == {symbol.replace("-", "/") for symbol in symbols_of(exchange)}
    listing = simulated_exchanges()[exchange].listings[0]
    first = markets[listing.symbol.replace("-", "/")]
    assert (first["type"], first["active"] is not False) == ("spot", True)
    if exchange != "gemini":  # which says nothing of them in its list
        assert {"BTC", "ETH", "USDT"} <= set(client.currencies)
        expected = (10**-listing.price_decimals, 10**-listing.quantity_decimals)
        assert (first["precision"]["price"], first["precision"]["amount"]) == pytest.approx(expected)


@pytest.mark.parametrize("number", [0, -1])
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_ccxt_and_our_connector_read_the_same_trades_and_sides(
    ccxt: ModuleType, trading: RunningSimulator, whole_market: Market, exchange: str, number: int
) -> None:
    symbol = symbols_of(exchange)[number]
    expected = [as_true(trade) for trade in truth_of(whole_market, exchange, symbol)]
    client = client_of(ccxt, exchange, trading)
    if exchange == "binance":
        # `fetch_trades` gets aggregate trades there, see the next test.
        client.load_markets()
        page = client.public_get_trades({"symbol": symbol.replace("-", ""), "limit": 100})
        trades = client.parse_trades(page, client.market(symbol.replace("-", "/")))
    elif exchange == "bitstamp":
        trades = client.fetch_trades(symbol.replace("-", "/"), params={"time": "day"})
    else:
        trades = client.fetch_trades(symbol.replace("-", "/"), limit=100)
    assert {trade["side"] for trade in trades} == {"buy", "sell"}
    found = sorted(as_read(trade) for trade in trades)
    assert found == sorted(expected[-len(found) :])
    assert len(found) == min(100, len(expected)) or exchange in ("bitstamp", "bybit")
    landed = ours(trading, exchange, symbol)
    assert landed[-len(found) :] == expected[-len(found) :]
    assert len(landed) == len(expected) or exchange == "bybit"


def test_ccxt_reads_aggregate_trades_of_binance(ccxt, new_client, streamed_market):
    truth = truth_of(streamed_market, "binance", "BTC-USDT")
    by_id = {trade.id: trade for trade in truth[: int(len(truth) * SHARES[0])]}
    trades = new_client(ccxt, "binance").fetch_trades("BTC/USDT", limit=1000)
    assert int(trades[-1]["info"]["l"]) == max(by_id)
    for trade in trades:
        fills = [by_id[number] for number in range(int(trade["info"]["f"]), int(trade["info"]["l"]) + 1)]
        assert trade["amount"] == pytest.approx(sum(float(fill.quantity) for fill in fills))
        assert {(trade["price"], trade["timestamp"], trade["side"])} == {
            (float(fill.price), fill.time_ns // 10**6, fill.taker_side.lower()) for fill in fills
        }


@pytest.mark.parametrize("exchange", STREAMED)
def test_ccxt_watches_the_trades_that_happen(ccxt, new_client, streaming, streamed_market, exchange):
    symbol = symbols_of(exchange)[0]
    truth = truth_of(streamed_market, exchange, symbol)
    start, stop = (int(len(truth) * share) for share in SHARES)
    happening = truth[start:stop]
    wanted = {str(trade.id) for trade in happening}
    watched = asyncio.run(watch(new_client(ccxt.pro, exchange), streaming, exchange, symbol, wanted))
    assert [as_read(trade) for trade in watched] == [as_true(trade) for trade in happening]


@pytest.mark.parametrize("exchange", STREAMED)
def test_ccxt_watches_the_best_bid_and_ask(ccxt, new_client, streaming, streamed_market, exchange):
    symbol = symbols_of(exchange)[0]
    truth = truth_of(streamed_market, exchange, symbol)
    quote = asyncio.run(watch_quote(new_client(ccxt.pro, exchange), streaming, exchange, symbol.replace("-", "/")))
    assert 0 < quote["bid"] < quote["ask"]
    assert min(quote["bidVolume"], quote["askVolume"]) > 0
    prices = {float(trade.price) for trade in truth[: int(len(truth) * SHARES[1])]}
    assert prices & {quote["bid"], quote["ask"]}


async def watch(client, streaming, exchange, symbol, wanted):
    """The trades that a client gets, in their order, once it has all that are wanted."""
    symbol = symbol.replace("-", "/")
    try:
        async with asyncio.timeout(20):
            await when_trades_happen(client.watch_trades(symbol), streaming, exchange)
            # The client keeps what arrives between two calls, and a call waits for another trade.
            while not wanted <= {trade["id"] for trade in client.trades[symbol]}:
                await asyncio.sleep(0.02)
            return list(client.trades[symbol])
    finally:
        await client.close()


async def watch_quote(client, streaming, exchange, symbol):
    try:
        async with asyncio.timeout(20):
            if exchange == "binance":
                quotes = await when_trades_happen(client.watch_bids_asks([symbol]), streaming, exchange)
                return quotes[symbol]
            return await when_trades_happen(client.watch_ticker(symbol), streaming, exchange)
    finally:
        await client.close()


async def when_trades_happen(watching, streaming, exchange):
    """What a client's call returns, if trades happen as soon as the client is subscribed."""
    already_sent = count_messages(streaming, exchange)
    task = asyncio.create_task(watching)
    while count_messages(streaming, exchange) < already_sent + FIRST_MESSAGES.get(exchange, 2):
        await asyncio.sleep(0.02)
    streaming.show(SHARES[1])
    return await task


def count_messages(streaming, exchange):
    return streaming.streams().get(exchange, {"messages": 0})["messages"]
