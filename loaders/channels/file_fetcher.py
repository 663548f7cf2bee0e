"""Fetches files from an exchange's host of bulk files, with the retries and the waiting of all requests."""

from collections.abc import Callable
from pathlib import Path

from lakehouse.printable import printable

from ..connector import Request, Response
from ..errors import BadRequest, ExchangeUnavailable, RateLimited
from .checksums import LONGEST
from .rest import Fetcher


class FileFetcher(Fetcher):
    """A fetcher whose base URL is that of a host of files."""

    def save(self, path: str, to: Path, *, largest: int) -> bool:
        """Write the file at `path` of the host to `to`; returns False if the host has no such file (404).

        Raises:
            SchemaHubError: the host can't be reached, refuses, is too slow, or the file has more than `largest` bytes.
        """
        request = Request(path)
        return self._is_there(request, lambda: self._http.save(request, to, largest=largest)) is not None

    def text(self, path: str) -> str | None:
        """The text of a small file; None if the host has no such file. Raises as `save` does."""
        request = Request(path)
        response = self._is_there(request, lambda: self._http.get(request))
        return None if response is None else response.body[: LONGEST + 1].decode(errors="replace")

    def _is_there(self, request: Request, send: Callable[[], Response]) -> Response | None:
        def checked() -> Response:
            response = send()
            if response.status not in (200, 404):
                raise self._refusal(request, response)
            return response

        response = self._repeated(request, checked)
        return response if response.status == 200 else None

    def _refusal(self, request: Request, response: Response) -> RateLimited | ExchangeUnavailable | BadRequest:
        reason = f"{self.connector.name}: HTTP {response.status} for {printable(request.path)} of {self.address}"
        if response.asks_for_a_pause:
            return RateLimited(reason, retry_after=response.retry_after)
        if response.status >= 500:
            return ExchangeUnavailable(reason, retry_after=response.retry_after)
        return BadRequest(reason)
