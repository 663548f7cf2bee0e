"""The catalog of a lake in a folder as an Iceberg REST catalog, as far as DuckDB 1.5's iceberg extension needs it.

    python -m lakehouse.duckdb.rest_catalog <lake> [--log FILE]

reads a secret as one line from stdin, listens on a free port of 127.0.0.1, prints its address as one line on stdout,
and ends when its stdin closes, so that it never outlives the process that started it. It serves only requests that
carry the secret as a bearer token. It must be a process of its own: a thread in the process that runs DuckDB would wait
for the interpreter lock, which DuckDB's Python API holds while it waits for a response.

Routes are named after the operations of the specification:
https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml
"""

import argparse
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import ValidationError
from pyiceberg.catalog.rest import CreateTableRequest
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.table import CommitTableRequest, Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.typedef import Identifier
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from .current_state import current_state
from .only_our_own import OnlyOurOwn, Refused, check_locations, check_names, error_response, locations_in, locations_of
from .rest_tables import LakeCatalog, TableDamaged

NAMESPACE_SEPARATOR = "\x1f"

MOST_CHARACTERS = 500
"""The maximum length of an error message, which DuckDB prints unchanged."""

Handler = Callable[[Request], Awaitable[Response]]

ERRORS: dict[type[Exception], tuple[int, str]] = {
    NoSuchTableError: (404, "NoSuchTableException"),
    NoSuchNamespaceError: (404, "NoSuchNamespaceException"),
    TableAlreadyExistsError: (409, "AlreadyExistsException"),
    NamespaceAlreadyExistsError: (409, "AlreadyExistsException"),
    NamespaceNotEmptyError: (409, "NamespaceNotEmptyException"),
    CommitFailedException: (409, "CommitFailedException"),
    TableDamaged: (422, "InternalServerError"),
    ValidationError: (400, "BadRequestException"),
    ValueError: (400, "BadRequestException"),
    # not 500, after which DuckDB would retry and then show the number instead of the reason
    Exception: (422, "InternalServerError"),
}

log = logging.getLogger(__name__)


class RestRoutes:
    """The handlers; each runs to its end on the only event loop, so calls of the catalog never overlap."""

    def __init__(self, catalog: LakeCatalog) -> None:
        self.catalog = catalog
        self.tables = catalog.tables

    async def get_config(self, _: Request) -> Response:
        return JSONResponse({"defaults": {}, "overrides": {}})

    async def list_namespaces(self, _: Request) -> Response:
        return JSONResponse({"namespaces": [list(name) for name in self.tables.list_namespaces()]})

    async def create_namespace(self, request: Request) -> Response:
        body = await request.json()
        check_names(body["namespace"])
        properties = body.get("properties", {})
        self.tables.create_namespace(tuple(body["namespace"]), properties)
        return JSONResponse({"namespace": body["namespace"], "properties": properties})

    async def load_namespace(self, request: Request) -> Response:
        properties = self.tables.load_namespace_properties(_namespace(request))
        return JSONResponse({"namespace": list(_namespace(request)), "properties": properties})

    async def drop_namespace(self, request: Request) -> Response:
        self.tables.drop_namespace(_namespace(request))
        return Response(status_code=204)

    async def list_tables(self, request: Request) -> Response:
        found = self.tables.list_tables(_namespace(request))
        return JSONResponse({"identifiers": [{"namespace": list(name[:-1]), "name": name[-1]} for name in found]})

    async def list_views(self, _: Request) -> Response:
        return JSONResponse({"identifiers": []})

    async def create_table(self, request: Request) -> Response:
        body = {"location": None, "partition-spec": None, "write-order": None} | await request.json()
        wanted = CreateTableRequest.model_validate(body)
        check_names([wanted.name])
        given = {**wanted.properties, "write.data.path": ""}  # this path is set by the catalog
        check_locations(self.catalog.lake, [*filter(None, [wanted.location, *locations_in(given)])])
        return _loaded(self.catalog.create_table(_namespace(request), wanted))

    async def load_table(self, request: Request) -> Response:
        return _loaded(self.catalog.load_table(_identifier(request)))

    async def update_table(self, request: Request) -> Response:
        identifier = {"namespace": list(_namespace(request)), "name": request.path_params["table"]}
        change = CommitTableRequest.model_validate({"identifier": identifier} | await request.json())
        check_locations(self.catalog.lake, [*locations_of(change.updates)])
        response = self.catalog.commit(change)
        return _state(response.metadata_location, response.metadata)

    async def drop_table(self, request: Request) -> Response:
        self.catalog.drop_table(_identifier(request))
        return Response(status_code=204)

    async def rename_table(self, request: Request) -> Response:
        body = await request.json()
        check_names([*body["destination"]["namespace"], body["destination"]["name"]])
        self.tables.rename_table(_named(body["source"]), _named(body["destination"]))
        return Response(status_code=204)

    async def report_metrics(self, _: Request) -> Response:
        return Response(status_code=204)

    async def commit_transaction(self, request: Request) -> Response:
        changes = [CommitTableRequest.model_validate(change) for change in (await request.json())["table-changes"]]
        check_locations(self.catalog.lake, [each for change in changes for each in locations_of(change.updates)])
        for change in changes:  # check all before applying any, because an applied change can't be undone
            self.catalog.check(change)
        for change in changes:
            self.catalog.commit(change)
        return Response(status_code=204)


