"""Checkpoints: what has been landed of each product, as small JSON files for other tools.

    {"last_trade_id": 12345678, "trades_processed": 1000000, "last_updated": "2025-12-15T10:30:45.123456Z"}

They are a view of the lake's coverage, and no command of SchemaHub reads them to decide anything. One that is missing,
damaged, or of another lake is written again.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from lakehouse.coverage import Stretches
from lakehouse.coverage_record import read_coverage
from lakehouse.errors import LakeUnavailable
from lakehouse.files import write_whole
from lakehouse.lake import Lake

STATE = Path("state")
"""The folder of the checkpoints of `backfill`, in the current folder, unless they are kept in the lake."""


class Checkpoint(msgspec.Struct, omit_defaults=True):
    """The content of a file."""

    last_trade_id: int
    """The highest id that was landed."""
    trades_processed: int | None = None
    """The number of trades that were landed; only `backfill` writes it."""
    last_updated: str = ""
    """When the file was written, UTC, as ISO 8601 with a Z."""


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one raw table, in a folder of this machine or of the lake."""

    lake: Lake
    raw_table: str
    now: Callable[[], datetime]
    """Returns the time, UTC without a zone."""
    folder: Path | str
    """A folder of this machine, or the address of a folder of the lake."""
    counts: bool = True
    """Whether the files say how many trades were landed."""

    def check(self, streams: Iterable[str]) -> Iterator[str]:
        """Write again what is missing or wrong, and yield a warning for each kind of mistake."""
        coverage = read_coverage(self.lake, self.raw_table)
        wrong: dict[str, list[str]] = {}
        for stream in streams:
            true = _of(coverage.of(stream))
            if problem := _problem(self._read(stream), true):
                wrong.setdefault(problem, []).append(stream)
            if true is not None:
                self._write(stream, true)
        for problem, found in wrong.items():
            what = f"checkpoint {self._place(found[0])} was"
            if len(found) > 1:
                what = f"checkpoints {self._place(found[0])} and {len(found) - 1:,} more were"
            yield f"{what} {problem}; what {self.lake.location} holds decides, and is written there"

    def write(self, streams: Iterable[str]) -> None:
        """Write the checkpoints of streams that were just landed."""
        coverage = read_coverage(self.lake, self.raw_table)
        for stream in streams:
            if (true := _of(coverage.of(stream))) is not None:
                self._write(stream, true)

    def _place(self, stream: str) -> str:
        return f"{self.folder}/{_file_name(stream)}"

    def _read(self, stream: str) -> bytes | None:
        with suppress(FileNotFoundError):
            if isinstance(self.folder, Path):
                return (self.folder / _file_name(stream)).read_bytes()
            return self.lake.read(self._place(stream))
        return None

    def _write(self, stream: str, checkpoint: Checkpoint) -> None:
        checkpoint.last_updated = f"{self.now().isoformat(timespec='microseconds' if self.counts else 'seconds')}Z"
        if not self.counts:
            checkpoint.trades_processed = None
        content = msgspec.json.format(msgspec.json.encode(checkpoint), indent=2) + b"\n"
        if isinstance(self.folder, str):
            self.lake.write(self._place(stream), content)
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / _file_name(stream), content)
        except OSError as error:
            raise LakeUnavailable(
                f"the checkpoint {self._place(stream)!r} can't be written: {error.strerror}; what was landed is "
                "complete; run this in another folder, or with --checkpoint-s3"
            ) from error


def _of(held: Stretches) -> Checkpoint | None:
    """What the lake holds of a stream; None if nothing."""
    stretches = list(held)
    if not stretches:
        return None
    return Checkpoint(stretches[-1].high - 1, sum(each.rows for each in stretches))


def _problem(content: bytes | None, true: Checkpoint | None) -> str | None:
    """What is wrong with a checkpoint that can't be explained by loads since it was written."""
    if content is None:
        return "missing" if true else None
    try:
        found = msgspec.json.decode(content, type=Checkpoint)
    except msgspec.MsgspecError:
        return "damaged"
    if true is None or found.last_trade_id > true.last_trade_id:
        return "of another lake"
    return None


def _file_name(stream: str) -> str:
    return f"{quote(stream, safe='')}.json"
