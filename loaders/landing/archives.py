"""Take over the archives of whole days and months that a source has, as `take_over` does with any file.

They are only a first step: whatever is wrong with an archive is one line for the user, and its rows stay lacking, so
that the caller requests them. The next archive is downloaded while one is taken over.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from lakehouse.errors import SchemaHubError
from lakehouse.lake import Lake
from lakehouse.ledger import LedgerRow
from lakehouse.raw_table import RawTable

from ..bulk import BulkFiles
from ..channels.ahead import ahead
from ..channels.checksums import compare, sha256_in, sha256_of
from ..channels.file_fetcher import FileFetcher
from ..channels.files import BadFile
from ..errors import Banned, ExchangeUnreachable, RateLimited
from .archive_plan import FromArchives
from .known_files import is_noted
from .periods import Period
from .take_over import ROWS_OF_A_LOAD, GivenFile, take_over, taken_over_before

_MOST_FAILURES = 3
"""The number of archives in a row that fail before no more are tried."""
_MOST_WARNINGS = 20
_LEFT_FREE = 2**30
"""The bytes on the disk that downloads must leave."""


@dataclass(frozen=True)
class _Downloaded:
    stream: str
    path: Path
    """The file, in a folder of its own."""
    address: str
    checksum: str


@dataclass(frozen=True)
class _Missing:
    """The source has no archive of a period."""

    stream: str
    period: Period


@dataclass(frozen=True)
class _Failed:
    stream: str
    error: SchemaHubError


_Found = _Downloaded | _Missing | _Failed


@dataclass
class Archives:
    """The archives of one source, and the raw table for their rows."""

    lake: Lake
    raw: RawTable
    files: BulkFiles
    fetcher: FileFetcher
    folder: Path
    """Where they are kept until they are taken over."""
    now: Callable[[], datetime]
    """Returns the time, UTC without a zone."""
    rows_of_a_load: int = ROWS_OF_A_LOAD
    """The number of rows at which a load is committed and the next one begins."""
    on_rows: Callable[[str, int], None] = lambda *_: None
    """Called with a stream, and the number of its rows that were read."""
    on_landed: Callable[[list[LedgerRow]], None] = lambda _: None
    """Called with the ledger rows of each archive."""
    warnings: list[str] = field(default_factory=list)
    """One line for each thing that the user should know, complete at the end of `take`."""

    def take(self, wanted: Sequence[FromArchives]) -> None:
        """Land the rows of archives that the raw table lacks, the oldest archive of each stream first.

        Raises:
            SchemaHubError: the lake can't be written. What is wrong with archives is among the warnings.
        """
        failures, missing = 0, defaultdict[str, list[Period]](list)
        before = taken_over_before(self.lake, self.raw)
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as folder:
            found = ahead(self._downloads(wanted, before, Path(folder)), stop=self.fetcher.close)
            with closing(found):
                for each in found:
                    if isinstance(each, _Missing):
                        missing[each.stream].append(each.period)
                        continue
                    error = each.error if isinstance(each, _Failed) else self._take_over(each)
                    failures = 0 if error is None else failures + 1
                    if error is not None and self._ends(each.stream, error, failures):
                        break
        self.warnings += [_missing_line(stream, periods) for stream, periods in missing.items()]
        if (more := len(self.warnings) - _MOST_WARNINGS) > 0:
            self.warnings[_MOST_WARNINGS:] = [f"archives: {more:,} more warnings"]

    def _ends(self, stream: str, error: SchemaHubError, failures: int) -> bool:
        """Warn of an error, and return whether no more archives are to be tried after it."""
        if isinstance(error, ExchangeUnreachable | Banned | RateLimited):
            self.warnings.append(f"archives: no more are used, and REST is instead: {error}")
            return True
        self.warnings.append(f"{stream}: an archive is not used, and REST is instead: {error}")
        if failures >= _MOST_FAILURES:
            self.warnings.append(f"archives: no more are tried after {failures} in a row that can't be used")
        return failures >= _MOST_FAILURES

    def _take_over(self, archive: _Downloaded) -> BadFile | None:
        stream = archive.stream
        file = GivenFile(
            archive.path, self.files.format, archive.address, archive.checksum, archive.path.parent, stream
        )
        try:
            with _named(archive.path, archive.address):
                taken = take_over(
                    self.lake,
                    self.raw,
                    file,
                    now=self.now,
                    on_rows=lambda rows: self.on_rows(stream, rows),
                    rows_of_a_load=self.rows_of_a_load,
                )
        except BadFile as error:
            return error
        finally:
            shutil.rmtree(archive.path.parent, ignore_errors=True)
        if taken.different:
            self.warnings.append(
                f"{stream}: {taken.different:,} rows of {archive.address} are held with other values, and stay as held"
            )
        if taken.landed:
            self.on_landed(taken.landed)
        return None

    def _downloads(self, wanted: Sequence[FromArchives], before: set[str], folder: Path) -> Iterator[_Found]:
        """What becomes of each archive, except of those that were taken over before."""
        for each in wanted:
            for period in each.periods:
                found = self._download(each.stream, period, before, folder)
                if isinstance(found, _Missing) and period.parts:
                    # that of a month appears some days after its end
                    for day in period.parts:
                        if (of_day := self._download(each.stream, day, before, folder)) is not None:
                            yield of_day
                elif found is not None:
                    yield found

    def _download(self, stream: str, period: Period, before: set[str], folder: Path) -> _Found | None:
        place = Path(tempfile.mkdtemp(dir=folder))
        found: _Found | None
        try:
            found = self._into(place, stream, period, before)
        except SchemaHubError as error:
            found = _Failed(stream, error)
        except OSError as error:
            found = _Failed(stream, BadFile(f"it can't be kept in {self.folder}: {error.strerror}"))
        if not isinstance(found, _Downloaded):
            shutil.rmtree(place, ignore_errors=True)
        return found

    def _into(self, place: Path, stream: str, period: Period, before: set[str]) -> _Downloaded | _Missing | None:
        """Download an archive into the folder `place`, and compare its checksum."""
        begin = period.begin
        path = (
            self.files.monthly(stream, begin.year, begin.month) if period.is_month else self.files.daily(stream, begin)
        )
        checksum = self.fetcher.text(path + self.files.checksum)
        if checksum is None:
            return _Missing(stream, period)
        if (known := sha256_in(checksum)) and (known in before or is_noted(self.lake, self.raw.name, known)):
            return None
        file, address = place / unquote(path.rpartition("/")[2]), self.fetcher.address + path
        free = shutil.disk_usage(place).free - _LEFT_FREE
        if not self.fetcher.save(path, file, largest=max(0, min(self.files.largest, free))):
            return _Missing(stream, period)
        with _named(file, address):
            compare(file, found := sha256_of(file), checksum)
        return _Downloaded(stream, file, address, found)


@contextmanager
def _named(path: Path, address: str) -> Iterator[None]:
    """Name a file's address in errors, because its path here says nothing to anybody."""
    try:
        yield
    except BadFile as error:
        raise BadFile(str(error).replace(str(path), address)) from error


def _missing_line(stream: str, periods: Sequence[Period]) -> str:
    shown = str(periods[0]) if len(periods) == 1 else f"{len(periods):,} days from {periods[0]} to {periods[-1]}"
    return f"{stream}: there is no archive of {shown}; REST is used instead"
