"""What every page is given, and how a page is shown."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import HTTPConnection

from schemahub.runs.context import RunContext

from .assets import Assets
from .candles import CandleStore
from .causes import Limits
from .events import Events
from .evidence import Evidence
from .marts import Marts
from .pages import Tab
from .trades import Trades
from .venues import looks_of

FOLDER = Path(__file__).parent
ASSETS = Assets(FOLDER / "static")

_templates = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)
_templates.globals.update(asset=ASSETS.address, modules=ASSETS.modules, style=ASSETS.style)


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

    def open(self) -> None:
        """Open what the properties below have, before requests of several threads ask for it."""
        _ = self.events, self.evidence, self.candles
        for name in _templates.list_templates():
            _templates.get_template(name)  # compiled now, so that the first who opens a page needn't wait

    @cached_property
    def looks(self) -> dict[str, int]:
        """The number of each exchange's colour and shape."""
        return looks_of(product.exchange for product in self.context.registry.products)

    @cached_property
    def trades(self) -> Trades:
        return Trades(self.context.lake, self.context.registry.products, self.looks)

    @cached_property
    def events(self) -> Events:
        return Events(self.marts, self.trades)

    @cached_property
    def marts(self) -> Marts:
        return Marts(self.context.lake, self.trades.reader)

    @cached_property
    def candles(self) -> CandleStore:
        return CandleStore(self.context.lake, self.trades)

    @cached_property
    def evidence(self) -> Evidence:
        return Evidence(self.context.lake, self.context.registry, self.trades)


def served(connection: HTTPConnection) -> Served:
    """What the app serves; for a request or a WebSocket."""
    return cast(Served, connection.app.state.served)


def shown(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page made of `templates/<template>`, which extends `base.html`. Values are escaped."""
    app = served(request)
    page = _templates.get_template(template)
    theme = request.cookies.get("schemahub_theme")
    text = page.render(tabs=app.tabs, path=request.url.path, lake=app.context.lake.location, theme=theme, **values)
    return HTMLResponse(text, status, {"Cache-Control": "no-cache"})
