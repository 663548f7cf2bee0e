"""`python -m benchmarks.live_clients ADDRESS COUNT SECONDS`: follow a live board with clients, and print delays."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from statistics import mean, median, quantiles

from websockets.asyncio.client import connect

from .measure import CannotMeasure

_WARM_SECONDS = 2.0
_ACKNOWLEDGE_EVERY = 2
"""As the page does."""


async def _follow(address: str, seconds: float) -> tuple[list[float], list[int]]:
    """The milliseconds from server to client of each frame, and the frames' numbers of rows."""
    delays, rows, acknowledged = [], [], 0
    async with connect(address, proxy=None, compression=None) as socket:
        await socket.recv()
        begins = time.monotonic() + _WARM_SECONDS
        while (now := time.monotonic()) < begins + seconds:
            frame = await socket.recv()
            arrived_ms = time.time() * 1000
            if not isinstance(frame, bytes):
                raise CannotMeasure(f"expected a frame, found {str(frame)[:100]!r}")
            length = int.from_bytes(frame[:4], "little")
            header = json.loads(frame[4 : 4 + length])
            if header["n"] - acknowledged >= _ACKNOWLEDGE_EVERY:
                acknowledged = header["n"]
                await socket.send(str(acknowledged))
            if now >= begins:
                delays.append(arrived_ms - header["ms"])
                rows.append(header["columns"][0][2])
    return delays, rows


async def _measure(address: str, count: int, seconds: float) -> dict[str, float]:
    found = await asyncio.gather(*(_follow(address, seconds) for _ in range(count)))
    delays = [delay for each, _ in found for delay in each]
    return {
        "median_ms": median(delays),
        "p95_ms": quantiles(delays, n=20)[-1],
        "frames_a_second": min(len(each) for each, _ in found) / seconds,
        "rows_a_frame": mean(count for _, each in found for count in each),
    }


def main(arguments: Sequence[str]) -> int:
    """Print what was measured as JSON."""
    address, count, seconds = arguments
    print(json.dumps(asyncio.run(_measure(address, int(count), float(seconds)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
