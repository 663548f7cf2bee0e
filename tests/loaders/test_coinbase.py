"""What only Coinbase's connector must get right; test_connector_contract tests what all connectors must do."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from loaders.connector import Page, Request, Response, Walk
from tests.support.connectors import CONNECTORS
from tests.support.holes import LONG_AGO, after, everything_since


def test_coinbase_pages_are_turned_oldest_first_and_keep_the_makers_side() -> None:
    body = (
        b'[{"time":"2022-01-30T18:13:33.81Z","trade_id":8,"price":"2.10","size":"1","side":"buy"},'
        b'{"trade_id":"7","side":"sell","size":"2","price":"2.00","time":"2022-01-30T18:13:33.818634Z"}]'
    )
    trades = CONNECTORS["coinbase"].parse(body, symbol="ETH-USD")
    assert trades["trade_id"].to_pylist() == ["7", "8"]
    assert trades["side"].to_pylist() == ["sell", "buy"]
    assert trades["time"].to_pylist() == [
        datetime(2022, 1, 30, 18, 13, 33, 818634),
        datetime(2022, 1, 30, 18, 13, 33, 810000),
    ]
    assert trades["_raw_payload"][1].as_py().startswith('{"time":"2022-01-30T18:13:33.81Z"')


@pytest.mark.parametrize("seconds", [-10, 0, 1, 500, 3_400, 3_500, 10**6])
@pytest.mark.parametrize(
    "ids",
    [range(1, 20), range(7, 3_000), range(5_000_000, 5_010_500), [i for i in range(1_000, 19_000) if i % 7 % 2]],
    ids=["few", "from the first", "late ids", "ids with gaps"],
)
def test_coinbase_finds_the_first_trade_at_a_time_and_walks_forward_from_it(ids: Sequence[int], seconds: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = {trade_id: start + timedelta(seconds=place // 3) for place, trade_id in enumerate(ids)}
    since = start + timedelta(seconds=seconds)
    walk = CONNECTORS["coinbase"].walk("BTC-USD", everything_since(since))
    landed = [trade_id for page in run(walk, times) for trade_id in page.rows["trade_id"].to_pylist()]
    assert landed == [str(trade_id) for trade_id, time in times.items() if time >= since]


def test_coinbase_finds_the_first_trade_at_a_time_even_if_pages_are_wrongly_empty() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = {trade_id: start + timedelta(seconds=trade_id) for trade_id in range(1, 9_000)}
    walk = CONNECTORS["coinbase"].walk("BTC-USD", everything_since(start + timedelta(seconds=2_500)))
    pages = run(walk, times, empty_answers=3)
    assert [int(trade_id) for page in pages for trade_id in page.rows["trade_id"].to_pylist()] == [*range(2_500, 9_000)]


def run(
    walk: Walk,
    times: dict[int, datetime],
    *,
    page: int = 1000,
    asked: list[Request] | None = None,
    empty_answers: int = 0,
) -> list[Page]:
    """Follow a walk of Coinbase on trades with these ids and times.

    A page has at most `page` trades, and none for the first `empty_answers` requests of the same page.
    """
    pages = []
    answers: Counter[int] = Counter()
    step = next(walk, None)
    while step is not None:
        if isinstance(step, Page):
            pages.append(step)
            step = next(walk, None)
        else:
            if asked is not None:
                asked.append(step)
            below = int(step.parameters.get("after", max(times) + 1))
            newest_first = [trade_id for trade_id in reversed(times) if trade_id < below][:page]
            answers[below] += 1
            if "after" in step.parameters and answers[below] <= empty_answers:
                newest_first = []
            body = ",".join(
                f'{{"trade_id":{i},"time":"{times[i].isoformat()}","price":"1","size":"1","side":"buy"}}'
                for i in newest_first
            )
            try:
                step = walk.send(Response(200, {}, f"[{body}]".encode()))
            except StopIteration:
                step = None
    return pages


def test_a_symbol_is_one_part_of_a_path_whatever_its_characters() -> None:
    walk = CONNECTORS["coinbase"].walk("A/B?c=d#币", everything_since(LONG_AGO))
    assert next(walk).path == "/products/A%2FB%3Fc%3Dd%23%E5%B8%81/trades"  # type: ignore[union-attr]


def test_a_gap_in_the_ids_of_coinbase_is_passed_in_few_requests() -> None:
    ids = [*range(1, 4), *range(10**8, 10**8 + 3)]
    times = {trade_id: datetime(2026, 1, 1, tzinfo=UTC) for trade_id in ids}
    asked: list[Request] = []
    pages = run(CONNECTORS["coinbase"].walk("BTC-USD", after(1)), times, page=2, asked=asked)
    assert [i for page in pages for i in page.rows["trade_id"].to_pylist()] == [str(i) for i in ids[1:]]
    assert len(asked) < 400
