"""Whatever an exchange's body holds, a connector gives rows with the values of that body, or one error of ours."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.errors import SchemaHubError
from loaders.channels.payloads import FIRST_US, LAST_US
from loaders.connector import Connector, Page, Response, Walk
from simulator.exchanges import RunningSimulator
from tests.support.connectors import CONNECTORS
from tests.support.holes import after, everything_since
from tests.support.simulated import served_products, skip_unless_simulated

START = datetime(2026, 1, 5, tzinfo=UTC)
ROWS = 5
FUZZ = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""The same examples every time; the fixtures never change."""

pytestmark = pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)


@pytest.fixture(scope="module")
def bodies(every_exchange: RunningSimulator) -> dict[str, bytes]:
    """A valid body of a few trades, for each exchange."""
    return {
        name: sound_body(connector, every_exchange)
        for name, connector in CONNECTORS.items()
        if name in every_exchange.urls
    }


@pytest.fixture
def body(bodies: dict[str, bytes], connector: Connector, every_exchange: RunningSimulator) -> bytes:
    """A valid body of a few trades; skips the test if the simulator lacks the connector's exchange."""
    skip_unless_simulated(connector, every_exchange)
    return bodies[connector.name]


def sound_body(connector: Connector, exchanges: RunningSimulator) -> bytes:
    exchanges.set_faults(f"short={ROWS}:1/1")
    symbol = next(iter(served_products(exchanges, connector)))
    walk = connector.walk(symbol, everything_since(START))
    step = next(walk)
    bodies = []
    while not isinstance(step, Page):
        answer = httpx.get(exchanges.urls[connector.name] + step.path, params=dict(step.parameters))
        bodies.append(answer.content)
        step = walk.send(Response(200, {}, answer.content))
    exchanges.clear_faults()
    body = max(bodies, key=len)  # others were to find out where to begin
    assert connector.parse(body, symbol=symbol).num_rows == ROWS
    return body


HOSTILE = st.one_of(
    st.sampled_from(
        [
            None,
            True,
            "",
            " ",
            "NaN",
            "-Infinity",
            "1e999",
            "-5",
            "0",
            "null",
            "2026-01-05",
            "0001-01-01T00:00:00.000000Z",
            "9999-12-31T23:59:59.999999999+14:00",
            "0000-00-00T00:00:00Z",
            "\x1b[2J\x00\u202e\n",
            "},{",
            "],[",
            "é漢🙂",
            0,
            -1,
            2**31,
            1795746666,
            1795746666361,
            1795746666361544,
            1795746666361544000,
            2**62,
            2**63 - 1,
            2**63,
            2**64,
            10**30,
            10**400,
            1.5,
            1e308,
            -0.0,
            [],
            {},
            [[[[{}]]]],
            {"a": [{"b": 1}, {"c": 2}]},
        ]
    ),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
)


def records(found: Any) -> list[Any]:
    """The trades of a decoded body."""
    if isinstance(found, list):
        return found
    return next((list_ for value in found.values() if (list_ := records_in(value))), [])


def records_in(value: Any) -> list[Any]:
    return records(value) if isinstance(value, dict | list) else []


def exact(body: bytes | str) -> Any:
    return json.loads(body, parse_float=str)


def parsed(connector: Connector, body: bytes) -> pa.RecordBatch | None:
    """The rows of a body, all checked against it; None if the body was refused in one line."""
    try:
        trades = connector.parse(body, symbol="SYMBOL")
    except SchemaHubError as error:
        told = str(error)
        assert connector.name in told
        assert told.isprintable()
        assert len(told) < 1_000
        return None
    trades.validate(full=True)
    assert trades.schema == connector.raw.page_schema
    sent = sorted(json.dumps(record, sort_keys=True) for record in records(exact(body)))
    kept = [exact(text) for text in trades["_raw_payload"].to_pylist()]
    assert sorted(json.dumps(record, sort_keys=True) for record in kept) == sent
    check_values(connector, trades, kept)
    return trades


def check_values(connector: Connector, trades: pa.RecordBatch, kept: list[Any]) -> None:
    """Check that every value of a row is a value of its record, or null."""
    raw = connector.raw
    assert trades[raw.id_column].null_count == trades[raw.stream_column].null_count == 0
    for time in trades[raw.time_column].cast(pa.int64()).to_pylist():
        assert time is None or FIRST_US <= time <= LAST_US
    trades.to_pylist()
    for name in (column.name for column in raw.columns if column.type == "double"):
        for value, record in zip(trades[name].to_pylist(), kept, strict=True):
            values = record if isinstance(record, list) else record.values()
            assert value is None or any(same(value, one) for one in values), (name, value, record)
    if all(trade_id.isdigit() for trade_id in trades[raw.id_column].to_pylist()):
        ids = [int(trade_id) for trade_id in trades[raw.id_column].to_pylist()]
        assert ids == sorted(ids)


def same(value: float, sent: Any) -> bool:
    try:
        return not isinstance(sent, bool) and (float(sent) == value or (float(sent) != float(sent) and value != value))
    except (TypeError, ValueError, OverflowError):
        return False


