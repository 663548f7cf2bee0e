"""A proxy for Athena that carries out requests and responds that they failed.

with lost_answers(athena.endpoint, start_is_lost) as endpoint:
    …                                   # AWS_ENDPOINT_URL_ATHENA=endpoint
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Answer = dict[str, Any]
Fault = Callable[[str, Answer, Answer], Answer | None]
"""A function of an operation, its request and its true response.

It returns the response to send instead, or None to send the true one.
"""

INSERT = "insert into"


def start_is_lost(operation: str, request: Answer, _: Answer) -> Answer | None:
    """An INSERT is started, but the caller gets an internal error."""
    if operation == "StartQueryExecution" and INSERT in request["QueryString"]:
        return {"__type": "InternalServerException", "Message": "try again"}
    return None


def commit_is_denied(operation: str, _: Answer, answer: Answer) -> Answer | None:
    """An INSERT has been committed, but the caller gets the response that its commit failed."""
    execution = answer.get("QueryExecution", {})
    if operation != "GetQueryExecution" or INSERT not in execution["Query"]:
        return None
    if execution["Status"]["State"] != "SUCCEEDED":
        return None
    reason = "ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update to table"
    error = {"ErrorCategory": 1, "ErrorType": 233, "Retryable": False, "ErrorMessage": reason}
    status = {**execution["Status"], "State": "FAILED", "StateChangeReason": reason, "AthenaError": error}
    return {"QueryExecution": {**execution, "Status": status}}


@contextmanager
def lost_answers(endpoint: str, fault: Fault) -> Iterator[str]:
    """Yields the address of a server that passes requests on to `endpoint` and sends the fault's responses."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "content-length"}
            true = httpx.post(endpoint, content=body, headers=headers, trust_env=False, timeout=120)
            operation = self.headers["x-amz-target"].rpartition(".")[2]
            told = fault(operation, json.loads(body), true.json())
            content = true.content if told is None else json.dumps(told).encode()
            self.send_response(500 if told and "__type" in told else true.status_code)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(content)))
            with suppress(ConnectionError):  # the client may have been killed
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
