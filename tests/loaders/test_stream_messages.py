"""What every stream must make of its exchange's messages, without a socket.

A new stream is covered as soon as tests/support/stream_dialects.py knows what its exchange sends.
"""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import Misconfigured
from loaders.connector import ListedProduct
from loaders.connectors import load_stream
from loaders.errors import UnexpectedPayload
from loaders.stream import StreamConnector
from tests.support.connectors import CONNECTORS
from tests.support.stream_dialects import (
    NOT_SENT,
    PRODUCTS,
    START,
    STREAMS,
    Trade,
    malformed,
    messages,
    parsed,
    rest_body,
    sent,
)

pytestmark = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)

OTHER = (
    '{"type":"new","channel":"new","e":"new","b":[[1]],"a":{},"message":{},"channels":1,"symbol":[],"error":{},'
    '"result":7,"time":[],"product_id":5,"E":{}}'
)
"""A message of an unknown kind whose fields have other types than those of the same name that are known."""

TRADES = [
    Trade(700, has_buying_taker=True),
    Trade(701, has_buying_taker=False, price="0.00000123", size="1200000.5"),
    Trade(702, time=START),
    Trade(703, price="12345678901234567890.123456789", size="0.00000001"),
]


def test_the_rows_are_those_that_rest_lands(stream: StreamConnector) -> None:
    product = PRODUCTS[stream.name][0]
    heard = parsed(stream, *messages(stream, product, TRADES))
    rest = CONNECTORS[stream.name].parse(rest_body(stream, TRADES), symbol=product.symbol)
    assert heard.trades.schema == rest.schema == stream.raw.page_schema
    heard.trades.validate(full=True)
    for name in set(rest.schema.names) - NOT_SENT[stream.name] - {"_raw_payload"}:
        assert heard.trades[name].to_pylist() == rest[name].to_pylist(), name
    for name in NOT_SENT[stream.name]:
        assert heard.trades[name].null_count == len(TRADES)
    assert heard.ids == [trade.id for trade in TRADES]
    assert heard.problems == []


