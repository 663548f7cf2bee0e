"""Why venues disagree: each explanation takes something away, and only what is left after all of them is real.

`read` measures what each explanation leaves of the distance between the venues of a symbol, and `explain` finds the
first one that leaves little enough. `CAUSES` is the table of explanations, in their order; the page gets it too,
because each viewer may choose a threshold. All distances are in basis points (bps) of the price.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import log
from statistics import median

BPS = 10_000.0
STALE_SECONDS = 3.0
"""The age from which a quote says nothing about the market any more."""
LAG_SECONDS = 0.15
"""How late a venue may follow another one's price and still be called late, and not different."""
CLOSES_AT = 0.7
"""What is over the threshold stays over it until it is below this share of it."""
STAYS = 1.15
"""A cause that was given before is given again if this times its limit is left."""
_SECONDS_OF_BASIS = 30.0
"""How slowly the price of a currency follows what the symbols show."""
_REFERENCE = "USD"


@dataclass(frozen=True)
class Cause:
    name: str
    """How code calls it."""
    title: str
    """How people read it."""
    left: str
    """The field of a reading with what this explanation leaves."""
    limit: str
    """What may be left: `threshold`, `fees`, the `larger` of the two, or `anything`."""
    words: str
    """Says more, with fields of the reading, and `fees` and `beyond`, in braces."""


CAUSES = (
    Cause("stale", "Stale feed", "fresh", "threshold", "{stale}"),
    Cause("currency", "Quote currency", "adjusted", "threshold", "{currency} {basis} bps"),
    Cause("fees", "Within fees", "adjusted", "fees", "{adjusted} of {fees} bps"),
    Cause("skew", "Clock skew or lag", "aligned", "larger", "{laggard} {lag} ms behind {leader}"),
    Cause("real", "Real", "aligned", "anything", "{beyond} bps beyond fees"),
)


@dataclass(frozen=True)
class Limits:
    """What a distance is compared with."""

    threshold: float = 10.0
    """From which distance on venues are said to disagree."""
    fees: float = 20.0
    """What taking on one venue and giving on another costs."""

    @property
    def of(self) -> dict[str, float]:
        """By the names that causes use."""
        larger = max(self.threshold, self.fees)
        return {"threshold": self.threshold, "fees": self.fees, "larger": larger, "anything": float("inf")}


@dataclass(frozen=True)
class Seen:
    """The newest quote of one venue, and its prices just before. Times are seconds of one clock."""

    venue: str
    """As people read it."""
    currency: str
    mid: float
    """Between bid and ask."""
    heard: float
    """When the quote arrived."""
    age: float
    past: Iterable[tuple[float, float]] = ()
    """When earlier prices arrived, and their logarithms, oldest first."""

    @property
    def is_stale(self) -> bool:
        return self.age > STALE_SECONDS


@dataclass(frozen=True)
class Reading:
    """How far apart the venues of a symbol are at one moment, and what each explanation leaves of that."""

    apart: float
    """Between the dearest and the cheapest venue."""
    fresh: float = 0.0
    """The same without stale venues."""
    adjusted: float = 0.0
    """The same with all prices in dollars."""
    aligned: float = 0.0
    """The same with the prices that late venues follow."""
    stale: str = ""
    """The venues that are stale."""
    currency: str = ""
    """The currency that explains most, and what it is above a dollar."""
    basis: float = 0.0
    laggard: str = ""
    """The venue that is most clearly late, by how many milliseconds, and behind which one."""
    lag: float = 0.0
    leader: str = ""


NOTHING = Reading(0.0)


@dataclass
class Basis:
    """What currencies are above a dollar: what all symbols share, followed slowly."""

    of: dict[str, float] = field(default_factory=dict)
    """For each currency that isn't the dollar itself."""
    _count: dict[str, int] = field(default_factory=dict)

    def follow(self, symbols: Sequence[Sequence[Seen]], seconds: float) -> None:
        """Take into account what all symbols show now, `seconds` after the last time."""
        above: dict[str, list[float]] = {}
        for venues in symbols:
            prices: dict[str, list[float]] = {}
            for seen in venues:
                if not seen.is_stale:
                    prices.setdefault(seen.currency, []).append(BPS * log(seen.mid))
            reference = prices.pop(_REFERENCE, None)
            if reference is not None:
                for currency, found in prices.items():
                    above.setdefault(currency, []).append(median(found) - median(reference))
        for currency, found in above.items():
            count = self._count[currency] = self._count.get(currency, 0) + 1
            before = self.of.get(currency, 0.0)
            # the mean of the first ones, so that it needn't begin at zero
            self.of[currency] = before + (median(found) - before) * max(
                1 / count, min(1.0, seconds / _SECONDS_OF_BASIS)
            )


