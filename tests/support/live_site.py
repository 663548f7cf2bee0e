"""The web app with quotes of a simulated market, whose faults a test can switch on.

with live_site(folder) as live:
    live.site.get("/api/live").json()
    live.market.set_faults("freeze:1@kraken")
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

import simulator.exchanges
from schemahub.runs.context import RunContext
from schemahub.settings import Settings
from simulator.exchanges import RunningSimulator
from simulator.exchanges.endless import SYMBOLS
from tests.support.live_lake import wait_until
from tests.support.web_server import running
from web.app import create_app


@dataclass(frozen=True)
class LiveSite:
    site: httpx.Client
    market: RunningSimulator

    @property
    def socket_address(self) -> str:
        return str(self.site.base_url).replace("http", "ws", 1).rstrip("/") + "/live/feed"


@contextmanager
def live_site(
    lake: Path, *, token: str | None = None, land: bool = False, clock_offsets: tuple[str, ...] = ()
) -> Iterator[LiveSite]:
    """Serve until the block ends; every venue has sent quotes when it begins."""
    with simulator.exchanges.running(endless=True, enforce_limits=False, clock_offsets=clock_offsets) as market:
        addresses = {"urls": market.urls, "stream_urls": market.stream_urls}
        settings = Settings(lake=str(lake), symbols=SYMBOLS, since="1h", live_every=0.5, **addresses)
        with running(create_app(RunContext(settings), token=token, land=land)) as site:
            if token is not None:
                site.headers["Authorization"] = f"Bearer {token}"
            wait_until(lambda: all(len(each["venues"]) == 3 for each in site.get("/api/live").json()["symbols"]))
            yield LiveSite(site, market)
