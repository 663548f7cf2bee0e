"""What every connector must do, against the simulator over HTTP. A new connector is covered automatically.

A connector whose exchange the simulator lacks is skipped, by name, in every test that needs responses of the exchange.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pyarrow as pa
import pytest

from lakehouse.coverage import Coverage, Hole, microseconds
from lakehouse.errors import Misconfigured
from lakehouse.lake import identifier
from lakehouse.ledger import loads
from lakehouse.local import LocalLake
from lakehouse.table import LakeColumn
from loaders.channels.rest import Fetcher
from loaders.connector import Connector, Segment
from loaders.connectors import with_columns
from loaders.errors import (
    AnotherTape,
    BadRequest,
    ExchangeUnavailable,
    ExchangeUnreachable,
    RateLimited,
    UnexpectedPayload,
)
from loaders.landing.ingest import ingest
from registry.registry import load_registry
from schemahub.runs.context import utc_now
from schemahub.settings import PROJECT
from simulator.exchanges import RunningSimulator
from simulator.exchanges.faults import KINDS
from simulator.exchanges.simulated import simulated_exchanges
from simulator.exchanges.simulated_exchange import Reply
from tests.support.connectors import CONNECTORS
from tests.support.exchange_in_process import START_NS, InProcess
from tests.support.holes import LONG_AGO, after_piece, everything_since, pieces
from tests.support.simulated import served_products, skip_unless_simulated
from tests.support.walks import (
    START,
    assert_claims_are_true,
    first_piece,
    has_pages,
    ids_of,
    impatient,
    times_of,
    walk,
)

pytestmark = pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)


@pytest.fixture
def exchanges(every_exchange: RunningSimulator, connector: Connector) -> Iterator[RunningSimulator]:
    """The simulated exchanges, without faults; skips the test if the connector's is not among them."""
    skip_unless_simulated(connector, every_exchange)
    yield every_exchange
    every_exchange.clear_faults()


@pytest.fixture
def fetcher(exchanges: RunningSimulator, connector: Connector) -> Fetcher:
    return impatient(connector, exchanges.urls[connector.name])