@given(
    st.lists(
        st.builds(
            Trade,
            id=st.integers(0, 2**63 - 1),
            price=st.decimals("0.00000001", "999999999", places=8).map(lambda number: f"{number:f}"),
            size=st.decimals("0.00000001", "999999999", places=8).map(lambda number: f"{number:f}"),
            has_buying_taker=st.booleans(),
            time=st.datetimes(datetime(2010, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
        ),
        max_size=5,
        unique_by=lambda trade: trade.id,
    )
)
def test_any_row_is_the_one_that_rest_lands(stream: StreamConnector, trades: list[Trade]) -> None:
    trades = sorted(trades, key=lambda trade: trade.id)
    product = PRODUCTS[stream.name][0]
    unsent = [*NOT_SENT[stream.name], "_raw_payload"]
    heard = parsed(stream, *messages(stream, product, trades)).trades.drop_columns(unsent)
    assert heard == CONNECTORS[stream.name].parse(rest_body(stream, trades), symbol=product.symbol).drop_columns(unsent)


def test_the_raw_table_is_that_of_rest(stream: StreamConnector) -> None:
    connector = CONNECTORS[stream.name]
    assert stream.raw == connector.raw
    assert stream.name == connector.name


def test_a_payload_is_the_exchanges_own_text_of_one_trade(stream: StreamConnector) -> None:
    texts = messages(stream, PRODUCTS[stream.name][0], TRADES)
    payloads = parsed(stream, *texts).trades["_raw_payload"].to_pylist()
    for trade, payload in zip(TRADES, payloads, strict=True):
        assert payload in "\n".join(texts)
        assert trade.price in payload
        assert trade.size in payload
        assert isinstance(json.loads(payload), dict)


def test_a_price_that_is_null_is_landed_as_rest_lands_it(stream: StreamConnector) -> None:
    product = PRODUCTS[stream.name][0]
    null = "null" if stream.name == "kraken" else '"null"'
    (text,) = messages(stream, product, [Trade(1, price=null)])
    heard = parsed(stream, text.replace('""null""', "null"), *sent(stream, 2))
    price = heard.trades.schema.names[2]
    assert heard.trades[price].to_pylist() == [None, 93519.65]
    assert heard.problems == []


@pytest.mark.parametrize("fault", malformed(STREAMS["kraken"], PRODUCTS["kraken"][0]))
def test_a_malformed_message_ends_alone_in_one_line(stream: StreamConnector, fault: str) -> None:
    text = malformed(stream, PRODUCTS[stream.name][0])[fault]
    heard = parsed(stream, *sent(stream, 1), text, *sent(stream, 2))
    assert heard.ids == [1, 2]
    assert heard.trades.num_rows == 2
    (problem,) = heard.problems
    assert isinstance(problem, UnexpectedPayload)
    assert str(problem).startswith(f"{stream.name}: ")
    assert str(problem).isprintable()
    assert len(str(problem)) < 400


def test_new_fields_and_other_messages_mean_nothing(stream: StreamConnector) -> None:
    (text,) = sent(stream, 1)
    new = text.replace('"93519.65"', '"93519.65","fee":{"a":[1,{"b":2}]}').replace("93519.65,", '93519.65,"x":[{},{}],')
    assert new != text
    heard = parsed(stream, new, '{"type":"status","channel":"status","e":"status","data":[{}]}', "{}", OTHER)
    assert heard.ids == [1]
    assert heard.problems == []
    assert heard.trades["_raw_payload"][0].as_py() in new


def test_white_space_changes_nothing(stream: StreamConnector) -> None:
    (text,) = sent(stream, 1)
    indented = json.dumps(json.loads(text), indent=2)
    heard = parsed(stream, indented, *sent(stream, 2), f" {text}\n")
    assert heard.ids == [1, 2, 1] or sorted(heard.ids) == [1, 1, 2]
    assert heard.problems == []
    assert len(set(heard.trades[stream.raw.time_column].to_pylist())) == 1


@given(place=st.integers(0, 400), inserted=st.text(max_size=6), removed=st.integers(0, 12))
def test_no_message_raises(stream: StreamConnector, place: int, inserted: str, removed: int) -> None:
    (text,) = sent(stream, 7)
    spoilt = text[:place] + inserted + text[place + removed :]
    heard = parsed(stream, *sent(stream, 1), spoilt, *sent(stream, 2))
    assert heard.trades.num_rows == len(heard.ids)
    assert [heard.ids[0], heard.ids[-1]] == [1, 2]
    assert heard.trades[stream.raw.id_column].to_pylist() == [str(each) for each in heard.ids]


def test_without_columns_a_stream_can_be_subscribed(stream: StreamConnector) -> None:
    bare = load_stream(stream.name)
    assert bare is not None
    assert len(bare.subscriptions(PRODUCTS[stream.name], quotes=True, first_request=1)) >= 1
    with pytest.raises(Misconfigured, match="no mapping declares the columns"):
        load_stream(stream.name, {})


def test_a_subscription_is_split_and_names_every_product_once(stream: StreamConnector) -> None:
    products = [ListedProduct(f"P{number}USD", f"P{number}", "USD") for number in range(120)]
    subscriptions = stream.subscriptions(products, quotes=False, first_request=5)
    assert [symbol for each in subscriptions for symbol in each.symbols] == [product.symbol for product in products]
    assert [each.request for each in subscriptions] == list(range(5, 5 + len(subscriptions)))
    assert len(subscriptions) > 1
    assert all(json.loads(each.text) for each in subscriptions)


def test_a_stream_of_an_unknown_exchange_is_refused_with_near_matches(stream: StreamConnector) -> None:
    with pytest.raises(Misconfigured, match=f"did you mean.*{stream.name}"):
        load_stream(f"{stream.name}x")
