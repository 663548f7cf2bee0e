"""ccxt, which knows nothing of the simulator, reads the trades that the market has, over REST and over WebSockets."""

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

SHARES = (0.5, 0.51)
CLASSES = {"binance": "binance", "coinbase": "coinbaseexchange", "kraken": "kraken"}
SYMBOLS = {"binance": ("BTC-USDT", "ETH-USDT"), "coinbase": ("BTC-USD", "ETH-USDT"), "kraken": ("BTC-USD", "ETH-USDT")}
FIRST_MESSAGES = {"binance": 1, "coinbase": 2, "kraken": 2}
"""How many messages a client has received once it is subscribed."""


@pytest.fixture(scope="module")
def ccxt() -> ModuleType:
    import ccxt.pro  # it takes a second to import, and only this module needs it

    return ccxt


@pytest.fixture
def new_client(ccxt, streaming) -> Callable[..., Any]:
    """A client of ccxt that talks to the simulator: `new_client(ccxt, "kraken")`."""

    def new_client(module: ModuleType, exchange: str) -> Any:
        client = getattr(module, CLASSES[exchange])({"enableRateLimit": False})
        url, stream_url = streaming.urls[exchange], streaming.stream_urls[exchange]
        match exchange:
            case "binance":
                client.options["fetchMarkets"] = {"types": ["spot"]}
                client.urls["api"].update(public=f"{url}/api/v3", ws={"spot": f"{stream_url}/ws"})
            case "coinbase":
                client.urls["api"].update(public=url, ws=stream_url)
            case "kraken":
                client.urls["api"].update(public=url, ws={"publicV2": f"{stream_url}/v2"})
        return client

    return new_client


def truth_of(market, exchange, symbol):
    return list(market.trades_of(exchange, symbol))


def as_read(trade):
    return (trade["id"], trade["price"], trade["amount"], trade["timestamp"], trade["side"])


def as_true(trade):
    side = trade.taker_side.lower()
    return (str(trade.id), float(trade.price), float(trade.quantity), trade.time_ns // 10**6, side)


@pytest.mark.parametrize("exchange", CLASSES)
def test_ccxt_loads_the_markets(ccxt, new_client, exchange):
    client = new_client(ccxt, exchange)
    markets = client.load_markets()
    listed = {"USDT"} if exchange == "binance" else {"USD", "USDT"}
    assert set(markets) == {f"{base}/{quote}" for base in ("BTC", "ETH") for quote in listed}
    assert {"BTC", "ETH", *listed} <= set(client.currencies)
    btc = markets["BTC/USDT"]
    precisions = {"binance": (0.01, 1e-05), "coinbase": (0.01, 1e-08), "kraken": (0.1, 1e-08)}
    assert (btc["precision"]["price"], btc["precision"]["amount"]) == precisions[exchange]
    assert (btc["type"], btc["active"]) == ("spot", True)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("exchange", CLASSES)
def test_ccxt_reads_the_newest_trades_over_rest(ccxt, new_client, streamed_market, exchange, number):
    symbol = SYMBOLS[exchange][number]
    truth = truth_of(streamed_market, exchange, symbol)
    shown = truth[: int(len(truth) * SHARES[0])][-100:]
    client = new_client(ccxt, exchange)
    if exchange == "binance":
        # `fetch_trades` gets aggregate trades there, see the next test.
        client.load_markets()
        page = client.public_get_trades({"symbol": symbol.replace("-", ""), "limit": 100})
        trades = client.parse_trades(page, client.market(symbol.replace("-", "/")))
    else:
        trades = client.fetch_trades(symbol.replace("-", "/"), limit=100)
    assert [as_read(trade) for trade in trades] == [as_true(trade) for trade in shown]


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


@pytest.mark.parametrize("exchange", CLASSES)
def test_ccxt_watches_the_trades_that_happen(ccxt, new_client, streaming, streamed_market, exchange):
    symbol = SYMBOLS[exchange][0]
    truth = truth_of(streamed_market, exchange, symbol)
    start, stop = (int(len(truth) * share) for share in SHARES)
    happening = truth[start:stop]
    wanted = {str(trade.id) for trade in happening}
    watched = asyncio.run(watch(new_client(ccxt.pro, exchange), streaming, exchange, symbol, wanted))
    assert [as_read(trade) for trade in watched] == [as_true(trade) for trade in happening]


@pytest.mark.parametrize("exchange", CLASSES)
def test_ccxt_watches_the_best_bid_and_ask(ccxt, new_client, streaming, streamed_market, exchange):
    symbol = SYMBOLS[exchange][0]
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
    while count_messages(streaming, exchange) < already_sent + FIRST_MESSAGES[exchange]:
        await asyncio.sleep(0.02)
    streaming.show(SHARES[1])
    return await task


def count_messages(streaming, exchange):
    return streaming.streams().get(exchange, {"messages": 0})["messages"]