def build_app(catalog: LakeCatalog, *, host: str, secret: str) -> ASGIApp:
    """The catalog over HTTP, for clients with the secret."""
    routes = RestRoutes(catalog)
    namespace, table = "/v1/namespaces/{namespace}", "/v1/namespaces/{namespace}/tables/{table}"
    served: list[tuple[str, str, Handler]] = [
        ("GET", "/v1/config", routes.get_config),
        ("GET", "/v1/namespaces", routes.list_namespaces),
        ("GET", namespace, routes.load_namespace),
        ("GET", f"{namespace}/tables", routes.list_tables),
        ("GET", f"{namespace}/views", routes.list_views),
        ("GET", table, routes.load_table),
        ("POST", f"{table}/metrics", routes.report_metrics),
        ("POST", "/v1/namespaces", routes.create_namespace),
        ("DELETE", namespace, routes.drop_namespace),
        ("POST", f"{namespace}/tables", routes.create_table),
        ("POST", table, routes.update_table),
        ("DELETE", table, routes.drop_table),
        ("POST", "/v1/tables/rename", routes.rename_table),
        ("POST", "/v1/transactions/commit", routes.commit_transaction),
    ]
    routed = [Route(path, _respond(handle), methods=[method]) for method, path, handle in served]
    routed.append(Route("/{path:path}", _respond(_find_nothing), methods=["GET"]))  # a table whose name has a slash
    return OnlyOurOwn(Starlette(routes=routed), host=host, secret=secret)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m lakehouse.duckdb.rest_catalog", description="Serve a lake's catalog to DuckDB."
    )
    parser.add_argument("lake", type=Path)
    parser.add_argument("--log", type=Path, help="append requests and tracebacks to this file")
    options = parser.parse_args(arguments)
    if options.log:
        logging.basicConfig(filename=options.log, level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        catalog = LakeCatalog(options.lake)
    except (OSError, SQLAlchemyError) as error:
        sys.exit(f"no catalog in lake folder {str(options.lake)!r}: {str(error).splitlines()[0]}")
    # without an explicit IPPROTO_TCP, asyncio leaves Nagle's algorithm on, and every response takes 40 ms
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        _serve(catalog, listener)
    catalog.remove_unfinished()


def _serve(catalog: LakeCatalog, listener: socket.socket) -> None:
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    if not (secret := sys.stdin.buffer.readline().decode().strip()):
        sys.exit("expected a secret on stdin, found none")
    app = build_app(catalog, host=host, secret=secret)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    print(f"http://{host}", flush=True)
    threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _stop_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


async def _find_nothing(request: Request) -> Response:
    return error_response(404, "NoSuchTableException", f"there is no {request.url.path}")


def _respond(handle: Handler) -> Handler:
    async def respond(request: Request) -> Response:
        started = time.monotonic()
        try:
            log.debug("%s %s %s", request.method, request.url.path, (await request.body()).decode())
            response = await handle(request)
        except Refused as refused:
            response = error_response(refused.status, refused.kind, str(refused))
        except Exception as error:
            kind = next(kind for kind in type(error).__mro__ if kind in ERRORS)
            log.info("%s", error, exc_info=kind is Exception)
            response = error_response(*ERRORS[kind], f"{type(error).__name__}: {_in_one_line(error)}")
        ms = (time.monotonic() - started) * 1000
        log.info("%s %s -> %s in %.1f ms", request.method, request.url.path, response.status_code, ms)
        return response

    return respond


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:MOST_CHARACTERS]


def _loaded(table: Table) -> Response:
    return _state(table.metadata_location, table.metadata)


def _state(metadata_location: str, metadata: TableMetadata) -> Response:
    return JSONResponse({"metadata-location": metadata_location, "metadata": current_state(metadata), "config": {}})


def _namespace(request: Request) -> Identifier:
    return tuple(request.path_params["namespace"].split(NAMESPACE_SEPARATOR))


def _identifier(request: Request) -> Identifier:
    return (*_namespace(request), request.path_params["table"])


def _named(identifier: dict[str, Any]) -> Identifier:
    return (*identifier["namespace"], identifier["name"])


if __name__ == "__main__":
    main()
    logging.shutdown()
    os._exit(0)  # the parent waits, and Python would take a quarter of a second to take everything down
