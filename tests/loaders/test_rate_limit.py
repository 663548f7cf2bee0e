from loaders.channels.rate_limit import RateLimiter
from loaders.connector import Budget


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    limiter = RateLimiter(Budget(units=10, seconds=1, burst=3), clock=Clock())
    assert [round(limiter.reserve(1), 3) for _ in range(6)] == [0, 0, 0, 0.1, 0.2, 0.3]


def test_weights_are_counted_in_the_exchanges_units() -> None:
    limiter = RateLimiter(Budget(units=6_000, seconds=60, burst=100), clock=Clock())
    assert [round(limiter.reserve(25), 3) for _ in range(5)] == [0, 0, 0, 0, 0.25]


def test_over_any_span_no_more_is_sent_than_the_budget_allows() -> None:
    clock = Clock()
    limiter = RateLimiter(Budget(units=9, seconds=1, burst=10), clock=clock)
    sent = []
    for _ in range(100):
        clock.now += limiter.reserve(1)
        sent.append(clock.now)
    for start in sent:
        assert sum(start <= moment < start + 1 for moment in sent) <= 10 + 9


def test_each_scope_has_its_own_budget() -> None:
    limiter = RateLimiter(Budget(units=1, seconds=1, burst=1), clock=Clock())
    assert [limiter.reserve(1, scope) for scope in ("XBTUSD", "ETHUSD", "XBTUSD")] == [0, 0, 1]


def test_a_pause_that_the_exchange_requested_delays_all_requests() -> None:
    clock = Clock()
    limiter = RateLimiter(Budget(units=10, seconds=1, burst=5), clock=clock)
    limiter.pause(30)
    assert round(limiter.reserve(1), 3) == 30.1
    clock.now += 60
    assert limiter.reserve(1) == 0
