"""The front of the local AWS: one address for all services.

    python -m tests.athena.front <moto>

    X-Amz-Target AWSGlue.*         Glue, guarded: `glue_guard`
    X-Amz-Target AmazonAthena.*    Athena, where a Trino runs
    everything else                passed on to moto

A child process; see `child`.
"""

import argparse

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.athena.child import announce, call_when_stdin_closes, free_port_listener
from tests.athena.forwarding import Moto
from tests.athena.glue_guard import GuardedGlue

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
NO_ATHENA = "no Athena runs here: this is moto with a guarded Glue; start one with `make athena-up`"


def build_app(moto: Moto) -> Starlette:
    glue = GuardedGlue(moto)

    async def answer(request: Request) -> Response:
        service = request.headers.get("x-amz-target", "").partition(".")[0]
        if service == "AWSGlue":
            return await glue.answer(request)
        if service == "AmazonAthena":
            return JSONResponse({"__type": "InvalidRequestException", "Message": NO_ATHENA}, status_code=400)
        return await moto.forward(request)

    return Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.athena.front")
    parser.add_argument("moto", help="the address of moto's server")
    options = parser.parse_args(arguments)
    server = uvicorn.Server(
        uvicorn.Config(build_app(Moto(options.moto)), log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    )

    def stop() -> None:
        server.should_exit = True

    with free_port_listener() as listener:
        call_when_stdin_closes(stop)
        announce(listener)
        server.run([listener])


if __name__ == "__main__":
    main()