def test_a_walk_yields_every_trade_once_and_in_order(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol, listed = next(iter(served_products(exchanges, connector).items()))
    _, ids = walk(fetcher, symbol)
    assert ids == list(range(listed["first_id"], listed["last_id"] + 1))


def test_pages_are_in_the_declared_columns_and_types(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol = next(iter(served_products(exchanges, connector)))
    pages, _ = walk(fetcher, symbol)
    for page in pages:
        page.rows.validate(full=True)
        assert page.rows.schema == connector.raw.page_schema
        assert page.rows[connector.raw.stream_column].unique().to_pylist() == [symbol]
        assert page.rows[connector.raw.time_column].null_count == 0


def test_times_are_the_exchanges_to_the_microsecond(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol, listed = next(iter(served_products(exchanges, connector).items()))
    pages, _ = walk(fetcher, symbol)
    times = pa.chunked_array([page.rows[connector.raw.time_column] for page in pages]).cast(pa.int64()).to_pylist()
    assert abs(times[0] - listed["first_time_ns"] // 1_000) <= 1  # Kraken shows 100 ns, rounded up or down
    assert abs(times[-1] - listed["last_time_ns"] // 1_000) <= 1
    finest_ns = min(listing.time_step_ns for listing in simulated_exchanges()[connector.name].listings)
    assert finest_ns >= 1_000_000 or any(time % 1_000 for time in times)


def test_a_walk_resumes_after_any_of_its_pieces(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol, listed = next(iter(served_products(exchanges, connector).items()))
    found, _ = walk(fetcher, symbol)
    for piece in (found[0], found[-2:][0]):
        _, rest = walk(impatient(connector, fetcher.base_url), symbol, after_piece(piece))
        assert rest == list(range(piece.stretch.high, listed["last_id"] + 1))
    assert walk(impatient(connector, fetcher.base_url), symbol, after_piece(found[-1])) == ([], [])


@pytest.mark.parametrize("has_token", [True, False], ids=["token", "no token"])
def test_a_walk_fills_a_hole_and_nothing_more(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher, has_token: bool
) -> None:
    symbol = next(iter(served_products(exchanges, connector)))
    found, ids = walk(fetcher, symbol)
    low = found[0].stretch.high if has_token and len(found) > 1 else ids[len(ids) // 3]
    times = dict(zip(ids, times_of(found, connector.raw), strict=True))
    token = found[0].stretch.token if has_token and len(found) > 1 else None
    for size in (1, 7, min(1_500, ids[-1] - low)):
        hole = Hole(low, low + size, times[low - 1], times[low + size], token, resumes=True)
        filled, between = walk(impatient(connector, fetcher.base_url), symbol, hole)
        assert between == list(range(low, low + size))
        assert (filled[0].stretch.low, filled[-1].stretch.high) == (low, low + size)


def test_a_stream_is_walked_in_several_segments_at_once(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol = next(iter(served_products(exchanges, connector)))
    found, ids = walk(fetcher, symbol)
    times = dict(zip(ids, times_of(found, connector.raw), strict=True))
    edges = [ids[0], *(ids[len(ids) * part // 4] for part in (1, 2, 3)), None]
    segments = [
        Segment(symbol, Hole(low, high, times[low], times[high] if high else None, resumes=True))
        for low, high in pairwise(edges)
        if low is not None
    ]
    with impatient(connector, fetcher.base_url) as several:
        landed = pieces(several, *segments)
    assert several.failures == {}
    assert sorted(ids_of(landed, connector.raw)) == ids
    (held,) = Coverage({}).with_added((piece.stream, piece.stretch) for piece in landed).of(symbol)
    assert (held.low, held.high) == (ids[0], ids[-1] + 1)


@pytest.mark.parametrize("page", [None, 100], ids=["whole pages", "pages of 100"])
def test_hundreds_of_trades_with_one_time_are_all_there(
    connector: Connector, exchanges: RunningSimulator, page: int | None
) -> None:
    count = 735 if connector.history is None or connector.history.span else 60  # or the newest ones are all there is
    exchange = InProcess.of(connector.name, count=count, largest_page=page if has_pages(connector) else None)
    symbol = exchange.symbol_for(connector)
    found = exchange.walked(connector, Segment(symbol, everything_since(exchange.now - timedelta(hours=2))))
    assert_claims_are_true(found, connector.raw)
    assert ids_of(found, connector.raw) == [trade.id for trade in exchange.truth]
    times = times_of(found, connector.raw)
    assert times[-1] - times[0] <= 1  # in microseconds, of which those of nanoseconds may touch two
    edges = [exchange.truth[0].id + count * part // 3 for part in range(4)]
    segments = [Segment(symbol, Hole(low, high, times[0], times[-1], resumes=True)) for low, high in pairwise(edges)]
    parts = exchange.walked(connector, *segments)
    assert sorted(ids_of(parts, connector.raw)) == [trade.id for trade in exchange.truth]


def test_a_walk_begins_with_the_first_trade_since_the_requested_time(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol, listed = next(iter(served_products(exchanges, connector).items()))
    span = timedelta(microseconds=(listed["last_time_ns"] - listed["first_time_ns"]) // 1_000)
    since = START + span * 0.4
    pages, ids = walk(fetcher, symbol, everything_since(since))
    assert pages[0].rows[connector.raw.time_column][0].as_py() >= since.replace(tzinfo=None, microsecond=0)
    everything, all_ids = walk(impatient(connector, fetcher.base_url), symbol)
    times = times_of(everything, connector.raw)
    expected = [trade_id for trade_id, time in zip(all_ids, times, strict=True) if time >= microseconds(since)]
    assert ids == expected


def test_a_walk_since_now_yields_nothing(connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher) -> None:
    symbol = next(iter(served_products(exchanges, connector)))
    assert walk(fetcher, symbol, everything_since(datetime.now(UTC))) == ([], [])


PASSING = [name for name, kind in KINDS.items() if not kind.strikes_messages and name not in ("short", "html")]
"""The faults of requests that pass; those that don't have tests of their own."""
FAULTS = [name for name in PASSING if KINDS[name].only_exchange is None]
WRITTEN = {
    "429": ["429=1:1/3"],
    "418": ["418=1:1/4"],
    "503": ["503:1/2"],
    "slow": ["slow=0.05:1/5"],
    "duplicate_page": ["duplicate_page:1/2"],
    "kraken_200": ["kraken_200:1/3", "kraken_200=EService:Busy:1/2", "kraken_200=EGeneral:Internal error:1/3"],
}
"""How a fault is set; otherwise it strikes every third request."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_loses_and_duplicates_nothing(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher, fault: str
) -> None:
    assert_nothing_is_lost(connector, exchanges, fetcher, fault)


def test_a_fault_that_only_this_exchange_has_loses_and_duplicates_nothing(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    for fault in PASSING:
        if KINDS[fault].only_exchange == connector.name:
            assert_nothing_is_lost(connector, exchanges, fetcher, fault)


def assert_nothing_is_lost(connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher, fault: str) -> None:
    written = [f"{each}@{connector.name}" for each in WRITTEN.get(fault, [f"{fault}:1/3"])]
    exchanges.set_faults(*written, f"short=200:1/1@{connector.name}")
    symbol, listed = min(served_products(exchanges, connector).items(), key=lambda item: item[1]["trades"])
    for _ in range(5):  # a walk of one request isn't struck each time
        pages, ids = walk(impatient(connector, fetcher.base_url), symbol)
        if ids[-1] < listed["last_id"]:  # an old page can look like the newest one; the next run continues from there
            _, rest = walk(impatient(connector, fetcher.base_url), symbol, after_piece(pages[-1]))
            ids += rest
        assert ids == list(range(listed["first_id"], listed["last_id"] + 1))
        if is_struck := any(each["struck"] for each in exchanges.faults() if each["fault"] == fault):
            break
    assert is_struck or fault == "duplicate_page"  # which needs a previous page that differs


@pytest.mark.parametrize("size", [2, 7, 60])
@pytest.mark.usefixtures("exchanges")
def test_pages_of_any_size_give_every_trade_in_one_walk(connector: Connector, size: int) -> None:
    times = [START_NS + number // 2 * 10**9 for number in range(30 if size == 2 else 150)]  # two of each
    if not has_pages(connector):
        times = times[-size:]
    exchange = InProcess.of(connector.name, times, largest_page=size)
    found = exchange.walked(connector, Segment(exchange.symbol_for(connector), everything_since(LONG_AGO)))
    assert_claims_are_true(found, connector.raw)
    assert ids_of(found, connector.raw) == [trade.id for trade in exchange.truth]
    assert max(piece.rows.num_rows for piece in found) <= size


def test_ids_of_another_tape_are_not_taken_for_no_new_trades(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    symbol = next(iter(served_products(exchanges, connector)))
    exchanges.set_faults(f"short=200:1/1@{connector.name}")
    first = first_piece(fetcher, symbol)
    elsewhere = replace(after_piece(first), low=900_000_050)
    with pytest.raises(AnotherTape, match=f"{connector.name} {symbol}: the ids are not .* 900000049, .* --lake"):
        walk(impatient(connector, fetcher.base_url), symbol, elsewhere)


def test_an_html_page_is_reported_at_once(connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher) -> None:
    exchanges.set_faults(f"html:100@{connector.name}")
    with pytest.raises(UnexpectedPayload, match=f"{connector.name}: .* is not JSON; it begins with '<!DOCTYPE html>"):
        walk(fetcher, next(iter(served_products(exchanges, connector))))
    assert [fault["struck"] for fault in exchanges.faults()] == [1]


def test_an_unknown_product_is_refused_by_the_exchange(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    with pytest.raises(BadRequest, match=connector.name):
        walk(fetcher, "NOSUCH")


@pytest.mark.usefixtures("exchanges")
def test_a_country_that_is_refused_is_told_at_once_and_how_to_use_another_host(connector: Connector) -> None:
    exchange = InProcess.of(connector.name, count=10, refuse=lambda _: Reply(b'{"code":0,"msg":"restricted"}', 451))
    walking = exchange.fetcher(connector)
    with pytest.raises(BadRequest, match=f"^{connector.name}: HTTP 451.* refuses this country; .*_URL can name"):
        walk(walking, "BTCUSDT")
    assert len(exchange.arrivals) == 1


@pytest.mark.parametrize("fault", ["500:100", "cut:100"])
def test_an_exchange_that_stays_broken_is_given_up(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher, fault: str
) -> None:
    exchanges.set_faults(f"{fault}@{connector.name}")
    with pytest.raises(ExchangeUnavailable, match=connector.name):
        walk(fetcher, next(iter(served_products(exchanges, connector))))


def test_an_exchange_that_stays_over_its_limit_is_given_up(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    exchanges.set_faults(f"429=2:100@{connector.name}")
    with pytest.raises(RateLimited, match="429"):
        walk(fetcher, next(iter(served_products(exchanges, connector))))


def test_an_exchange_that_is_gone_is_named_with_its_address(connector: Connector, exchanges: RunningSimulator) -> None:
    symbol = next(iter(served_products(exchanges, connector)))
    with pytest.raises(ExchangeUnreachable, match=f"{connector.name} can't be reached at http://127.0.0.1:9"):
        walk(impatient(connector, "http://127.0.0.1:9"), symbol)


def test_products_are_listed_with_the_usual_names_of_assets(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher
) -> None:
    with fetcher:
        listed = {product.symbol: product for product in fetcher.answer(connector.products())}
    assert set(served_products(exchanges, connector)) <= set(listed)
    assert {"BTC", "ETH"} == {product.base for product in listed.values()}


def test_ingesting_twice_lands_once(
    connector: Connector, exchanges: RunningSimulator, fetcher: Fetcher, lake: LocalLake
) -> None:
    market = served_products(exchanges, connector)
    with fetcher:
        first = ingest(lake, connector, list(market), fetcher=fetcher, since=START, now=utc_now)
    with impatient(connector, fetcher.base_url) as again:
        second = ingest(lake, connector, list(market), fetcher=again, since=START, now=utc_now)
    assert first.row_count == sum(listed["trades"] for listed in market.values())
    assert second.landed == []
    raw = lake.catalog.load_table(identifier(connector.raw.name))
    rows = raw.scan(selected_fields=(connector.raw.stream_column, connector.raw.id_column)).to_arrow().to_pylist()
    assert len(rows) == len({tuple(row.values()) for row in rows}) == first.row_count
    assert {row.stream: row.row_count for row in loads(lake)} == {
        symbol: listed["trades"] for symbol, listed in market.items()
    }


def test_each_raw_table_has_one_mapping(connector: Connector) -> None:
    mappings = [mapping for mapping in load_registry(PROJECT).mappings if mapping.source == connector.raw.name]
    assert len(mappings) == 1, f"config/mappings/ needs one mapping of {connector.raw.name}"


def declaring(connector: Connector, *columns: LakeColumn) -> Connector:
    """The connector as if its mapping declared only these columns and those that tell rows apart."""
    parts = {connector.raw.stream_column, connector.raw.id_column, connector.raw.time_column}
    declared = [column for column in connector.raw.columns if column.name in parts]
    return with_columns(connector, {connector.raw.name: (*declared, *columns)})


def test_a_mapping_may_declare_fewer_columns_than_are_sent(connector: Connector, exchanges: RunningSimulator) -> None:
    few = declaring(connector)
    symbol, listed = next(iter(served_products(exchanges, connector).items()))
    pages, ids = walk(impatient(few, exchanges.urls[connector.name]), symbol)
    assert {tuple(page.rows.schema.names) for page in pages} == {
        (*(column.name for column in few.raw.columns), "_raw_payload")
    }
    assert len(ids) == listed["trades"]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (LakeColumn("nonsense", "string", "x"), "declares the column nonsense, which"),
        (LakeColumn("price", "timestamp", "x"), "declares the column price as timestamp, but"),
    ],
    ids=["unknown", "of another type"],
)
def test_a_mapping_that_declares_what_is_not_sent_is_refused_in_one_line(
    connector: Connector, exchanges: RunningSimulator, column: LakeColumn, message: str
) -> None:
    symbol = next(iter(served_products(exchanges, connector)))
    fetcher = impatient(declaring(connector, column), exchanges.urls[connector.name])
    with pytest.raises(Misconfigured) as refused:
        walk(fetcher, symbol)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_connector_without_a_mapping_names_the_file_to_add(connector: Connector) -> None:
    with pytest.raises(Misconfigured, match=f"add one in config/mappings/, for example {connector.name}_trades.yaml"):
        with_columns(connector, {})


def test_a_mapping_without_the_columns_that_tell_rows_apart_is_refused(connector: Connector) -> None:
    with pytest.raises(Misconfigured, match=f"add .*{connector.raw.id_column}.* to `columns`"):
        with_columns(connector, {connector.raw.name: ()})
