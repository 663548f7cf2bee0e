"""The local lake's catalog as an Iceberg REST catalog, as far as DuckDB 1.5's iceberg extension calls it.

    python -m profiles.rest_catalog <lake> [--read-only] [--log FILE]

listens on a free port of 127.0.0.1, prints its address as one line on stdout, and ends when its stdin closes, so that
it never outlives the process that started it. It must be a process: as a thread of the one that runs DuckDB it would
wait for the interpreter lock, which DuckDB's Python API holds while it waits for an answer.

Routes are named after the operations of the specification:
https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml
"""

import argparse
import logging
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

from .lake_catalog import LakeCatalog

NAMESPACE_SEPARATOR = "\x1f"

Handler = Callable[[Request], Awaitable[Response]]

ERRORS: dict[type[Exception], tuple[int, str]] = {
    NoSuchTableError: (404, "NoSuchTableException"),
    NoSuchNamespaceError: (404, "NoSuchNamespaceException"),
    TableAlreadyExistsError: (409, "AlreadyExistsException"),
    NamespaceAlreadyExistsError: (409, "AlreadyExistsException"),
    NamespaceNotEmptyError: (409, "NamespaceNotEmptyException"),
    CommitFailedException: (409, "CommitFailedException"),
    ValidationError: (400, "BadRequestException"),
    ValueError: (400, "BadRequestException"),
    Exception: (500, "InternalServerError"),
}

log = logging.getLogger(__name__)


class RestRoutes:
    """The handlers; each runs to its end on the one event loop, so calls of the catalog never overlap."""

    def __init__(self, catalog: LakeCatalog) -> None:
        self.catalog = catalog
        self.tables = catalog.tables

    async def get_config(self, _: Request) -> Response:
        return JSONResponse({"defaults": {}, "overrides": {}})

    async def list_namespaces(self, _: Request) -> Response:
        return JSONResponse({"namespaces": [list(name) for name in self.tables.list_namespaces()]})

    async def create_namespace(self, request: Request) -> Response:
        body = await request.json()
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
        return _loaded(self.catalog.create_table(_namespace(request), CreateTableRequest.model_validate(body)))

    async def load_table(self, request: Request) -> Response:
        return _loaded(self.tables.load_table(_identifier(request)))

    async def update_table(self, request: Request) -> Response:
        identifier = {"namespace": list(_namespace(request)), "name": request.path_params["table"]}
        change = CommitTableRequest.model_validate({"identifier": identifier} | await request.json())
        response = self.catalog.commit(change)
        return JSONResponse({"metadata-location": response.metadata_location, "metadata": _json(response.metadata)})

    async def drop_table(self, request: Request) -> Response:
        self.catalog.drop_table(_identifier(request))
        return Response(status_code=204)

    async def rename_table(self, request: Request) -> Response:
        body = await request.json()
        self.tables.rename_table(_named(body["source"]), _named(body["destination"]))
        return Response(status_code=204)

    async def report_metrics(self, _: Request) -> Response:
        return Response(status_code=204)

    async def commit_transaction(self, request: Request) -> Response:
        changes = [CommitTableRequest.model_validate(change) for change in (await request.json())["table-changes"]]
        for change in changes:  # before the first is applied, because those applied can't be taken back
            self.catalog.check(change)
        for change in changes:
            self.catalog.commit(change)
        return Response(status_code=204)


def build_app(catalog: LakeCatalog, *, read_only: bool = False) -> Starlette:
    """The catalog over HTTP; with `read_only`, whatever would change it is answered with 403."""
    routes = RestRoutes(catalog)
    namespace, table = "/v1/namespaces/{namespace}", "/v1/namespaces/{namespace}/tables/{table}"
    reads = [
        ("GET", "/v1/config", routes.get_config),
        ("GET", "/v1/namespaces", routes.list_namespaces),
        ("GET", namespace, routes.load_namespace),
        ("GET", f"{namespace}/tables", routes.list_tables),
        ("GET", f"{namespace}/views", routes.list_views),
        ("GET", table, routes.load_table),
        ("POST", f"{table}/metrics", routes.report_metrics),
    ]
    writes: list[tuple[str, str, Handler]] = [
        ("POST", "/v1/namespaces", routes.create_namespace),
        ("DELETE", namespace, routes.drop_namespace),
        ("POST", f"{namespace}/tables", routes.create_table),
        ("POST", table, routes.update_table),
        ("DELETE", table, routes.drop_table),
        ("POST", "/v1/tables/rename", routes.rename_table),
        ("POST", "/v1/transactions/commit", routes.commit_transaction),
    ]
    if read_only:
        writes = [(method, path, _refuse) for method, path, _ in writes]
    return Starlette(routes=[Route(path, _answer(handle), methods=[method]) for method, path, handle in reads + writes])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m profiles.rest_catalog", description=__doc__.splitlines()[0])
    parser.add_argument("lake", type=Path)
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--log", type=Path, help="append requests and tracebacks to this file")
    options = parser.parse_args(arguments)
    if options.log:
        logging.basicConfig(filename=options.log, level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        catalog = LakeCatalog(options.lake, create=not options.read_only)
    except (OSError, SQLAlchemyError) as error:
        sys.exit(f"no catalog in lake folder {str(options.lake)!r}: {error}")
    app = build_app(catalog, read_only=options.read_only)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    # IPPROTO_TCP said aloud, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
        server.run(sockets=[listener])
    catalog.remove_unfinished()


def _stop_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


async def _refuse(_: Request) -> Response:
    return _error(403, "ForbiddenException", "the lake was opened for reading only")


def _answer(handle: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        started = time.monotonic()
        log.debug("%s %s %s", request.method, request.url.path, (await request.body()).decode())
        try:
            response = await handle(request)
        except Exception as error:
            kind = next(kind for kind in type(error).__mro__ if kind in ERRORS)
            log.info("%s", error, exc_info=kind is Exception)
            response = _error(*ERRORS[kind], f"{type(error).__name__}: {error}")
        ms = (time.monotonic() - started) * 1000
        log.info("%s %s -> %s in %.1f ms", request.method, request.url.path, response.status_code, ms)
        return response

    return answer


def _error(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"error": {"message": message, "type": kind, "code": status}}, status_code=status)


def _loaded(table: Table) -> Response:
    return JSONResponse({"metadata-location": table.metadata_location, "metadata": _json(table.metadata), "config": {}})


def _json(metadata: TableMetadata) -> Any:
    return metadata.model_dump(mode="json", by_alias=True, exclude_none=True)


def _namespace(request: Request) -> Identifier:
    return tuple(request.path_params["namespace"].split(NAMESPACE_SEPARATOR))


def _identifier(request: Request) -> Identifier:
    return (*_namespace(request), request.path_params["table"])


def _named(identifier: dict[str, Any]) -> Identifier:
    return (*identifier["namespace"], identifier["name"])


if __name__ == "__main__":
    main()
