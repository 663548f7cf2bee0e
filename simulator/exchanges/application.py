"""The server's side of the exchanges: one port, the exchange's name as path prefix, and `/_simulator/...` for tests.

    /binance/api/v3/trades?symbol=BTCUSDT  the response of api.binance.com/api/v3/trades
    /kraken/v2                             the WebSocket of ws.kraken.com/v2; `feeds()` of an exchange names its paths
    GET     /_simulator/market             exchanges, products, numbers of trades, first and last times
    GET     /_simulator/stats              requests per exchange and path, responses per exchange and status
    GET     /_simulator/faults             the active faults, and how many requests each of them has struck
    POST    /_simulator/faults             {"faults": ["429:1/10", ...]}: replace the active faults by these
    DELETE  /_simulator/faults             switch off all faults
    POST    /_simulator/oddities           {"oddities": ["hole=25", ...]}: replace the oddities of bulk files by these
    POST    /_simulator/shown              {"share": 0.3}: serve the first 30 % of every tape, as if it were earlier
    GET     /_simulator/streams            WebSocket connections opened and open, and messages sent, per exchange

What is set by POST or DELETE stays in force until it is set again.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import msgspec
from starlette import requests
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from simulator.exchanges.connection import Connection, ConnectionAge
from simulator.exchanges.settings import OpenExchange
from simulator.exchanges.simulated_exchange import IncomingRequest, Refused, SimulatedExchange
from simulator.exchanges.simulation import Simulation
from simulator.exchanges.tape import Tape

# Binance announces the end of a connection a while before it; a short-lived one is given a share of its life.
_CUT_NOTICE_S = 60
_CUT_NOTICE_SHARE = 0.5

Handler = Callable[[requests.Request], Awaitable[Response]]


def build_application(simulation: Simulation) -> Starlette:
    """The ASGI application of all exchanges."""
    routes: list[BaseRoute] = [
        Route(f"/{name}{path}", _exchange_handler(simulation, name, path))
        for name, (_, endpoints) in simulation.endpoints.items()
        for path in endpoints
    ]
    routes += [
        WebSocketRoute(f"/{name}{path}", _stream_handler(simulation, name, path))
        for name, (exchange, _) in simulation.endpoints.items()
        for path in exchange.feeds()
    ]
    return Starlette(routes=[*routes, *_control_routes(simulation)])


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
        return await simulation.respond(exchange, endpoints[path], _incoming(simulation, exchange, request))

    return handle


def _incoming(simulation: Simulation, exchange: SimulatedExchange, request: requests.HTTPConnection) -> IncomingRequest:
    return IncomingRequest(
        path=request.url.path.removeprefix(f"/{exchange.name}"),
        client=request.client.host if request.client else "",
        monotonic_s=time.monotonic(),
        wall_ns=simulation.wall_ns(exchange.name),
        market_ns=simulation.market_ns(exchange.name),
        query=request.query_params,
        headers=request.headers,
        path_parameters=request.path_params,
        oddities=simulation.oddities,
    )


def _stream_handler(simulation: Simulation, name: str, path: str) -> Callable[[WebSocket], Awaitable[None]]:
    limit_s = simulation.settings.connection_age_s
    age = ConnectionAge(limit_s, min(_CUT_NOTICE_S, limit_s * _CUT_NOTICE_SHARE))

    async def handle(websocket: WebSocket) -> None:
        exchange, _ = simulation.endpoints[name]
        try:
            feed = exchange.feeds()[path](_incoming(simulation, exchange, websocket), simulation.tapes[name])
        except Refused as refused:
            reply = refused.reply
            denial = Response(reply.body, reply.status, dict(reply.headers), media_type=reply.content_type)
            await websocket.send_denial_response(denial)
            return
        await websocket.accept()
        connection = Connection(
            websocket,
            feed,
            strike=lambda: simulation.faults.strike_message(name),
            market_ns=partial(simulation.market_ns, name),
            counts=simulation.streams[name],
            age=age,
        )
        await connection.serve()

    return handle


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

    async def report_streams(_: requests.Request) -> Response:
        return JSONResponse({name: asdict(counts) for name, counts in simulation.streams.items()})

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

    async def oddities(request: requests.Request) -> Response:
        try:
            texts = msgspec.json.decode(await request.body(), type=dict[str, list[str]])["oddities"]
            simulation.set_oddities(tuple(texts))
        except (msgspec.MsgspecError, KeyError) as error:
            return JSONResponse({"message": f'expected {{"oddities": ["hole=25", ...]}}: {error}'}, 400)
        except ValueError as error:
            return JSONResponse({"message": str(error)}, 400)
        return JSONResponse({})

    return [
        Route("/_simulator/market", report_market),
        Route("/_simulator/oddities", oddities, methods=["POST"]),
        Route("/_simulator/stats", report_stats),
        Route("/_simulator/streams", report_streams),
        Route("/_simulator/shown", show, methods=["POST"]),
        Route("/_simulator/faults", faults, methods=["GET", "POST", "DELETE"]),
    ]
