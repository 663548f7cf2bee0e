"""One run of the simulator: the market's time, the exchanges as they are at that time, faults and counters."""

import asyncio
import time
from collections import Counter, defaultdict
from dataclasses import replace
from functools import partial

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simulator.exchanges.clock import RunningClock
from simulator.exchanges.connection import StreamCounts
from simulator.exchanges.faults import Fault, Faults, parse_fault
from simulator.exchanges.oddities import Oddities, parse_oddity
from simulator.exchanges.settings import OpenExchange, Settings, market_span_ns
from simulator.exchanges.simulated_exchange import Endpoint, IncomingRequest, Reply, SimulatedExchange
from simulator.exchanges.tape import Tape

_MAINTENANCE = (
    b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body>We will be back shortly</body></html>"
)


class Simulation:
    """The state that all handlers share: the market's time, faults, counters, and each product's previous page."""

    def __init__(self, open_exchanges: list[OpenExchange], settings: Settings) -> None:
        self.settings = settings
        self._start_ns, self._end_ns = market_span_ns(settings, open_exchanges)
        self._clock = RunningClock(self._start_ns, speed=settings.speed) if settings.speed else None
        self._offsets_ns = settings.offsets_ns
        self._whole = [
            opened.until(partial(self.market_ns, opened.exchange.name)) if self._clock else opened
            for opened in open_exchanges
        ]
        self.tapes: dict[str, dict[str, Tape]] = {opened.exchange.name: {} for opened in open_exchanges}
        self.show((0 if self._clock else 1) if settings.shown is None else settings.shown)
        if self._clock and settings.endless:
            self._clock.set(time.time_ns())  # drawing has taken a while
        self.requests: dict[str, Counter[str]] = defaultdict(Counter)
        self.responses: dict[str, Counter[str]] = defaultdict(Counter)
        self.streams: dict[str, StreamCounts] = defaultdict(StreamCounts)
        self._previous_pages: dict[tuple[str, str, str], Reply] = {}
        self.set_faults(settings.faults)
        self.set_oddities(settings.oddities)

    def show(self, share: float) -> None:
        """Serve the first `share` of every tape, or go on from that share of the market's time if it passes.

        Raises ValueError if `share` is not between 0 and 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"share {share}: expected a number from 0 to 1")
        self._is_whole = share == 1
        if self._clock:
            self._clock.set(self._start_ns + int((self._end_ns - self._start_ns) * share))
            self.open_exchanges = self._whole
        else:
            self.open_exchanges = [opened.first(share) if share < 1 else opened for opened in self._whole]
        self.endpoints = {
            opened.exchange.name: (opened.exchange, opened.exchange.endpoints()) for opened in self.open_exchanges
        }
        for opened in self.open_exchanges:
            self.tapes[opened.exchange.name].update({tape.product: tape for tape in opened.tapes})

    def market_ns(self, exchange: str) -> int:
        """The market's time: the running clock, this machine's once everything has happened, or the last trade.

        An exchange whose clock is off has its own.
        """
        offset_ns = self._offsets_ns.get(exchange, 0)
        if self._clock:
            return self._clock.now_ns() + offset_ns
        if self._is_whole:
            return time.time_ns() + offset_ns
        lasts = [tape.times_ns[-1] for tapes in self.tapes.values() for tape in tapes.values() if len(tape)]
        return max(lasts, default=self._start_ns)

    def wall_ns(self, exchange: str) -> int:
        """The time that an exchange reports: this machine's, unless the market's passes."""
        return (self._clock.now_ns() if self._clock else time.time_ns()) + self._offsets_ns.get(exchange, 0)

    def set_faults(self, texts: tuple[str, ...]) -> None:
        """Replace the active faults by these; raises ValueError if one of them can't be parsed."""
        names = [opened.exchange.name for opened in self.open_exchanges]
        self.faults = Faults([parse_fault(text, names) for text in texts], seed=self.settings.seed)

    def set_oddities(self, texts: tuple[str, ...]) -> None:
        """Replace the oddities of bulk files by these; raises ValueError if one of them can't be parsed."""
        self.oddities = Oddities(parse_oddity(text) for text in texts)

    async def respond(self, exchange: SimulatedExchange, endpoint: Endpoint, asked: IncomingRequest) -> Response:
        """Respond to one request to an exchange, and apply the faults that strike the request."""
        self.requests[exchange.name][asked.path] += 1
        reply = exchange.answer(_shortened(asked, exchange, self.faults.largest_page(exchange.name)), endpoint)
        page = (exchange.name, asked.path, reply.page_of) if reply.page_of else None
        previous = self._previous_pages.get(page) if page else None
        can_duplicate = previous is not None and previous.body != reply.body
        struck = self.faults.strike(exchange.name, can_duplicate=can_duplicate)
        if page:
            self._previous_pages[page] = reply
        for fault in struck:
            if fault.name == "slow":
                await asyncio.sleep(fault.seconds)
            reply = _struck(reply, fault, exchange, previous)
        self.responses[exchange.name][str(reply.status)] += 1
        is_cut = any(fault.name == "cut" for fault in struck)
        kind = _CutResponse if is_cut else Response
        return kind(reply.body, reply.status, dict(reply.headers), media_type=reply.content_type)


def _shortened(asked: IncomingRequest, exchange: SimulatedExchange, size: int | None) -> IncomingRequest:
    if size is None:
        return asked
    wanted = asked.query.get(exchange.page_parameter, "")
    size = min(size, int(wanted)) if wanted.isdecimal() else size
    return replace(asked, query={**asked.query, exchange.page_parameter: str(size)})


def _struck(reply: Reply, fault: Fault, exchange: SimulatedExchange, previous: Reply | None) -> Reply:
    """`reply` as it is after `fault` has struck."""
    match fault.name:
        case "429" | "418" | "500" | "503" as status:
            retry_after = {"Retry-After": fault.value} if fault.value else {}
            return replace(exchange.error(int(status)), headers=retry_after)
        case "html":
            return Reply(_MAINTENANCE, content_type="text/html")
        case "kraken_200":
            return exchange.error(200, fault.value)
        case "truncated":
            return replace(reply, body=reply.body[: len(reply.body) // 2])
        case "duplicate_page" if previous is not None:
            return previous
    return reply


class _CutResponse(Response):
    """Promises the whole body, sends half of it and closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 # ASGI's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        # The server closes the connection of an application that returns before its body is complete.
        await send({"type": "http.response.body", "body": half, "more_body": True})
