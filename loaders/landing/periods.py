"""Whole days and months (UTC) between two times."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from lakehouse.coverage import microseconds, time_of

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """One day, or one month of the calendar, UTC."""

    begin: date
    end: date
    """The day after the last one."""
    parts: "tuple[Period, ...]" = ()
    """The days of a month for which there may be rows."""

    def __str__(self) -> str:
        return f"{self.begin:%Y-%m}" if self.is_month else f"{self.begin:%Y-%m-%d}"

    @property
    def is_month(self) -> bool:
        return self.days > 1

    @property
    def days(self) -> int:
        return (self.end - self.begin).days


def midnight(day: date) -> datetime:
    """The time at which a day begins, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def whole_days(since: int, until: int) -> tuple[date, date]:
    """The first whole day between two times, microseconds since 1970, and the day after the last one."""
    first = time_of(since).date()
    if microseconds(midnight(first)) < since:
        first += _DAY
    return first, time_of(until).date()


def periods_within(since: int, until: int, *, first: int, last: int) -> list[Period]:
    """The whole months between two times, and the whole days that are in none of these, in order.

    Without those before the time `first` or after `last`, for which there are no rows. Times are microseconds since
    1970, UTC.
    """
    begin, end = whole_days(since, until)
    first_day, last_day = time_of(first).date(), time_of(last).date()
    day, found = max(begin, first_day.replace(day=1)), list[Period]()
    while day < end and day <= last_day:
        month = (day.replace(day=1) + 31 * _DAY).replace(day=1)
        if day.day == 1 and month <= end:
            found.append(Period(day, month, _days(max(day, first_day), min(month, last_day + _DAY))))
            day = month
        else:
            found += _days(max(day, first_day), day + _DAY)
            day += _DAY
    return found


def _days(begin: date, end: date) -> tuple[Period, ...]:
    return tuple(Period(day, day + _DAY) for day in (begin + _DAY * number for number in range((end - begin).days)))
