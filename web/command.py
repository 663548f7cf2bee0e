"""What `schemahub serve` does: binds an address, and serves until Ctrl-C."""

import logging
import re
import signal
import socket
import webbrowser
from collections.abc import Callable
from types import FrameType

import uvicorn

from lakehouse.errors import Misconfigured
from schemahub.runs.context import RunContext

from .app import create_app
from .causes import Limits
from .guard import LOOPBACK

_LARGEST_MESSAGE = 4096
"""The size in bytes of what a WebSocket's client may send."""
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,200}")


class _Server(uvicorn.Server):
    """Ends without an error on Ctrl-C and SIGTERM, also on one that comes before it has started."""

    def stop_on_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """End; a second signal changes nothing, because ending takes a few seconds at most."""
        self.should_exit = True


def serve(
    context: RunContext,
    *,
    host: str,
    port: int,
    token: str | None,
    simulate: bool,
    land: bool,
    threshold: float,
    fees: float,
    open_browser: bool,
    ready: Callable[[str], None],
) -> None:
    """Serve the lake of `context` until Ctrl-C, and pass the address to `ready` once it can be opened.

    Port 0 takes a free one.

    Raises:
        Misconfigured: the address can't be used, or others can reach it and there is no token; or simulated trades
            would be landed.
    """
    check_token(host, token)
    if simulate and land:
        raise Misconfigured("--simulate shows made-up trades, which --land would land; give one of the two")
    with bound_socket(host, port) as listener:
        app = create_app(context, token=token, simulate=simulate, land=land, limits=Limits(threshold, fees))
        server = _Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                loop="asyncio",  # the same, whatever else is installed
                http="h11",
                timeout_graceful_shutdown=1,
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                ws_max_size=_LARGEST_MESSAGE,
                server_header=False,
            )
        )
        logging.getLogger("uvicorn.error").addFilter(_is_no_end)
        server.stop_on_signals()
        listener.listen(512)
        address = _address(host, listener.getsockname()[1]) + ("" if token is None else f"/?token={token}")
        ready(address)
        if open_browser:
            webbrowser.open(address)
        server.run([listener])


def check_token(host: str, token: str | None) -> None:
    """Raise Misconfigured if the token is missing where others can reach the app, or is easy to guess."""
    if token is None and host not in LOOPBACK:
        raise Misconfigured(
            f"others can reach host {host!r}, so it needs a token; add --token, or leave --host away for 127.0.0.1"
        )
    if token is not None and not _TOKEN.fullmatch(token):
        raise Misconfigured(
            "expected a token of 16 to 200 letters, digits and . _ ~ -; make one with: "
            "python -c 'import secrets; print(secrets.token_urlsafe())'"
        )


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that doesn't listen yet; raises Misconfigured if the address can't be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small messages at once only if the socket was created with the TCP protocol
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Misconfigured(
            f"{_address(host, port)} can't be used: {error.strerror}; name another with --host or --port"
        ) from error
    return listener


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_no_end(record: logging.LogRecord) -> bool:
    # Ctrl-C cuts what is being sent, which is intended
    return "timeout_graceful_shutdown" not in record.getMessage() and "graceful shutdown" not in record.getMessage()
