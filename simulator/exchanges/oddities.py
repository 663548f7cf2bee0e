"""Oddities of bulk files that were seen in the wild and can be switched on.

An oddity is written `NAME[=VALUE][@TEXT]`, and applies to the files whose names contain TEXT:

    header                          the first row has the columns' names
    hole=25@BTCUSDT                 25 trades are missing from the middle of each of BTCUSDT's files
    truncated=09:29@2026-01-05      no trades from 09:29 of the file's last day on
    reissued@2026-01                files have a hole until they and their checksums have been downloaded once
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from random import Random

from simulator.exchanges.bulk_files import FileRow

_SPEC = re.compile(r"(?P<name>\w+)(=(?P<value>[^@]+))?(@(?P<files>.+))?")
_DAY_NS = 24 * 3600 * 10**9


@dataclass(frozen=True)
class _Kind:
    meaning: str
    default: str | None = None
    """The value if none is given; `None` for an oddity that takes no value."""
    is_time: bool = False


KINDS = {
    "header": _Kind("the first row has the columns' names"),
    "shuffled": _Kind("the rows are in a random order"),
    "hole": _Kind("this number of trades is missing from the middle", "10"),
    "truncated": _Kind("there are no trades from this time of the last day on", "09:29", is_time=True),
    "reissued": _Kind(
        "the file has a hole until it and its checksum have been downloaded this number of times, and is then complete",
        "1",
    ),
    "wrong_checksum": _Kind("the checksum is that of another file"),
}
_REISSUED_HOLE = 10


@dataclass(frozen=True)
class Oddity:
    """One oddity of the files whose names contain `files`."""

    name: str
    value: str | None
    files: str


def parse_oddity(text: str) -> Oddity:
    """Parse one oddity; raises ValueError, which says what was expected."""
    match = _SPEC.fullmatch(text)
    if match is None:
        raise ValueError(f"oddity {text!r}: expected NAME[=VALUE][@TEXT]")
    kind = KINDS.get(match["name"])
    if kind is None:
        raise ValueError(f"oddity {text!r}: unknown oddity `{match['name']}`; use one of: {', '.join(KINDS)}")
    return Oddity(match["name"], _checked_value(text, kind, match["value"]), match["files"] or "")


def _checked_value(text: str, kind: _Kind, value: str | None) -> str | None:
    if value is None:
        return kind.default
    if kind.default is None:
        raise ValueError(f"oddity {text!r}: this oddity takes no value; expected it without `={value}`")
    is_right = _is_time(value) if kind.is_time else re.fullmatch(r"[1-9]\d*", value)
    if not is_right:
        wanted = "a time of day" if kind.is_time else "a number above 0"
        raise ValueError(f"oddity {text!r}: expected {wanted} after `=`, found {value!r}")
    return value


def _is_time(text: str) -> bool:
    try:
        time.fromisoformat(text)
    except ValueError:
        return False
    return True


class Oddities:
    """The oddities that are on, and how often the files that they change have been downloaded."""

    def __init__(self, oddities: Iterable[Oddity] = ()) -> None:
        self._oddities = tuple(oddities)
        self._downloads: Counter[str] = Counter()
        self._checksum_downloads: Counter[str] = Counter()

    def of(self, file: str) -> tuple[Oddity, ...]:
        """The oddities that a file has now; one that was issued again has no hole any more."""
        return tuple(
            oddity
            for oddity in self._oddities
            if oddity.files in file and not (oddity.name == "reissued" and self._is_reissued(file, oddity))
        )

    def count_download(self, file: str, *, is_checksum: bool) -> None:
        """Note that a file or its checksum has been downloaded."""
        (self._checksum_downloads if is_checksum else self._downloads)[file] += 1

    def _is_reissued(self, file: str, oddity: Oddity) -> bool:
        return min(self._downloads[file], self._checksum_downloads[file]) >= int(oddity.value or 1)


def odd_text(rows: list[FileRow], oddities: Iterable[Oddity], *, header: str, seed: str) -> str:
    """The text of a CSV with the oddities; `seed` draws the order of shuffled rows."""
    first_line = ""
    for oddity in oddities:
        match oddity.name:
            case "header":
                first_line = f"{header}\n"
            case "shuffled":
                rows = Random(seed).sample(rows, len(rows))
            case "hole":
                rows = _without_middle(rows, int(oddity.value or 0))
            case "reissued":
                rows = _without_middle(rows, _REISSUED_HOLE)
            case "truncated":
                rows = _truncated(rows, oddity.value or "")
    return first_line + "".join(f"{row.text}\n" for row in rows)


def _without_middle(rows: list[FileRow], count: int) -> list[FileRow]:
    start = max(0, (len(rows) - count) // 2)
    return rows[:start] + rows[start + count :]


def _truncated(rows: list[FileRow], end: str) -> list[FileRow]:
    if not rows:
        return rows
    clock = time.fromisoformat(end)
    last_day_ns = max(row.time_ns for row in rows) // _DAY_NS * _DAY_NS
    end_ns = last_day_ns + (clock.hour * 3600 + clock.minute * 60 + clock.second) * 10**9
    return [row for row in rows if row.time_ns < end_ns]
