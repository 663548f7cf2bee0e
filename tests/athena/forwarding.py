"""Pass a request on to moto as it came, and moto's answer back."""

import httpx
from starlette.requests import Request
from starlette.responses import Response

# https://datatracker.ietf.org/doc/html/rfc9110#name-connection: they belong to one connection
_OF_ONE_CONNECTION = {b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade", b"expect"}
_TIMEOUT_S = 120


class Moto:
    """moto's server at `address`; one pool of connections."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = httpx.AsyncClient(base_url=address, trust_env=False, timeout=_TIMEOUT_S)

    async def close(self) -> None:
        await self._client.aclose()

    async def forward(self, request: Request, *, body: bytes | None = None, target: str | None = None) -> Response:
        """Moto's answer to `request`, unchanged; `body` and `target` (X-Amz-Target) take the place of its own."""
        changed = {b"content-length"} | ({b"x-amz-target"} if target else set())
        headers = [(name, value) for name, value in request.headers.raw if name not in _OF_ONE_CONNECTION | changed]
        if target:
            headers.append((b"x-amz-target", target.encode()))
        path: bytes = request.scope["raw_path"]
        if query := request.scope["query_string"]:
            path += b"?" + query
        sent = self._client.build_request(
            request.method,
            httpx.URL(self.address).copy_with(raw_path=path),
            headers=headers,
            content=await request.body() if body is None else body,
        )
        answer = await self._client.send(sent, stream=True)
        content = b"".join([chunk async for chunk in answer.aiter_raw()])
        await answer.aclose()
        return _response(answer, content)


def _response(answer: httpx.Response, content: bytes) -> Response:
    response = Response(content, status_code=answer.status_code)
    # as lists, because one header may come twice, and HEAD tells a length without sending it
    response.raw_headers = [
        (name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _OF_ONE_CONNECTION
    ]
    if b"content-length" not in dict(response.raw_headers) and answer.status_code >= 200 and content:
        response.raw_headers.append((b"content-length", str(len(content)).encode()))
    return response
