"""The web app: its pages, its static files and fonts, and how it refuses and fails."""

from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from schemahub.runs.context import RunContext

from . import problems
from .causes import Limits
from .guard import Guard
from .pages import pages
from .served import ASSETS, Served

_FONTS = ("ibm_plex_mono", "ibm_plex_sans_condensed")
"""Each is a package `fontpkg_<name>`. Where one is missing, pages fall back to the system's fonts."""


class _Kept(StaticFiles):
    """Files that a browser keeps: a font's address stays, and so does the font."""

    def file_response(self, full_path: str | PathLike[str], *details: Any, **more: Any) -> Response:
        response = super().file_response(full_path, *details, **more)
        response.headers["Cache-Control"] = "max-age=604800"
        return response


def create_app(
    context: RunContext,
    *,
    token: str | None = None,
    simulate: bool = False,
    land: bool = False,
    limits: Limits | None = None,
) -> FastAPI:
    """The app over the lake of `context`.

    Args:
        context: the lake, the registry and the settings.
        token: what a client must know; without it, only requests to this machine itself are answered.
        simulate: whether live quotes come from a simulated market.
        land: whether live trades are also landed.
        limits: from which distance on venues disagree, and what fees explain.
    """
    app = FastAPI(
        title="SchemaHub",
        description="What the pages of `schemahub serve` read: trades, quotes and the state of a lake.",
        version="1",
        docs_url=None,  # FastAPI's page loads its scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        responses=problems.PROBLEMS,
    )
    found = tuple(pages())
    tabs = tuple(sorted(page.tab for page in found if page.tab))
    app.state.served = Served(context, tabs, simulate=simulate, land=land, limits=limits or Limits())
    app.state.served.open()
    for name in _FONTS:
        for folder in _folders(f"fontpkg_{name}"):
            app.mount(f"/fonts/{name}", _Kept(directory=folder / "files"))
    app.mount("/static", ASSETS)
    for page in found:
        app.include_router(page.router)
    for route in app.router.routes:  # FastAPI builds a route when it is first compared with a request
        route.matches({"type": "http", "method": "GET", "path": "/-", "headers": []})
    problems.add_to(app)
    app.add_middleware(Guard, token=token)
    return app


def _folders(package: str) -> list[Path]:
    spec = find_spec(package)
    return [Path(folder) for folder in (spec.submodule_search_locations or [])[:1]] if spec else []
