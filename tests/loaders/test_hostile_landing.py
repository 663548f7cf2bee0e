"""Rows that make no sense reach the raw table and the ledger, and later runs continue after them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lakehouse.lake import identifier
from lakehouse.ledger import loads
from lakehouse.local import LocalLake
from loaders.channels.http_client import Transport
from loaders.channels.rest import Fetcher, utc_now
from loaders.connector import Connector, Request, Response
from loaders.landing.ingest import Ingested, ingest
from tests.support.connectors import CONNECTORS as EVERY
from tests.support.responses import response

CONNECTORS = {name: each for name, each in EVERY.items() if name in ("binance", "coinbase", "kraken")}
START = datetime(2026, 1, 5, tzinfo=UTC)
TOKEN = str(int(START.timestamp()) * 10**9)


def rows_of(exchange: str, first: int) -> list[Any]:
    """Two rows of an exchange, without a price and a time."""
    ids = [first, first + 1]
    if exchange == "binance":
        return [{"id": i, "price": "", "qty": "1", "time": None, "isBuyerMaker": True} for i in ids]
    if exchange == "coinbase":
        return [{"trade_id": i, "price": "NaN", "size": "", "time": "soon", "side": None} for i in reversed(ids)]
    return [["", "1", None, "b", "l", "", i] for i in ids]


def exchange_with(exchange: str, *firsts: int) -> Transport:
    """An exchange that has only the rows from each of `firsts` on."""

    def answer(request: Request) -> Response:
        asked = request.parameters
        if "startTime" in asked:
            return response(200, value=[{"a": 1, "f": firsts[0]}])
        rows = [row for first in firsts for row in rows_of(exchange, first)]
        if exchange == "binance":
            return response(200, value=[row for row in rows if row["id"] >= int(asked["fromId"])])
        if exchange == "coinbase":
            below = int(asked.get("after", 10**9))
            return response(200, value=sorted((r for r in rows if r["trade_id"] < below), key=lambda r: -r["trade_id"]))
        place = max(0, int(asked["since"]) - int(TOKEN))
        last = str(int(TOKEN) + len(rows))
        return response(200, value={"error": [], "result": {"X": rows[place:], "last": last}})

    return answer


def run(lake: LocalLake, connector: Connector, transport: Transport) -> Ingested:
    with Fetcher(connector, "https://exchange.test", transport=transport) as fetcher:
        return ingest(lake, connector, ["SYMBOL"], fetcher=fetcher, since=START, now=utc_now)


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)
def test_rows_without_a_price_and_a_time_land_and_the_next_run_continues_after_them(
    lake: LocalLake, connector: Connector
) -> None:
    for transport, count in (
        (exchange_with(connector.name, 5), 2),
        (exchange_with(connector.name, 5, 7), 2),
        (exchange_with(connector.name, 5, 7), 0),
    ):
        ingested = run(lake, connector, transport)
        assert ingested.failures == {}
        assert ingested.row_count == count
    raw = connector.raw
    rows = lake.catalog.load_table(identifier(raw.name)).scan().to_arrow()
    assert sorted(rows[raw.id_column].to_pylist()) == ["5", "6", "7", "8"]
    assert rows[raw.time_column].null_count == 4
    assert all(json.loads(text) for text in rows["_raw_payload"].to_pylist())
    assert [(row.first_id, row.last_id, row.min_event_ts, row.max_event_ts) for row in loads(lake)] == [
        ("5", "6", None, None),
        ("7", "8", None, None),
    ]
