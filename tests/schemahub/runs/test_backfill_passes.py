"""A backfill looks again for what it lacks, because a response that seems to be the newest may be an old one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import simulator.exchanges
from loaders.landing.flushes import FlushEvery
from loaders.landing.ingest import Progress
from schemahub.runs.context import RunContext
from schemahub.runs.ingest import Outcome
from schemahub.runs.load_products import ProductLoads
from schemahub.settings import load_settings
from simulator.exchanges import RunningSimulator
from tests.support.command_line import landed_ids, served

pytestmark = pytest.mark.slow

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def market() -> Iterator[RunningSimulator]:
    with simulator.exchanges.running(trades=6_000, enforce_limits=False) as running:
        yield running


@pytest.fixture
def loads(market: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProductLoads:
    for name, url in market.environment.items():
        monkeypatch.setenv(name, url)
    context = RunContext(load_settings(lake=str(tmp_path / "lake")))
    return ProductLoads.of(context, "coinbase", ["BTC-USD"], None)


Planned = list[dict[str, int | None]]


def backfilled(loads: ProductLoads, progress: Progress = lambda *_: None) -> tuple[Outcome, Planned]:
    """What a backfill of everything came to, and what it told about how much was lacking."""
    planned: Planned = []
    outcome = loads.backfill(
        LONG_AGO,
        datetime.now(UTC),
        workers=1,
        checkpoints=loads.backfill_checkpoints(in_lake=True),
        progress=progress,
        on_wait=None,
        flush_every=FlushEvery(1_000_000),
        on_planned=planned.append,
    )
    assert outcome.problems == []
    return outcome, planned


def test_what_the_newest_response_of_a_pass_lacked_is_landed_by_the_next_pass(
    market: RunningSimulator, loads: ProductLoads
) -> None:
    (product,) = (each for each in served(market, "BTC-USD") if each.exchange == "coinbase")
    market.show(0.5)
    outcome, planned = backfilled(loads, progress=lambda *_: market.show(1))
    landed = landed_ids(Path(loads.context.settings.lake), "coinbase")
    assert sorted(number for _, number in landed.elements()) == [*range(product.first_id, product.last_id + 1)]
    assert outcome.ingested.row_count == product.last_id + 1 - product.first_id
    assert len({row.load_id for row in outcome.ingested.landed}) == 2
    assert len(planned) == 1


def test_a_pass_that_lands_nothing_is_the_last_one(market: RunningSimulator, loads: ProductLoads) -> None:
    market.show(1)
    backfilled(loads)
    before = market.stats()["requests"]["coinbase"]["/products/BTC-USD/trades"]
    outcome, _ = backfilled(loads)
    asked = market.stats()["requests"]["coinbase"]["/products/BTC-USD/trades"] - before
    assert outcome.ingested.row_count == 0
    assert asked < 20
