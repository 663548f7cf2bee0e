"""Runs one statement on Trino and follows it to its end.

Source: https://trino.io/docs/476/develop/client-protocol.html
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from simulator.aws.athena_results import Column

USER = "athena"

_TIMEOUT_S = 120


class TrinoFailed(Exception):
    """Trino refused a statement, or failed while running it."""

    def __init__(self, error: dict[str, Any]) -> None:
        """Take the name and the message from the `error` of Trino's response."""
        self.name: str = error.get("errorName", "GENERIC_INTERNAL_ERROR")
        self.is_users_fault = error.get("errorType") == "USER_ERROR"
        super().__init__(error.get("message", "unknown error"))


@dataclass
class TrinoResult:
    """The result of a statement. `physical_input_bytes` and `input_rows` are what it read from storage."""

    columns: list[Column] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    update_count: int | None = None
    physical_input_bytes: int = 0
    input_rows: int = 0
    planning_ms: int = 0


class TrinoClient:
    """A Trino at `address`."""

    def __init__(self, address: str) -> None:
        self._client = httpx.AsyncClient(base_url=address, trust_env=False, timeout=_TIMEOUT_S)

    async def run(self, sql: str, *, headers: dict[str, str]) -> TrinoResult:
        """Run a statement. If the task is cancelled, the statement is cancelled in Trino too.

        Raises:
            TrinoFailed: Trino refused the statement, or failed while running it.
            httpx.TransportError: Trino does not respond.
        """
        result = TrinoResult()
        answer = await self._start(sql, headers)
        while True:
            _add(result, answer)
            if "error" in answer:
                raise TrinoFailed(answer["error"])
            following = answer.get("nextUri")
            if following is None:
                return result
            try:
                answer = await self._send("GET", following)
            except asyncio.CancelledError:
                await self._cancel(answer)
                raise

    async def _start(self, sql: str, headers: dict[str, str]) -> dict[str, Any]:
        starting = asyncio.ensure_future(self._send("POST", "/v1/statement", content=sql.encode(), headers=headers))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:  # only the response says how to cancel the statement
            await self._cancel(await starting)
            raise

    async def _cancel(self, answer: dict[str, Any]) -> None:
        """Cancel a statement, and wait until Trino has ended it."""
        if following := answer.get("nextUri"):
            await self._client.delete(following)
        while (query := await self._client.get(f"/v1/query/{answer['id']}", headers={"X-Trino-User": USER})).is_success:
            if query.json()["state"] in ("FAILED", "FINISHED"):
                return
            await asyncio.sleep(0.05)

    async def _send(self, method: str, url: str, **arguments: Any) -> dict[str, Any]:
        while (response := await self._client.request(method, url, **arguments)).status_code in (502, 503, 504):
            await asyncio.sleep(0.1)
        if response.is_error:
            raise TrinoFailed({"message": f"HTTP {response.status_code} {response.text[:200]}"})
        answer: dict[str, Any] = response.json()
        return answer


def _add(result: TrinoResult, answer: dict[str, Any]) -> None:
    if "columns" in answer:
        result.columns = [
            Column(column["name"], column["type"], column["typeSignature"]) for column in answer["columns"]
        ]
    result.rows += answer.get("data", [])
    result.update_count = answer.get("updateCount", result.update_count)
    statistics = answer["stats"]
    result.physical_input_bytes = statistics.get("physicalInputBytes", 0)
    result.input_rows = statistics.get("processedRows", 0)
    result.planning_ms = statistics.get("planningTimeMillis", 0)
