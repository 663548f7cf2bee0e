"""moto's server as a child process, with S3's conditional writes made atomic.

moto checks If-None-Match and If-Match, and then writes: two racing writers may both pass the check. S3 lets exactly one
through, and locks depend on that, so writes of one key take turns here.
"""

import logging
import threading
import zlib
from collections.abc import Iterable
from typing import Any

from moto import backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from simulator.aws.child import HOST, announce, call_when_stdin_closes, free_port_listener


class OneWriterPerKey:
    """A WSGI application that lets the writes of one path through one at a time."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._locks = [threading.Lock() for _ in range(64)]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("PUT", "DELETE") and "uploadId" not in environ.get("QUERY_STRING", ""):
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        with self._locks[zlib.crc32(environ["PATH_INFO"].encode()) % len(self._locks)]:
            return list(self._application(environ, start_response))


class PromptRequestHandler(MotoRequestHandler):
    disable_nagle_algorithm = True  # headers and body are sent separately, which would delay each response by 40 ms


def list_services_once() -> None:
    """Let moto keep the list of its services, which it would read from its own folder for every request."""
    services = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: services


def main() -> None:
    list_services_once()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # otherwise it logs every request
    application = OneWriterPerKey(DomainDispatcherApplication(create_backend_app))
    with free_port_listener() as listener:
        port = listener.getsockname()[1]
        server = make_server(
            HOST, port, application, threaded=True, request_handler=PromptRequestHandler, fd=listener.fileno()
        )
        call_when_stdin_closes(server.shutdown)
        announce(listener)
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