def distances(venues: Sequence[Seen]) -> list[float]:
    """How far each venue is from the middle one."""
    logs = [BPS * log(seen.mid) for seen in venues]
    middle = median(logs) if logs else 0.0
    return [each - middle for each in logs]


def read(venues: Sequence[Seen], basis: Mapping[str, float], *, fees: float, now: float) -> Reading:
    """What each explanation leaves; late venues are looked for only if fees don't explain what is left.

    `now` is in seconds of the clock of `Seen.heard`.
    """
    if len(venues) < 2:
        return NOTHING
    fresh = [seen for seen in venues if not seen.is_stale]
    logs = [BPS * log(seen.mid) for seen in fresh]
    in_dollars = [each - basis.get(seen.currency, 0.0) for each, seen in zip(logs, fresh, strict=True)]
    adjusted = _range(in_dollars)
    others = [(basis.get(seen.currency, 0.0), seen.currency) for seen in fresh if seen.currency != _REFERENCE]
    above, currency = max(others, key=lambda other: abs(other[0]), default=(0.0, ""))
    late = _late(fresh, in_dollars, basis, now) if adjusted > fees else None
    return Reading(
        apart=_range(distances(venues)),
        fresh=_range(logs),
        adjusted=adjusted,
        aligned=adjusted if late is None else late.left,
        stale=", ".join(seen.venue for seen in venues if seen.is_stale),
        currency=currency,
        basis=above,
        laggard="" if late is None else late.laggard,
        lag=0.0 if late is None else late.lag,
        leader="" if late is None else late.leader,
    )


def explain(reading: Reading, limits: Limits, before: Cause | None = None) -> Cause | None:
    """The first cause that explains a distance over the threshold; None for one below it.

    `before` is what was found last time. It isn't given up at once, so that a distance near a limit doesn't flicker.
    """
    if reading.apart <= limits.threshold * (1.0 if before is None else CLOSES_AT):
        return None
    for cause in CAUSES:
        if getattr(reading, cause.left) <= limits.of[cause.limit] * (STAYS if cause is before else 1.0):
            return cause
    raise AssertionError("the last cause explains everything")


def words(cause: Cause, reading: Reading, limits: Limits) -> str:
    """What a cause says of a reading, for people."""
    values: dict[str, str] = {name: _written(name, value) for name, value in asdict(reading).items()}
    beyond = max(0.0, reading.aligned - limits.fees)
    return cause.words.format(**values, fees=f"{limits.fees:g}", beyond=f"{beyond:.1f}")


def _written(name: str, value: float | str) -> str:
    if isinstance(value, str):
        return value
    return {"basis": f"{value:+.1f}".replace("-", "\N{MINUS SIGN}"), "lag": f"{value:.0f}"}.get(name, f"{value:.1f}")


@dataclass(frozen=True)
class _Late:
    left: float
    laggard: str
    lag: float
    leader: str


def _late(fresh: Sequence[Seen], in_dollars: Sequence[float], basis: Mapping[str, float], now: float) -> _Late | None:
    """The leader whose earlier prices explain the others' best; None if nobody's do better than the present ones."""
    found = [_behind(number, fresh, in_dollars, basis, now) for number in range(len(fresh))]
    return min((late for late in found if late is not None), key=lambda late: late.left, default=None)


def _behind(
    number: int, fresh: Sequence[Seen], in_dollars: Sequence[float], basis: Mapping[str, float], now: float
) -> _Late | None:
    leader, left, most, laggard, lag = fresh[number], 0.0, 0.0, "", 0.0
    above = basis.get(leader.currency, 0.0)
    for seen, price in zip(fresh, in_dollars, strict=True):
        if seen is leader:
            continue
        at_once = abs(price - in_dollars[number])
        earlier = [(abs(price - (BPS * past - above)), now - until) for past, until in _known_to(seen, leader, now)]
        closest, seconds = min([(at_once, 0.0), *earlier])
        left = max(left, closest)
        if at_once - closest > most:
            most, laggard, lag = at_once - closest, seen.venue, seconds * 1000
    return _Late(left, laggard, lag, leader.venue) if laggard else None


def _known_to(seen: Seen, leader: Seen, now: float) -> Iterator[tuple[float, float]]:
    """The leader's prices that a venue may have followed when its quote came, each with the time until it was valid."""
    past = list(leader.past)
    for (time, price), until in zip(past, [*(time for time, _ in past[1:]), now], strict=True):
        if time <= seen.heard and until >= seen.heard - LAG_SECONDS:
            yield price, until


def _range(values: Sequence[float]) -> float:
    return max(values) - min(values) if len(values) > 1 else 0.0
