"""What every page is given, and how a page is shown."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import HTTPConnection

from schemahub.runs.context import RunContext

from .causes import Limits
from .pages import Tab

FOLDER = Path(__file__).parent

_templates = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True)
class Served:
    """The lake that is served, and the options of `schemahub serve`."""

    context: RunContext
    tabs: tuple[Tab, ...]
    simulate: bool = False
    """Whether live quotes come from a simulated market instead of the exchanges."""
    land: bool = False
    """Whether live trades are also landed in the lake."""
    limits: Limits = Limits()
    """From which distance on venues disagree, and what fees explain."""


def served(connection: HTTPConnection) -> Served:
    """What the app serves; for a request or a WebSocket."""
    return cast(Served, connection.app.state.served)


def shown(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page made of `templates/<template>`, which extends `base.html`. Values are escaped."""
    app = served(request)
    page = _templates.get_template(template)
    text = page.render(tabs=app.tabs, path=request.url.path, lake=app.context.lake.location, **values)
    return HTMLResponse(text, status, {"Cache-Control": "no-cache"})
