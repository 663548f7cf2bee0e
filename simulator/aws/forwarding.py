"""How the front uses moto: it forwards requests unchanged, and sends requests of its own."""

import json
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

REGION = "us-east-1"
"""The region of the local AWS. moto keeps regions separate."""

# https://datatracker.ietf.org/doc/html/rfc9110#name-connection: these headers concern only one connection
_OF_ONE_CONNECTION = {b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade", b"expect"}
_TIMEOUT_S = 120
_TARGETS = {"glue": "AWSGlue", "athena": "AmazonAthena"}


class MotoRefused(Exception):
    """moto answered one of our calls with an error, whose AWS name is `kind`."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class Moto:
    """moto's server at `address`, with one pool of connections."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = httpx.AsyncClient(base_url=address, trust_env=False, timeout=_TIMEOUT_S)

    async def forward(self, request: Request, *, body: bytes | None = None, target: str | None = None) -> Response:
        """Return moto's response to `request`, whose body and X-Amz-Target `body` and `target` replace, if given."""
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

    async def call(self, service: str, operation: str, body: dict[str, Any], *, region: str) -> dict[str, Any]:
        """Return moto's response to an operation of Glue or Athena; raises MotoRefused."""
        headers = {
            "authorization": _signed_for(service, region),
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"{_TARGETS[service]}.{operation}",
        }
        answer = await self._client.post("/", content=json.dumps(body).encode(), headers=headers)
        content: dict[str, Any] = answer.json()
        if answer.is_error:
            message = content.get("message") or content.get("Message") or answer.text
            raise MotoRefused(content.get("__type", ""), message)
        return content

    async def has_bucket(self, address: str, *, region: str) -> bool:
        bucket = httpx.URL(address).host
        answer = await self._client.head(f"/{bucket}", headers={"authorization": _signed_for("s3", region)})
        return answer.is_success

    async def put_object(self, address: str, content: bytes, *, region: str) -> None:
        url = httpx.URL(address)
        headers = {"authorization": _signed_for("s3", region), "content-type": "application/octet-stream"}
        answer = await self._client.put(f"/{url.host}{url.path}", content=content, headers=headers)
        if answer.is_error:
            raise MotoRefused("", f"{address} can't be written: HTTP {answer.status_code}")


def _signed_for(service: str, region: str) -> str:
    # moto reads the service and the region from a signature, and does not verify it
    return (
        f"AWS4-HMAC-SHA256 Credential=athena/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )


def _response(answer: httpx.Response, content: bytes) -> Response:
    response = Response(content, status_code=answer.status_code)
    # set as a list, because a header may occur twice, and the response to HEAD has a length but no body
    response.raw_headers = [
        (name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _OF_ONE_CONNECTION
    ]
    if b"content-length" not in dict(response.raw_headers) and answer.status_code >= 200 and content:
        response.raw_headers.append((b"content-length", str(len(content)).encode()))
    return response
