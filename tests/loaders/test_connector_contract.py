"""What every connector must do, against the simulator over HTTP. A new connector is covered by being there."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lakehouse.lake import identifier
from lakehouse.ledger import loads
from lakehouse.local import LocalLake
from loaders.channels.rest import Fetcher
from loaders.connector import Connector, Cursor, Page
from loaders.connectors import load_connectors
from loaders.errors import (
    AnotherTape,
    BadRequest,
    ExchangeUnavailable,
    ExchangeUnreachable,
    RateLimited,
    UnexpectedPayload,
)
from loaders.landing.ingest import ingest
from macros_gen.registry import load_registry
from schemahub.runs.context import utc_now
from schemahub.settings import PROJECT
from simulator.exchanges import RunningSimulator

START = datetime(2026, 1, 5, tzinfo=UTC)
CONNECTORS = load_connectors()

pytestmark = pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)


@pytest.fixture
def fetcher(exchanges: RunningSimulator, connector: Connector) -> Fetcher:
    return impatient(connector, exchanges.urls[connector.name])


def impatient(connector: Connector, url: str) -> Fetcher:
    """A fetcher whose pauses are a thousandth of what they should be."""
    return Fetcher(connector, url, wait=lambda event, seconds: event.wait(seconds / 1_000))


def products(exchanges: RunningSimulator, connector: Connector) -> Mapping[str, dict]:
    """What the simulator serves, by the names that the product lists give."""
    names = {
        product.canonical_symbol: product.symbol
        for product in load_registry(PROJECT).products
        if product.exchange.lower() == connector.name
    }
    return {names[listed["symbol"]]: listed for listed in exchanges.market()[connector.name].values()}


def walk(
    fetcher: Fetcher, symbol: str, after: Cursor | None = None, since: datetime = START
) -> tuple[list[Page], list[int]]:
    with fetcher:
        pages = list(fetcher.pages({symbol: fetcher.connector.newer(symbol, after, since=since)}))
    if fetcher.failures:
        raise fetcher.failures[symbol]
    raw = fetcher.connector.raw
    return pages, [int(trade_id) for page in pages for trade_id in page.trades[raw.trade_id].to_pylist()]


def test_a_walk_brings_every_trade_once_and_in_order(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol, listed = next(iter(products(exchanges, connector).items()))
    _, ids = walk(fetcher, symbol)
    assert ids == list(range(listed["first_id"], listed["last_id"] + 1))


def test_pages_are_in_the_declared_columns_and_types(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol = next(iter(products(exchanges, connector)))
    pages, _ = walk(fetcher, symbol)
    for page in pages:
        page.trades.validate(full=True)
        assert page.trades.schema == connector.raw.page_schema
        assert page.trades[connector.raw.symbol].unique().to_pylist() == [symbol]
        assert page.trades[connector.raw.trade_time].null_count == 0
        assert page.cursor.last_id == page.trades[connector.raw.trade_id][-1].as_py()


def test_times_are_the_venues_to_the_microsecond(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol, listed = next(iter(products(exchanges, connector).items()))
    pages, _ = walk(fetcher, symbol)
    times = pa.chunked_array([page.trades[connector.raw.trade_time] for page in pages]).cast(pa.int64()).to_pylist()
    assert abs(times[0] - listed["first_time_ns"] // 1_000) <= 1  # Kraken shows 100 ns, rounded up or down
    assert abs(times[-1] - listed["last_time_ns"] // 1_000) <= 1
    assert any(time % 1_000 for time in times)


def test_a_walk_resumes_after_its_cursor(connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher) -> None:
    symbol, listed = next(iter(products(exchanges, connector).items()))
    pages, _ = walk(fetcher, symbol)
    cursor = pages[0].cursor
    _, rest = walk(impatient(connector, fetcher.base_url), symbol, cursor)
    assert rest == list(range(int(cursor.last_id) + 1, listed["last_id"] + 1))
    assert walk(impatient(connector, fetcher.base_url), symbol, pages[-1].cursor) == ([], [])


def test_a_walk_begins_with_the_first_trade_since_the_time_asked_for(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol, listed = next(iter(products(exchanges, connector).items()))
    span = timedelta(microseconds=(listed["last_time_ns"] - listed["first_time_ns"]) // 1_000)
    since = START + span * 0.4
    pages, ids = walk(fetcher, symbol, since=since)
    assert pages[0].trades[connector.raw.trade_time][0].as_py() >= since.replace(tzinfo=None, microsecond=0)
    everything, all_ids = walk(impatient(connector, fetcher.base_url), symbol)
    times = pa.chunked_array([page.trades[connector.raw.trade_time] for page in everything]).to_pylist()
    expected = [trade_id for trade_id, time in zip(all_ids, times, strict=True) if time >= since.replace(tzinfo=None)]
    assert ids == expected


def test_a_walk_since_now_brings_nothing(connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher) -> None:
    symbol = next(iter(products(exchanges, connector)))
    assert walk(fetcher, symbol, since=datetime.now(UTC)) == ([], [])


FAULTS = ["429=1:1/3", "500:1/3", "503:1/2", "cut:1/3", "truncated:1/3", "duplicate_page:1/2", "slow=0.05:1/5"]
OWN_FAULTS = {
    "binance": ["418=1:1/4"],
    "kraken": ["kraken_200:1/3", "kraken_200=EService:Busy:1/2", "kraken_200=EGeneral:Internal error:1/3"],
}


@pytest.mark.parametrize("fault", [*FAULTS, "its own"])
def test_a_fault_that_passes_loses_and_doubles_nothing(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher, fault: str
) -> None:
    exchanges.set_faults(*(OWN_FAULTS.get(connector.name, []) if fault == "its own" else [f"{fault}@{connector.name}"]))
    symbol, listed = next(iter(products(exchanges, connector).items()))
    pages, ids = walk(fetcher, symbol)
    if ids[-1] < listed["last_id"]:  # an old page can look like the newest one; the next run goes on from there
        _, rest = walk(impatient(connector, fetcher.base_url), symbol, pages[-1].cursor)
        ids += rest
    assert ids == list(range(listed["first_id"], listed["last_id"] + 1))


@pytest.mark.parametrize("size", [300, 60])
def test_pages_of_any_size_bring_every_trade_in_one_walk(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher, size: int
) -> None:
    symbol, listed = min(products(exchanges, connector).items(), key=lambda item: item[1]["trades"])
    exchanges.set_faults(f"short={size}:1/1@{connector.name}")
    pages, ids = walk(fetcher, symbol)
    assert ids == list(range(listed["first_id"], listed["last_id"] + 1))
    assert 1 < max(page.trades.num_rows for page in pages) <= size


def test_the_ids_of_another_tape_are_told_from_no_news(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol = next(iter(products(exchanges, connector)))
    (page, *_), _ = walk(fetcher, symbol)
    by_id = page.cursor.token == page.cursor.last_id
    elsewhere = Cursor("900000049" if by_id else page.cursor.token, "900000049")
    with pytest.raises(AnotherTape, match=f"{connector.name} {symbol}: this is another tape .* 900000049, .* --lake"):
        walk(impatient(connector, fetcher.base_url), symbol, elsewhere)


def test_a_page_for_people_is_told_at_once(connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher) -> None:
    exchanges.set_faults(f"html:100@{connector.name}")
    with pytest.raises(UnexpectedPayload, match=f"{connector.name}: .* is no JSON, it begins with '<!DOCTYPE html>"):
        walk(fetcher, next(iter(products(exchanges, connector))))
    assert [fault["struck"] for fault in exchanges.faults()] == [1]


def test_an_unknown_product_is_refused_by_the_venue(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    with pytest.raises(BadRequest, match=connector.name):
        walk(fetcher, "NOSUCH")


@pytest.mark.parametrize("fault", ["500:100", "cut:100"])
def test_a_venue_that_stays_broken_is_given_up(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher, fault: str
) -> None:
    exchanges.set_faults(f"{fault}@{connector.name}")
    with pytest.raises(ExchangeUnavailable, match=connector.name):
        walk(fetcher, next(iter(products(exchanges, connector))))


def test_a_venue_that_stays_over_its_limit_is_given_up(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    exchanges.set_faults(f"429=2:100@{connector.name}")
    with pytest.raises(RateLimited, match="429"):
        walk(fetcher, next(iter(products(exchanges, connector))))


def test_a_venue_that_is_gone_is_named_with_its_address(connector: Connector, exchanges: RunningSimulator) -> None:
    symbol = next(iter(products(exchanges, connector)))
    with pytest.raises(ExchangeUnreachable, match=f"{connector.name} can't be reached at http://127.0.0.1:9"):
        walk(impatient(connector, "http://127.0.0.1:9"), symbol)


def test_products_are_listed_with_the_usual_names_of_assets(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    with fetcher:
        listed = {product.symbol: product for product in fetcher.answer(connector.products())}
    assert set(products(exchanges, connector)) <= set(listed)
    assert {"BTC", "ETH"} == {product.base for product in listed.values()}


def test_ingesting_twice_lands_once(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher, lake: LocalLake
) -> None:
    market = products(exchanges, connector)
    with fetcher:
        first = ingest(lake, connector, list(market), fetcher=fetcher, since=START, now=utc_now)
    with impatient(connector, fetcher.base_url) as again:
        second = ingest(lake, connector, list(market), fetcher=again, since=START, now=utc_now)
    assert first.row_count == sum(listed["trades"] for listed in market.values())
    assert second.landed == []
    raw = lake.catalog.load_table(identifier(connector.raw.table.name))
    rows = raw.scan(selected_fields=(connector.raw.symbol, connector.raw.trade_id)).to_arrow().to_pylist()
    assert len(rows) == len({tuple(row.values()) for row in rows}) == first.row_count
    assert {row.symbol: row.row_count for row in loads(lake)} == {
        symbol: listed["trades"] for symbol, listed in market.items()
    }


def test_the_mapping_and_the_connector_agree_on_columns_and_types(connector: Connector) -> None:
    mappings = [mapping for mapping in load_registry(PROJECT).mappings if mapping.source == connector.raw.table.name]
    assert len(mappings) == 1, f"config/mappings/ needs one mapping of {connector.raw.table.name}"
    declared = {name: column.type for name, column in mappings[0].declared.columns.items()}
    assert declared == {column.name: column.type for column in connector.raw.columns}
