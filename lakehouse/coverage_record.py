"""Where the coverage of a raw table is kept: in a property that the commit of the rows sets, and in files it names.

    schemahub.coverage = {"base": "<lake>/coverage/<table>/base-3f…", "loads": [{"id": "1763942400.…", …}, …]}

`base` is a file with all stretches up to some commit, and `loads` lists what each later load added. A commit appends
its own load, so that it costs the same with 10 streams as with 20,000. When the list gets long, a commit writes a new
base, which takes in those loads that the ledger has. So the list also shows what the ledger may still lack.

The files are outside the table's folder, where Athena's VACUUM and Spark's remove_orphan_files would remove them. Each
has a name of its own, is written before the commit that names it, and is never changed.
"""

import gzip
import tempfile
import uuid
import zlib
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from .coverage import Coverage, Streams, each_stretch
from .errors import LakeUnavailable
from .lake import Lake

COVERAGE = "schemahub.coverage"
"""The property of a raw table that holds its coverage."""

_LONGEST_INLINE = 4_000
"""The maximum number of characters of a load in the property. A longer one gets a file."""
_LONGEST_LIST = 32_000
_MOST_LOADS = 50
"""The length of the property in characters, and the number of loads in it, at which a commit writes a new base."""
_KEPT_FOR = timedelta(days=1)
"""How long files that no property names any more are kept, for readers that began earlier."""

_streams = msgspec.json.Decoder(Streams)


class RecordedLoad(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one commit added."""

    id: str
    landed_at: datetime
    """When the load was committed, UTC without a zone."""
    streams: Streams | None = None
    file: str | None = None
    """The address of a file with `streams`, if these are too long for the property."""
    file_name: str | None = None
    """The name of the source's file that the rows come from; None if they were not in a file."""
    checksum: str | None = None
    """The SHA-256 of that file, in its last load."""


class _Property(msgspec.Struct, frozen=True, omit_defaults=True):
    base: str | None = None
    loads: list[RecordedLoad] = []


@dataclass(frozen=True)
class CoverageRecord:
    """The coverage of a raw table as it was read, and what the next commit sets."""

    lake: Lake
    table: str
    """The name of the raw table."""
    base: str | None = None
    loads: list[RecordedLoad] = field(default_factory=list)
    """The loads since the base, oldest commit first."""

    @property
    def coverage(self) -> Coverage:
        """All stretches; raises LakeUnavailable if a file of the record is missing or damaged."""
        return self._with(self.loads)

    def _with(self, loads: list[RecordedLoad]) -> Coverage:
        coverage = Coverage(self._read(self.base) if self.base else {})
        for load in loads:
            coverage = coverage.with_added(each_stretch(self.streams_of(load)))
        return coverage

    def streams_of(self, load: RecordedLoad) -> Streams:
        """What a load added."""
        return self._read(load.file) if load.file else load.streams or {}

    @property
    def is_long(self) -> bool:
        """Whether the next commit should write a new base."""
        return len(self.loads) >= _MOST_LOADS or len(self.as_property()[COVERAGE]) > _LONGEST_LIST

    def as_property(self) -> dict[str, str]:
        """The property to set in the next commit."""
        return {COVERAGE: msgspec.json.encode(_Property(self.base, self.loads)).decode()}

    def with_load(self, load: RecordedLoad) -> "CoverageRecord":
        """Together with a load, whose streams are written to a file if they are long."""
        if load.streams is not None and len(msgspec.json.encode(load)) > _LONGEST_INLINE:
            address = self._write(f"load-{load.id}-{uuid.uuid4().hex[:8]}", load.streams)
            load = msgspec.structs.replace(load, streams=None, file=address)
        return replace(self, loads=[*self.loads, load])

    def gathered(self, recorded: Set[str]) -> "CoverageRecord":
        """With a new base that takes in those loads that the ledger has."""
        taken = [load for load in self.loads if load.id in recorded]
        if not taken:
            return self
        left = [load for load in self.loads if load.id not in recorded]
        return replace(self, loads=left).with_base(self._with(taken).streams)

    def with_base(self, streams: Streams) -> "CoverageRecord":
        """With a new base that holds `streams`."""
        return replace(self, base=self._write(f"base-{uuid.uuid4().hex}", streams))

    def check_readable(self) -> None:
        """Raise LakeUnavailable if a file of the record is missing or damaged."""
        for address in filter(None, (self.base, *(load.file for load in self.loads))):
            _read_streams(self.lake, address)

    def remove_unused_files(self) -> None:
        """Remove files that are old, and that this record doesn't name."""
        named = {self.base, *(load.file for load in self.loads)}
        self.lake.remove_old_files(self._folder, older_than=_KEPT_FOR, keep={name for name in named if name})

    @property
    def _folder(self) -> str:
        return f"{self.lake.location}/coverage/{self.table}"

    def _write(self, name: str, streams: Streams) -> str:
        address = f"{self._folder}/{name}.json.gz"
        with tempfile.TemporaryDirectory(dir=self.lake.work_folder) as folder:
            file = Path(folder, "streams")
            file.write_bytes(gzip.compress(msgspec.json.encode(streams), 1))
            self.lake.put(file, address)
        return address

    def _read(self, address: str) -> Streams:
        if address not in _read_before:
            if len(_read_before) == _MOST_REMEMBERED:
                _read_before.clear()
            _read_before[address] = _read_streams(self.lake, address)
        return _read_before[address]


_MOST_REMEMBERED = 8
_read_before: dict[str, Streams] = {}
"""Files that this process has read, by address; they never change."""


def _read_streams(lake: Lake, address: str) -> Streams:
    try:
        return _streams.decode(gzip.decompress(lake.read(address)))
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
        raise LakeUnavailable(
            f"{address}, which is a part of what the lake says it holds, is missing or damaged; "
            "`schemahub repair` restores it from the ledger"
        ) from error


def read_record(lake: Lake, table: str, properties: Mapping[str, str]) -> CoverageRecord:
    """The record of a raw table with these properties; empty if nothing has been landed."""
    text = properties.get(COVERAGE)
    stored = msgspec.json.decode(text, type=_Property) if text else _Property()
    return CoverageRecord(lake, table, stored.base, stored.loads)


def listed_loads(properties: Mapping[str, str]) -> list[str]:
    """The ids of the loads in the list of a raw table with these properties."""
    text = properties.get(COVERAGE)
    return [load.id for load in msgspec.json.decode(text, type=_Property).loads] if text else []


def read_coverage(lake: Lake, table: str) -> Coverage:
    """The coverage of a raw table as it is now, without pyiceberg; empty if there is no such table."""
    state = lake.table_state(table)
    return Coverage({}) if state is None else read_record(lake, table, state.properties).coverage
