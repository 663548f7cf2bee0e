"""How much an exchange lets one client request: the two kinds of budget that REST APIs have, on the server's side.

Sources: Binance rest-api.md, "LIMITS" (weight per minute; 429, then 418 with a ban of 2 minutes to 3 days), read
2026-07-21; docs.cdp.coinbase.com/exchange/rest-api/rate-limits (token bucket). Time is passed in, in monotonic seconds.
"""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from math import ceil, floor

# A factor for the limits that no client on one machine can exhaust.
UNLIMITED = 1e9

_FIRST_BAN_S = 120
_LONGEST_BAN_S = 3 * 24 * 3600
# Requests that were already sent when the first 429 arrived don't count as disobedience.
_REFUSALS_BEFORE_BAN = 10


class TokenBucket:
    """`rate` requests per second and client, up to `burst` at once. The bucket is refilled when it is used."""

    def __init__(self, *, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._levels: dict[Hashable, tuple[float, float]] = {}

    def take(self, client: Hashable, now_s: float) -> bool:
        """Take one token; returns False if there is none."""
        level, since_s = self._levels.get(client, (self._burst, now_s))
        level = min(self._burst, level + (now_s - since_s) * self._rate)
        self._levels[client] = (level - 1 if level >= 1 else level, now_s)
        return level >= 1


@dataclass(frozen=True)
class Verdict:
    """The decision on a request; `status` is 200 to serve it, 429 if over the limit, 418 if the client is banned."""

    status: int
    used: int
    retry_after_s: int = 0


@dataclass
class _Account:
    window: int = -1
    used: int = 0
    refusals: int = 0
    bans: int = 0
    banned_until_s: float = field(default=float("-inf"))


class WeightWindow:
    """`limit` weight per client in each window of `window_s` seconds; bans clients that continue in spite of a 429."""

    def __init__(self, *, limit: float, window_s: int = 60) -> None:
        self._limit = limit
        self._window_s = window_s
        self._accounts: dict[Hashable, _Account] = defaultdict(_Account)

    def spend(self, client: Hashable, weight: int, now_s: float) -> Verdict:
        """Spend weight; a refused request costs none."""
        account = self._accounts[client]
        self._enter_window(account, now_s)
        if now_s < account.banned_until_s or account.used + weight > self._limit:
            return self._refuse(account, now_s)
        account.used += weight
        return Verdict(200, account.used)

    def _enter_window(self, account: _Account, now_s: float) -> None:
        window = floor(now_s / self._window_s)
        if window != account.window:
            account.window, account.used = window, 0
            if now_s >= account.banned_until_s:
                account.refusals = 0

    def _refuse(self, account: _Account, now_s: float) -> Verdict:
        account.refusals += 1
        if account.refusals > _REFUSALS_BEFORE_BAN:
            account.refusals = 0
            account.banned_until_s = now_s + min(_FIRST_BAN_S * 2**account.bans, _LONGEST_BAN_S)
            account.bans += 1
        if now_s < account.banned_until_s:
            return Verdict(418, account.used, ceil(account.banned_until_s - now_s))
        return Verdict(429, account.used, ceil((account.window + 1) * self._window_s - now_s))
