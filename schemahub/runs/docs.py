"""The dbt docs site of a lake."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lakehouse.errors import LakeUnavailable, Misconfigured
from lakehouse.pending import nothing_landed

from ..dbt.run import docs_folder
from .any_dbt import run_any_dbt
from .context import RunContext


def build_docs(context: RunContext, *, only_if_missing: bool = False) -> Path:
    """Build the site and return its folder; with `only_if_missing`, keep an existing one.

    Raises DbtFailed, and LakeUnavailable if there is no lake.
    """
    if not context.lake.is_there:
        raise LakeUnavailable(nothing_landed(context.lake.location))
    folder = docs_folder(context.lake, context.settings)
    if not (only_if_missing and (folder / "index.html").exists()):
        run_any_dbt(context, ["docs", "generate"], report=lambda _: None)
    return folder


def serve_docs(folder: Path, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve the site on 127.0.0.1 until Ctrl-C; `ready` gets its address. Raises Misconfigured if the port is taken."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise Misconfigured(f"port {port} can't be used: {error.strerror}; name another with --port") from error
    with server:
        ready(f"http://127.0.0.1:{server.server_port}")
        with suppress(KeyboardInterrupt):
            server.serve_forever()
