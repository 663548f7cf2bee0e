"""A host of bulk files on loopback: passes on what a simulated exchange serves, with the changes that a test makes."""

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

CHECKSUM = ".CHECKSUM"


@dataclass
class Answer:
    """What the host answers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Change = Callable[[str, Answer], Answer]
"""Makes another answer of one, given the path."""


@dataclass
class BulkHost:
    """A host that passes on to `behind`."""

    behind: str
    url: str = ""
    changes: dict[str, Change] = field(default_factory=dict)
    """What becomes of the answers to paths that contain a text."""
    requests: list[str] = field(default_factory=list)
    """The name of each file that was requested, in order."""

    def answer(self, path: str) -> Answer:
        self.requests.append(path.rpartition("/")[2])
        got = httpx.get(self.behind + path, trust_env=False)
        answer = Answer(got.status_code, got.content)
        for text, change in self.changes.items():
            if text in path:
                answer = change(path, answer)
        return answer


def missing(_: str, answer: Answer) -> Answer:
    return Answer(404, b"<Error><Code>NoSuchKey</Code></Error>")


def redirected(_: str, answer: Answer) -> Answer:
    return Answer(302, headers={"Location": "http://127.0.0.1:9/elsewhere"})


def damage(host: BulkHost) -> Change:
    """A change after which the file ends early, and its checksum is that of what is left."""

    def change(path: str, answer: Answer) -> Answer:
        whole = httpx.get(host.behind + path.removesuffix(CHECKSUM), trust_env=False).content
        part, name = whole[: len(whole) // 2], path.removesuffix(CHECKSUM).rpartition("/")[2]
        digest = hashlib.sha256(part).hexdigest()
        return Answer(200, f"{digest}  {name}\n".encode() if path.endswith(CHECKSUM) else part)

    return change


def enormous(path: str, answer: Answer) -> Answer:
    """A file that is announced with a tebibyte."""
    return answer if path.endswith(CHECKSUM) else Answer(200, answer.body, {"Content-Length": str(2**40)})


@contextlib.contextmanager
def bulk_host(behind: str) -> Iterator[BulkHost]:
    """Run a host for the length of a `with` block."""
    host = BulkHost(behind)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = host.answer(self.path)
            headers = {"Content-Length": str(len(answer.body)), **answer.headers}
            with contextlib.suppress(OSError):
                self.send_response(answer.status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
            self.close_connection = headers["Content-Length"] != str(len(answer.body))

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
