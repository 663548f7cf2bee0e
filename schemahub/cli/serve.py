"""`schemahub serve`: shows the lake, and the exchanges' live quotes, in a browser.

The web app imports this package, and not the other way round, so it is found as the entry point `serve` of the group
`schemahub.commands`.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakehouse.errors import Misconfigured

from ..variables import variable
from .app import LakeCommand, app, run_context, say
from .run import SymbolsOption

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP = "schemahub.commands"


@app.command("serve", cls=LakeCommand)
def serve_command(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="Address to bind; others than 127.0.0.1 need --token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to bind; 0 takes a free one.")] = 8700,
    token: Annotated[
        str | None,
        typer.Option("--token", metavar="TOKEN", help="What a browser must know.", envvar=variable("token")),
    ] = None,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Show live quotes of a simulated market instead of the exchanges'.")
    ] = False,
    land: Annotated[bool, typer.Option("--land", help="Also land the live trades, as `live` does.")] = False,
    symbols: SymbolsOption = None,
    threshold: Annotated[
        float, typer.Option("--threshold", metavar="BPS", min=0.1, max=1000, help="Alert if venues are further apart.")
    ] = 10,
    fees: Annotated[
        float, typer.Option("--fees", metavar="BPS", min=0, max=1000, help="What fees explain: both sides of a trade.")
    ] = 20,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in this machine's browser.")] = False,
) -> None:
    """Show the lake in a browser: replay what was traded, and watch live where exchanges disagree; until Ctrl-C."""
    served = run_context(context, symbols=symbols)
    _web_app()(
        served,
        host=host,
        port=port,
        token=token or None,
        simulate=simulate,
        land=land,
        threshold=threshold,
        fees=fees,
        open_browser=open_browser,
        ready=lambda address: say([f"serving {served.lake.location} on {address}; press Ctrl-C to stop"]),
    )


def _web_app() -> "Callable[..., Any]":
    from importlib.metadata import entry_points  # its import takes as long as half of the help

    found = next(iter(entry_points(group=GROUP, name="serve")), None)
    if found is None:
        raise Misconfigured("the web app isn't installed with this version of SchemaHub; run: make setup")
    try:
        command: Callable[..., Any] = found.load()
    except ModuleNotFoundError as error:
        raise Misconfigured(
            f"`serve` needs the package {error.name!r}, which isn't installed; run: pip install 'schemahub[web]'"
        ) from error
    return command