@pytest.mark.slow
@FUZZ
@given(data=st.data())
def test_any_value_in_any_place_is_landed_or_refused(connector: Connector, body: bytes, data: st.DataObject) -> None:
    changed = exact(body)
    rows = records(changed)
    for _ in range(data.draw(st.integers(1, 3))):
        record = data.draw(st.sampled_from(rows))
        place = data.draw(st.sampled_from(sorted(record) if isinstance(record, dict) else list(range(len(record)))))
        record[place] = data.draw(HOSTILE)
    if data.draw(st.booleans()):
        data.draw(st.sampled_from(rows))  # a page in another order
        rows.reverse()
    spaces = data.draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :")]))
    parsed(connector, json.dumps(changed, separators=spaces, ensure_ascii=data.draw(st.booleans())).encode())


@FUZZ
@given(data=st.data())
def test_records_that_lack_or_exceed_what_is_documented_are_landed_or_refused(
    connector: Connector, body: bytes, data: st.DataObject
) -> None:
    changed = exact(body)
    rows = records(changed)
    record = data.draw(st.sampled_from(rows))
    if isinstance(record, dict):
        del record[data.draw(st.sampled_from(sorted(record)))]
        record[data.draw(st.text(max_size=5))] = data.draw(HOSTILE)
    else:
        del record[data.draw(st.integers(0, len(record) - 1)) :]
        record += data.draw(st.lists(HOSTILE, max_size=9))
    rows.insert(data.draw(st.integers(0, len(rows))), data.draw(st.sampled_from([*rows, None, 1, "x", [], {}])))
    parsed(connector, json.dumps(changed).encode())


@FUZZ
@given(data=st.data())
def test_any_bytes_are_landed_or_refused(connector: Connector, body: bytes, data: st.DataObject) -> None:
    spoiled = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(spoiled)))
        stop = min(len(spoiled), start + data.draw(st.integers(0, 4)))
        spoiled[start:stop] = data.draw(st.binary(max_size=4))
    parsed(connector, bytes(spoiled))


@pytest.mark.parametrize("place", range(ROWS))
def test_a_byte_that_is_not_text_is_refused_in_any_row_and_field(connector: Connector, body: bytes, place: int) -> None:
    text = connector.parse(body, symbol="SYMBOL")["_raw_payload"][place].as_py().encode()
    spoiled = text[:-1] + (b',"x":"\xff"}' if text.endswith(b"}") else b',"\xff"]')
    assert spoiled.replace(b"\xff", b"") in body.replace(text, spoiled).replace(b"\xff", b"")
    assert parsed(connector, body.replace(text, spoiled)) is None


NESTED: dict[str, Callable[[bytes], bytes]] = {
    "alone": lambda _: b"[" * 200_000,
    "closed": lambda _: b"[" * 200_000 + b"]" * 200_000,
    "in a row": lambda body: body[:-1] + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + body[-1:],
    "digits": lambda body: body.replace(b"1", b"1" * 6_000),
}


@pytest.mark.parametrize("shape", NESTED)
def test_endless_brackets_and_digits_are_refused(connector: Connector, body: bytes, shape: str) -> None:
    assert parsed(connector, NESTED[shape](body)) is None


@FUZZ
@given(seed=st.integers(0, 2**32), start=st.integers(0, 3), bounded=st.booleans())
def test_a_walk_ends_whatever_the_responses_are(
    connector: Connector, body: bytes, seed: int, start: int, bounded: bool
) -> None:
    first = connector.parse(body, symbol="SYMBOL")[connector.raw.id_column][0].as_py()
    token = [None, None, "1", first][start]
    hole = after(int(first) if start > 1 else 1, token=token) if start else everything_since(START)
    if bounded:
        hole = replace(hole, high=hole.low + 3)
    draw = random.Random(seed)
    answers = [
        body,
        body.replace(first.encode(), b"7"),
        b"[]",
        b"{}",
        body.replace(b"1", b"9"),
    ]  # other ids, each of them once
    answers = draw.sample(answers, draw.randint(1, 5))
    pages = followed(connector, connector.walk("SYMBOL", hole), lambda: draw.choice(answers))
    ids = [trade_id for page in pages for trade_id in page.rows[connector.raw.id_column].to_pylist()]
    assert len(ids) == len(set(ids))


def followed(connector: Connector, walk: Walk, answer: Callable[[], bytes]) -> list[Page]:
    """The pages of a walk until it ends by itself or by an error of ours."""
    pages = []
    try:
        step = next(walk, None)
        for _ in range(2_000):
            if step is None:
                return pages
            if isinstance(step, Page):
                pages.append(step)
            step = next(walk, None) if isinstance(step, Page) else walk.send(Response(200, {}, answer()))
    except StopIteration:
        return pages
    except SchemaHubError as error:
        told = str(error)
        assert connector.name in told
        return pages
    pytest.fail("the walk did not end after 2,000 responses")
