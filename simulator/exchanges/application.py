"""The HTTP side of the exchanges: one port, the exchange's name as path prefix, and `/_simulator/...` for tests.

    /binance/api/v3/trades?symbol=BTCUSDT  the response of api.binance.com/api/v3/trades
    GET     /_simulator/market             exchanges, products, numbers of trades, first and last times
    GET     /_simulator/stats              requests per exchange and path, responses per exchange and status
    GET     /_simulator/faults             the active faults, and how many requests each of them has struck
    POST    /_simulator/faults             {"faults": ["429:1/10", ...]}: replace the active faults by these
    DELETE  /_simulator/faults             switch off all faults
    POST    /_simulator/shown              {"share": 0.3}: serve the first 30 % of every tape, as if it were earlier

What is set by POST or DELETE stays in force until it is set again.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import msgspec
from starlette import requests
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from simulator.exchanges.faults import Fault, Faults, parse_fault
from simulator.exchanges.settings import OpenExchange
from simulator.exchanges.simulated_exchange import Endpoint, IncomingRequest, Reply, SimulatedExchange
from simulator.exchanges.tape import Tape

_MAINTENANCE = (
    b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body>We will be back shortly</body></html>"
)

Handler = Callable[[requests.Request], Awaitable[Response]]


class Simulation:
    """The state that all handlers share: faults, counters, and the previous page of each product."""

    def __init__(self, open_exchanges: list[OpenExchange], faults: tuple[str, ...] = ()) -> None:
        self._whole = open_exchanges
        self.show(1)
        self.requests: dict[str, Counter[str]] = defaultdict(Counter)
        self.responses: dict[str, Counter[str]] = defaultdict(Counter)
        self._previous_pages: dict[tuple[str, str, str], Reply] = {}
        self.set_faults(faults)

    def show(self, share: float) -> None:
        """Serve the first `share` of every tape; raises ValueError if `share` is not between 0 and 1."""
        if not 0 <= share <= 1:
            raise ValueError(f"share {share}: expected a number from 0 to 1")
        self.open_exchanges = [opened.first(share) if share < 1 else opened for opened in self._whole]
        self.endpoints = {
            opened.exchange.name: (opened.exchange, opened.exchange.endpoints()) for opened in self.open_exchanges
        }

    def set_faults(self, texts: tuple[str, ...]) -> None:
        """Replace the active faults by these; raises ValueError if one of them can't be parsed."""
        names = [opened.exchange.name for opened in self.open_exchanges]
        self.faults = Faults([parse_fault(text, names) for text in texts])

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


def build_application(simulation: Simulation) -> Starlette:
    """The ASGI application of all exchanges."""
    routes = [
        Route(f"/{name}{path}", _exchange_handler(simulation, name, path))
        for name, (_, endpoints) in simulation.endpoints.items()
        for path in endpoints
    ]
    return Starlette(routes=routes + _control_routes(simulation))


def describe_market(open_exchanges: list[OpenExchange]) -> dict[str, Any]:
    """For each exchange and product, what its tape holds. Times are in nanoseconds; `null` stands for an empty tape."""
    return {opened.exchange.name: {tape.product: _describe(tape) for tape in opened.tapes} for opened in open_exchanges}


def _describe(tape: Tape) -> dict[str, Any]:
    ends = (0, -1) if len(tape) else ()
    first_id, last_id = [tape.ids[end] for end in ends] or (None, None)
    first_time_ns, last_time_ns = [tape.times_ns[end] for end in ends] or (None, None)
    return {
        "symbol": tape.symbol,
        "trades": len(tape),
        "first_id": first_id,
        "last_id": last_id,
        "first_time_ns": first_time_ns,
        "last_time_ns": last_time_ns,
    }


def _exchange_handler(simulation: Simulation, name: str, path: str) -> Handler:
    async def handle(request: requests.Request) -> Response:
        exchange, endpoints = simulation.endpoints[name]
        asked = IncomingRequest(
            path=request.url.path.removeprefix(f"/{exchange.name}"),
            client=request.client.host if request.client else "",
            monotonic_s=time.monotonic(),
            wall_ns=time.time_ns(),
            query=request.query_params,
            headers=request.headers,
            path_parameters=request.path_params,
        )
        return await simulation.respond(exchange, endpoints[path], asked)

    return handle


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


def _control_routes(simulation: Simulation) -> list[Route]:
    async def report_market(_: requests.Request) -> Response:
        return JSONResponse(describe_market(simulation.open_exchanges))

    async def show(request: requests.Request) -> Response:
        try:
            simulation.show(msgspec.json.decode(await request.body(), type=dict[str, float])["share"])
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            return JSONResponse({"message": f'expected {{"share": 0.3}}: {error}'}, 400)
        return JSONResponse({})

    async def report_stats(_: requests.Request) -> Response:
        return JSONResponse({"requests": simulation.requests, "responses": simulation.responses})

    async def faults(request: requests.Request) -> Response:
        if request.method == "POST":
            try:
                texts = msgspec.json.decode(await request.body(), type=dict[str, list[str]])["faults"]
                simulation.set_faults(tuple(texts))
            except (msgspec.MsgspecError, KeyError) as error:
                return JSONResponse({"message": f'expected {{"faults": ["429:1/10", ...]}}: {error}'}, 400)
            except ValueError as error:
                return JSONResponse({"message": str(error)}, 400)
        elif request.method == "DELETE":
            simulation.set_faults(())
        return JSONResponse({"faults": simulation.faults.counts()})

    return [
        Route("/_simulator/market", report_market),
        Route("/_simulator/stats", report_stats),
        Route("/_simulator/shown", show, methods=["POST"]),
        Route("/_simulator/faults", faults, methods=["GET", "POST", "DELETE"]),
    ]
