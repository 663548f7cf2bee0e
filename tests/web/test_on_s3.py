from typing import Any

import httpx
import pytest

from lakehouse.errors import LakeUnavailable
from tests.support.lakes import LakeHome
from tests.support.unified_trades import NOON_US, Traded, add_trades, context_of
from tests.support.web_server import running
from web.app import create_app

SECOND = 1_000_000


def ask(site: httpx.Client, path: str, **parameters: Any) -> Any:
    answer = site.get(path, params={"symbol": "BTC-USD", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_lake_in_s3_is_read_from_its_files_without_a_statement_of_athena(s3_home: LakeHome) -> None:
    trades = [Traded("COINBASE", "BTC-USD", k * 10_000, 40_000.0 + k % 5, trade_id=str(k)) for k in range(1000)]
    first = add_trades(s3_home.open(), trades)
    with running(create_app(context_of(s3_home.location))) as site:
        (symbol,) = ask(site, "/api/symbols")["symbols"]
        assert (symbol["symbol"], symbol["trades"]) == ("BTC-USD", 1000)
        span = {"from": NOON_US + SECOND, "to": NOON_US + 3 * SECOND, "form": "json"}
        before = ask(site, "/api/ticks", **span)
        assert before["price"] == [40_000.0 + k % 5 for k in range(100, 300)]
        add_trades(s3_home.open(), [Traded("COINBASE", "BTC-USD", SECOND, 1.0, trade_id="2000")])
        assert ask(site, "/api/ticks", snapshot=first, **span) == before
        assert len(ask(site, "/api/ticks", **span)["price"]) == 201
        assert ask(site, "/api/tick", exchange="COINBASE", at=NOON_US)["unified"]["price"] == 40_000
        assert site.get("/").status_code == 200


def test_a_bucket_that_is_missing_ends_in_one_sentence(s3_home: LakeHome) -> None:
    with pytest.raises(LakeUnavailable, match="no-such-bucket-of-ours"):
        create_app(context_of("s3://no-such-bucket-of-ours/lake"))
