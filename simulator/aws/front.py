"""The front of the local AWS: one address for all services.

    python -m simulator.aws.front <moto> [<trino>]

    X-Amz-Target AWSGlue.*         Glue, guarded: `glue_guard`
    X-Amz-Target AmazonAthena.*    Athena, if a Trino runs: `athena_api`
    everything else                passed on to moto

It runs as a child process; see `child`.
"""

import argparse

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.aws.athena_api import AthenaApi
from simulator.aws.athena_executions import Executor
from simulator.aws.child import announce, call_when_stdin_closes, free_port_listener
from simulator.aws.forwarding import Moto
from simulator.aws.glue_guard import GuardedGlue
from simulator.aws.trino_client import TrinoClient

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
NO_ATHENA = "no Athena runs here: this is moto with a guarded Glue; `make athena-up` starts one"


def build_app(moto: Moto, trino: TrinoClient | None) -> Starlette:
    glue = GuardedGlue(moto)
    athena = AthenaApi(moto, Executor(trino, glue, moto)) if trino else None

    async def answer(request: Request) -> Response:
        service = request.headers.get("x-amz-target", "").partition(".")[0]
        if service == "AWSGlue":
            return await glue.answer(request)
        if service == "AmazonAthena" and athena:
            return await athena.answer(request)
        if service == "AmazonAthena":
            return JSONResponse({"__type": "InvalidRequestException", "Message": NO_ATHENA}, status_code=400)
        return await moto.forward(request)

    return Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m simulator.aws.front")
    parser.add_argument("moto", help="the address of moto's server")
    parser.add_argument("trino", nargs="?", help="the address of a Trino")
    options = parser.parse_args(arguments)
    app = build_app(Moto(options.moto), TrinoClient(options.trino) if options.trino else None)
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    with free_port_listener() as listener:
        call_when_stdin_closes(stop)
        announce(listener)
        server.run([listener])


if __name__ == "__main__":
    main()
