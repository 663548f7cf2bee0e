"""Notes on files of which a raw table held every row already, so that no load in the ledger has their checksum.

    <lake>/coverage/<raw table>-files/<checksum>.json     [["<stream>", low, high], …]

A note only saves reading the file again. It counts as long as the coverage holds what the file has; without notes,
files are read again and add nothing.
"""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from lakehouse.coverage_record import read_coverage
from lakehouse.lake import Lake

MOST_SPANS = 1_000
"""The maximum number of stretches of a file that is noted."""

Span = tuple[str, int, int]
"""A stream, and the keys [low, high) that a file has of it."""

_spans = msgspec.json.Decoder(list[Span])


def note(lake: Lake, raw_table: str, checksum: str, spans: Sequence[Span], *, folder: Path) -> None:
    """Note that a file has nothing that the raw table lacks; `folder` is for the note before it is in the lake."""
    if len(spans) <= MOST_SPANS:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            file = Path(place, "note")
            file.write_bytes(msgspec.json.encode(spans))
            lake.put(file, _address(lake, raw_table, checksum))


def is_noted(lake: Lake, raw_table: str, checksum: str) -> bool:
    """Whether a file was noted, and the raw table still holds what it has."""
    with suppress(FileNotFoundError, msgspec.MsgspecError):
        spans = _spans.decode(lake.read(_address(lake, raw_table, checksum)))
        coverage = read_coverage(lake, raw_table)
        return not any(coverage.missing(*span) for span in spans)
    return False


def _address(lake: Lake, raw_table: str, checksum: str) -> str:
    return f"{lake.location}/coverage/{raw_table}-files/{checksum}.json"
