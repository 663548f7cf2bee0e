"""Bulk files: ZIPs of CSV rows for whole UTC days, months or quarters, whose bytes are the same in every run."""

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator.exchanges.tape import Tape

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PERIOD = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)(-(?P<day>\d\d))?|Q(?P<quarter>[1-4])_(?P<quarters_year>\d{4})")


@dataclass(frozen=True)
class Period:
    """A whole UTC day, month or quarter: `start_ns <= time < end_ns`, in nanoseconds since 1970."""

    start_ns: int
    end_ns: int

    def has_passed(self, market_ns: int) -> bool:
        return self.end_ns <= market_ns

    def indexes(self, tape: Tape) -> range:
        """Where on a tape the period's trades are."""
        return range(tape.from_time(self.start_ns), tape.from_time(self.end_ns))


@dataclass(frozen=True)
class FileRow:
    """One row of a CSV, without its line end, and the time of its trade."""

    time_ns: int
    text: str


def read_period(text: str) -> Period | None:
    """The period that a file's name has: `2026-01-05`, `2026-01` or `Q1_2026`; None if it is none of them."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    year = int(match["year"] or match["quarters_year"])
    month = int(match["month"] or 3 * int(match["quarter"]) - 2)
    try:
        start = datetime(year, month, int(match["day"] or 1), tzinfo=UTC)
    except ValueError:
        return None
    if match["day"]:
        return _period(start, start + timedelta(days=1))
    return _period(start, _months_later(start, 3 if match["quarter"] else 1))


def until_last_quarter(market_ns: int) -> Period:
    """Everything before the quarter in which a time is."""
    now = _EPOCH + timedelta(microseconds=market_ns // 1000)
    quarter = datetime(now.year, now.month - (now.month - 1) % 3, 1, tzinfo=UTC)
    return _period(_EPOCH, quarter)


def zipped(files: Mapping[str, str]) -> bytes:
    """The ZIP of files with these names and texts; it holds no time of its making."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text, compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def sha256sum(content: bytes, name: str) -> bytes:
    """What the command `sha256sum` writes about a file."""
    return f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode()


def _months_later(start: datetime, months: int) -> datetime:
    month = start.month - 1 + months
    return start.replace(year=start.year + month // 12, month=month % 12 + 1)


def _period(start: datetime, end: datetime) -> Period:
    return Period(*((moment - _EPOCH) // timedelta(microseconds=1) * 1000 for moment in (start, end)))
