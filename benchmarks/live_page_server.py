"""`python -m benchmarks.live_page_server RATE`: serve a board of 60 rows, of which each changes RATE times a second.

It prints its address, and ends with its standard input.
"""

import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence

import uvicorn

from loaders.stream import Quote
from schemahub.runs.context import RunContext
from schemahub.settings import load_settings
from web.app import create_app
from web.causes import Limits
from web.command import bound_socket
from web.live_feed import LiveFeed
from web.quotes import Board, Listing

from . import grid_page

_SYMBOLS = 20
_VENUES = {"binance": "USDT", "coinbase": "USD", "kraken": "USD"}


class _Canned:
    """A source of quotes that needs no exchange."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._stop = threading.Event()

    def open(self) -> Board:
        listed = [
            Listing(f"S{number:02d}-USD", venue, f"S{number:02d}{currency}", currency)
            for number in range(_SYMBOLS)
            for venue, currency in _VENUES.items()
        ]
        board = Board(listed, Limits(), source="benchmark")
        threading.Thread(target=self._change, args=(board, listed), daemon=True).start()
        return board

    def close(self) -> None:
        self._stop.set()

    def _change(self, board: Board, listed: Sequence[Listing]) -> None:
        draw = random.Random(7)
        mids = {listing.symbol: 10.0 ** draw.uniform(-1, 4.7) for listing in listed}
        due = time.perf_counter()
        while not self._stop.is_set():
            mids = {symbol: mid * (1 + draw.gauss(0, 4e-5)) for symbol, mid in mids.items()}
            for listing in listed:
                mid = mids[listing.symbol] * (1 + draw.gauss(0, 2e-5))
                decimals = max(1, 6 - len(str(int(mid))))
                bid, ask = round(mid, decimals), round(mid + 10.0**-decimals, decimals)
                board.quote(listing.venue, Quote(listing.product, bid, draw.random(), ask, 1.0, None))
                board.trade(listing.venue, listing.product, bid, draw.random())
            due += 1 / self._rate
            time.sleep(max(0.0, due - time.perf_counter()))


def main(arguments: Sequence[str]) -> int:
    """Serve until the standard input ends."""
    with tempfile.TemporaryDirectory() as folder, bound_socket("127.0.0.1", 0) as listener:
        app = create_app(RunContext(load_settings(lake=folder)))
        grid_page.add_to(app)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="error",
                loop="asyncio",
                http="h11",
                ws="websockets-sansio",
                ws_per_message_deflate=False,
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        app.state.live = LiveFeed(_Canned(float(arguments[0])))
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
