"""Faults that can be switched on. Counting decides what they strike, so a run can be repeated.

A fault is written `NAME[=VALUE]:WHEN[@EXCHANGE]`:

    429:1/10            every tenth request gets 429, Retry-After 1
    429=5:3@binance     the first three requests to Binance get 429, Retry-After 5
    slow=0.5:1/4        every fourth response takes half a second longer
    cut:1/20            every twentieth connection is closed in the middle of a body
    short=100:1/1       no page has more than 100 trades, whatever was requested
    kraken_200=EService:Busy:2
    drop:1/50x3         one of every fifty messages of a WebSocket is lost, but no more than three

Every fault counts the requests that it could strike, from the moment it was switched on. The faults of WebSockets count
the messages with trades; which one of every N messages they strike is drawn with the simulator's seed.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from random import Random

_SPEC = re.compile(
    r"(?P<name>\w+)(=(?P<value>[^@]+?))?:((?P<first>[1-9]\d*)|1/(?P<every>[1-9]\d*)(x(?P<most>[1-9]\d*))?)"
    r"(@(?P<exchange>\w+))?"
)


@dataclass(frozen=True)
class _Kind:
    meaning: str
    default: str | None = None
    """The value if none is given; `None` for a fault that takes no value."""
    counts: str | None = "seconds"
    """What a value is a number of; None if it is a text."""
    only_exchange: str | None = None
    strikes_messages: bool = False
    """Whether it strikes the messages of WebSockets, and not the requests to REST APIs."""


def _message_kind(meaning: str, default: str | None = None) -> _Kind:
    return _Kind(f"{meaning} (WebSocket)", default, strikes_messages=True)


KINDS = {
    "429": _Kind("HTTP 429; the value is its Retry-After in seconds", "1"),
    "418": _Kind("HTTP 418 (banned); the value is its Retry-After in seconds", "2"),
    "500": _Kind("HTTP 500"),
    "503": _Kind("HTTP 503"),
    "slow": _Kind("the response is late by this number of seconds", "1"),
    "cut": _Kind("the connection closes in the middle of the body, before Content-Length is reached"),
    "truncated": _Kind("half of the body, as if it were complete"),
    "duplicate_page": _Kind("the product's previous page instead of the requested one"),
    "short": _Kind("a page has at most this number of trades, whatever its `limit` or `count`", "100", counts="trades"),
    "html": _Kind("an HTML maintenance page, with HTTP 200"),
    "kraken_200": _Kind(
        "an error of Kraken inside HTTP 200; the value is its text",
        "EGeneral:Too many requests",
        counts=None,
        only_exchange="kraken",
    ),
    "drop": _message_kind("a message with trades is lost"),
    "repeat": _message_kind("a message with trades is sent twice"),
    "reorder": _message_kind("a message with trades is sent after the next one"),
    "freeze": _message_kind("the connection stays open, but nothing more is sent"),
    "pause": _message_kind(
        "for this number of seconds, nothing is sent in the connection, and what happens is lost", "10"
    ),
    "disconnect": _message_kind("the connection ends without a close frame, before the message"),
    "garbage": _message_kind("half of the message, which is no longer JSON"),
}


@dataclass(frozen=True)
class Fault:
    """One fault. Of what it can strike, it strikes the first `first`, or one in `every` but no more than `most`."""

    name: str
    value: str | None = None
    first: int | None = None
    every: int | None = None
    exchange: str | None = None
    most: int | None = None

    @property
    def seconds(self) -> float:
        return float(self.value or 0)

    @property
    def strikes_messages(self) -> bool:
        """Whether it strikes the messages of WebSockets, and not the requests to REST APIs."""
        return KINDS[self.name].strikes_messages

    def strikes(self, count: int, seed: int) -> bool:
        """Whether it strikes the `count`-th request or message, counting from 1."""
        if self.every is None:
            return count <= (self.first or 0)
        if not self.strikes_messages:
            return count % self.every == 0
        round_number, position = divmod(count - 1, self.every)
        return position == Random(f"{seed}/{self.name}/{self.exchange}/{round_number}").randrange(self.every)


def parse_fault(text: str, exchanges: Collection[str]) -> Fault:
    """Parse one fault; raises ValueError, which says what was expected."""
    match = _SPEC.fullmatch(text)
    if match is None:
        raise ValueError(
            f"fault {text!r}: expected NAME[=VALUE]:WHEN[@EXCHANGE], with WHEN as N (the first N), 1/N (every Nth) or "
            "1/NxM (every Nth, but no more than M)"
        )
    kind = KINDS.get(match["name"])
    if kind is None:
        raise ValueError(f"fault {text!r}: unknown fault `{match['name']}`; use one of: {', '.join(KINDS)}")
    exchange = match["exchange"] or kind.only_exchange
    allowed = {kind.only_exchange} if kind.only_exchange else set(exchanges)
    if exchange is not None and exchange not in allowed:
        raise ValueError(f"fault {text!r}: unknown exchange `{exchange}`; use one of: {', '.join(sorted(allowed))}")
    return Fault(
        name=match["name"],
        value=_checked_value(text, kind, match["value"]),
        first=int(match["first"]) if match["first"] else None,
        every=int(match["every"]) if match["every"] else None,
        exchange=exchange,
        most=int(match["most"]) if match["most"] else None,
    )


def _checked_value(text: str, kind: _Kind, value: str | None) -> str | None:
    if value is None:
        return kind.default
    if kind.default is None:
        raise ValueError(f"fault {text!r}: this fault takes no value; expected it without `={value}`")
    if kind.counts and re.fullmatch(r"\d+(\.\d+)?", value) is None:
        raise ValueError(f"fault {text!r}: expected a number of {kind.counts} after `=`, found {value!r}")
    return value


@dataclass
class _Switch:
    fault: Fault
    seed: int
    seen: int = 0
    struck: int = 0

    def strike(self) -> bool:
        self.seen += 1
        is_spent = self.fault.most is not None and self.struck >= self.fault.most
        strikes = not is_spent and self.fault.strikes(self.seen, self.seed)
        self.struck += strikes
        return strikes


class Faults:
    """The faults that are on, and how many requests or messages each has seen."""

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int = 0) -> None:
        self._switches = [_Switch(fault, seed) for fault in faults]

    def strike(self, exchange: str, *, can_duplicate: bool) -> list[Fault]:
        """The faults that strike this request: at most one, and in addition `slow`.

        Faults listed after the one that struck do not count the request, so `429:2 500:2` makes four bad responses.
        `short` is not among these faults: see `largest_page`.
        """
        struck: list[Fault] = []
        for switch in self._switches:
            fault = switch.fault
            if fault.name == "short" or fault.strikes_messages:
                continue
            is_open = fault.name == "slow" or all(other.name == "slow" for other in struck)
            is_target = fault.exchange in (None, exchange) and (can_duplicate or fault.name != "duplicate_page")
            if is_open and is_target and switch.strike():
                struck.append(fault)
        return struck

    def strike_message(self, exchange: str) -> Fault | None:
        """The fault that strikes this message with trades; faults listed after it do not count the message."""
        for switch in self._switches:
            is_target = switch.fault.strikes_messages and switch.fault.exchange in (None, exchange)
            if is_target and switch.strike():
                return switch.fault
        return None

    def largest_page(self, exchange: str) -> int | None:
        """The maximum number of trades on this request's page; None if no fault limits it."""
        sizes = [
            int(float(switch.fault.value or 0))
            for switch in self._switches
            if switch.fault.name == "short" and switch.fault.exchange in (None, exchange) and switch.strike()
        ]
        return min(sizes, default=None)

    def counts(self) -> list[dict[str, str | int | None]]:
        """For each fault its name, its exchange, and how many requests or messages it has seen and struck."""
        return [
            {
                "fault": switch.fault.name,
                "exchange": switch.fault.exchange,
                "seen": switch.seen,
                "struck": switch.struck,
            }
            for switch in self._switches
        ]
