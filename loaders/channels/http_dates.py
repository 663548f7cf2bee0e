"""Dates and durations in HTTP headers, which may hold anything.

Source: RFC 9110, sections 5.6.7 (dates) and 10.2.3 (Retry-After); RFC 9111, section 5.1 (Age).
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


@lru_cache(maxsize=64)  # responses of one second have the same
def http_date(text: str | None) -> datetime | None:
    """A header's date as UTC without a zone; None if the text isn't a date."""
    try:
        moment = parsedate_to_datetime(text or "")
        return moment.replace(tzinfo=None) if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def seconds(text: str | None) -> float | None:
    """A header's number of seconds; None for anything but a plain number, for example for -5, inf or nan."""
    text = (text or "").strip()
    return float(text) if _SECONDS.fullmatch(text) else None
