"""Real responses, one per exchange; they are not part of the project, so tests that use them may be skipped."""

import base64
import gzip
import json
import re
from functools import cache
from itertools import count
from pathlib import Path

import pytest
import yaml

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "exchanges" / "recordings"
COINBASE = RECORDINGS / "coinbase" / "openbb" / "get_trades_ETH-USDT_20220620_0950.yaml"
BINANCE = RECORDINGS / "binance" / "gocryptotrader" / "http_public_routes.json"
KRAKEN = RECORDINGS / "kraken" / "xchange" / "example-trades-data.json"

where_they_are = pytest.mark.skipif(
    not all(path.exists() for path in (COINBASE, BINANCE, KRAKEN)),
    reason="the recordings are not in ../shared/exchanges/recordings",
)


@cache
def coinbase_body() -> bytes:
    """ETH-USDT, newest first, from a cassette of recorded HTTP traffic."""
    cassette = yaml.safe_load(COINBASE.read_text())
    (response,) = (
        each["response"] for each in cassette["interactions"] if "/products/ETH-USDT/trades" in each["request"]["uri"]
    )
    body = response["body"]["string"]
    return gzip.decompress(body if isinstance(body, bytes) else base64.b64decode(body))


@cache
def binance_body() -> bytes:
    """ETHBTC, oldest first; the recording was stored indented, which Binance's responses are not."""
    routes = json.loads(BINANCE.read_text())["routes"]["/api/v3/trades"]["GET"]
    (body,) = (route["data"] for route in routes if route["queryString"] == "limit=1000&symbol=ETHBTC")
    return json.dumps(body, separators=(",", ":")).encode()


@cache
def kraken_body() -> bytes:
    """XBTUSD, oldest first; the recording is of 2013, and each trade gets an id, as Kraken sends it today."""
    numbers = count(1)
    return re.sub(rb'"(\s*)\]', lambda end: f'",{next(numbers)}'.encode() + end[1] + b"]", KRAKEN.read_bytes())


BODIES = {
    ("coinbase", "ETH-USDT"): coinbase_body,
    ("binance", "ETHBTC"): binance_body,
    ("kraken", "XBTUSD"): kraken_body,
}
