"""Files of rows that people have: opens plain, gzip and ZIP files, and reads them in blocks of whole lines.

A file may contain anything. So everything is bounded: the size of a member after decompression, the length of a line,
and the number of members; a name inside a ZIP is shown and compared, but never used as a path. Nothing here holds more
than a few blocks in memory, whatever the size of the file.
"""

import gzip
import io
import re
import stat
import struct
import weakref
import zipfile
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.errors import TerminalError
from lakehouse.printable import printable
from lakehouse.raw_table import RawTable

_BROKEN = (
    EOFError,
    OSError,  # gzip's own error is one too
    RuntimeError,  # a member with a password
    NotImplementedError,  # a member compressed in a way that Python doesn't know
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What Python raises for a damaged gzip or ZIP file."""

MOST_EXAMPLES = 10
_BOM = b"\xef\xbb\xbf"


class BadFile(TerminalError):
    """A file can't be read, or holds something else than expected; the message names the file and the place."""


@dataclass(frozen=True)
class Limits:
    """What a file may have at most. Real files have less than a tenth of each."""

    part_bytes: int = 256 * 2**30
    """The size of a member after decompression."""
    ratio: int = 200
    """The size of a member after decompression by its size before; text of trades has less than 20."""
    small_bytes: int = 2**28
    """The size of a member after decompression that any ratio is accepted for."""
    line_bytes: int = 2**20
    parts: int = 20_000
    """The number of members of a ZIP."""
    block_bytes: int = 4 * 2**20
    """The size of the blocks in which a file is read."""


LIMITS = Limits()


@dataclass
class Report:
    """What a reader left out of a file; complete when its batches have been read."""

    rows: int = 0
    """The number of rows that were yielded."""
    skipped: Counter[str] = field(default_factory=Counter)
    """The number of lines by the reason for which they were left out."""
    examples: list[str] = field(default_factory=list)
    """One line for each of the first lines left out: its number, the reason, and how it begins."""

    def skip(self, reason: str, count: int = 1) -> None:
        if count:
            self.skipped[reason] += count

    def show(self, place: str, reason: str, text: str) -> None:
        """Remember an example, if there are not enough yet."""
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(f"{place}: {reason}: {printable(text, 80)!r}")


@dataclass(frozen=True)
class FileStream:
    """The rows of one stream in a file, oldest first, in the page schema of its raw table."""

    stream: str
    batches: Iterator[pa.RecordBatch]
    """Raises BadFile, also after some batches: damage may be at the end of a file."""
    report: Report


@dataclass(frozen=True)
class FileFormat:
    """A format of files. `FORMAT` of a module in `connectors/<name>/` is one."""

    name: str
    """What a person types to name the format."""
    example: str
    """The name of such a file."""
    fits_name: Callable[[str], bool]
    """Whether a file, or a member of a ZIP, of this name has the format."""
    fits_head: Callable[[bytes], bool]
    """Whether the first bytes, after decompression, are in this format."""
    read: Callable[..., Iterator[FileStream]]
    """`read(path, raw, stream=None, folder=None, is_in_order=None, limits=LIMITS)`: `raw` is the connector's raw table,
    and `stream` overrides what the file's name says."""
    beside: str | None = None
    """None if rows have the exchange's own ids. Otherwise ids are made, times are whole seconds, and a second is in a
    file completely or not at all; the rows are a stream beside the exchange's own, which this text names."""


@dataclass(frozen=True)
class Block:
    """Whole lines of a file, one after another."""

    first: int
    """The number of the first line in the file, from 1."""
    text: bytes
    """The lines as they are in the file, with line breaks between them alone, and without carriage returns."""
    lines: pa.StringArray
    """The text of each line; null where it is not text: if it has NUL bytes, or is not UTF-8."""


@dataclass(frozen=True)
class Part:
    """A file, or a member of a ZIP."""

    name: str
    """Its name, without folders and without `.gz`, printable."""
    place: str
    """Its name for messages."""
    size: int
    """Its size before decompression, in bytes."""
    limits: Limits
    opened: Callable[[ExitStack], IO[bytes]]

    def head(self, size: int = 2**16) -> bytes:
        """The first bytes, after decompression."""
        with closing(self._pieces(size)) as pieces:
            return next(pieces, b"").removeprefix(_BOM)

    def blocks(self) -> Iterator[Block]:
        """All lines, in blocks; the next block is decompressed while one is used."""
        texts = self._texts()
        with closing(texts), ThreadPoolExecutor(1, "decompress") as aside:
            first, coming = 1, aside.submit(next, texts, None)
            while (text := coming.result()) is not None:
                coming = aside.submit(next, texts, None)
                lines = lines_of(text)
                self._check_lengths(lines, first)
                yield Block(first, text, lines)
                first += len(lines)

    def _texts(self) -> Generator[bytes, None, None]:
        """The file cut after line breaks."""
        rest, total = b"", 0
        with closing(self._pieces(self.limits.block_bytes)) as pieces:
            for piece in pieces:
                text, line_break, rest = (rest + piece if total else piece.removeprefix(_BOM)).rpartition(b"\n")
                total += len(piece)
                if line_break:
                    yield _unix_lines(text)
                if len(rest) > self.limits.line_bytes:
                    raise self._too_long(f"byte {total - len(rest):,}")
        if rest:
            yield _unix_lines(rest)

    def _check_lengths(self, lines: pa.StringArray, first: int) -> None:
        lengths = pc.binary_length(lines)
        longest = pc.max(lengths).as_py() or 0
        if longest > self.limits.line_bytes:
            raise self._too_long(f"line {first + pc.index(lengths, longest).as_py()}")

    def _too_long(self, where: str) -> BadFile:
        return BadFile(
            f"{self.place}: {where}: expected lines of at most {self.limits.line_bytes:,} bytes, found a longer one; "
            "this is not a file of rows"
        )

    def _pieces(self, size: int) -> Generator[bytes, None, None]:
        """The content after decompression; every piece but the last has `size` bytes."""
        most = min(self.limits.part_bytes, max(self.limits.small_bytes, self.limits.ratio * self.size))
        total = 0
        with ExitStack() as stack:
            with self._as_bad_file(0):
                file = self.opened(stack)
            while True:
                with self._as_bad_file(total):
                    piece = file.read(size)
                if not piece:
                    return
                total += len(piece)
                if total > most:
                    raise BadFile(
                        f"{self.place}: has {self.size:,} bytes and decompresses to more than {most:,}, which no file "
                        "of rows does; not read any further"
                    )
                yield piece

    @contextmanager
    def _as_bad_file(self, position: int) -> Iterator[None]:
        try:
            yield
        except _BROKEN as error:
            reason = printable(str(error), 200) or type(error).__name__
            raise BadFile(
                f"{self.place}: can't be read beyond byte {position:,}: {reason}; is the file complete?"
            ) from error


def parts(path: Path, limits: Limits = LIMITS) -> list[Part]:
    """The members of a ZIP in its order, or the file itself, which may be compressed by gzip.

    Folders and hidden members, which some programs add, are left out. What a file is shows in its first bytes.

    Raises:
        BadFile: the file can't be read, or the ZIP is damaged, or has too many members or none.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe could wait for ever
            raise BadFile(f"{path}: can't be read: it is not a file")
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise BadFile(f"{path}: can't be read: {error.strerror}") from error
    shown = printable(str(path))
    if magic.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _members(path, shown, limits)
    if magic.startswith(b"\x1f\x8b"):
        name = base_name(path.name)
        name = name[:-3] if name.lower().endswith(".gz") else name
        return [Part(name, shown, status.st_size, limits, partial(_open_gzip, path))]
    return [Part(base_name(path.name), shown, status.st_size, limits, partial(_open_plain, path))]


def _members(path: Path, shown: str, limits: Limits) -> list[Part]:
    file = path.open("rb")
    try:
        # shared by all parts, which would each read its directory of thousands of members
        archive = zipfile.ZipFile(file)
        members = archive.infolist()
    except _BROKEN as error:
        file.close()
        raise BadFile(f"{shown}: is not a whole ZIP file: {printable(str(error), 200)}; is it complete?") from error
    weakref.finalize(archive, file.close)  # with the last of the parts
    if len(members) > limits.parts:
        raise BadFile(f"{shown}: has {len(members):,} members, expected at most {limits.parts:,}")
    found = [
        Part(name, f"{shown}: {name}", member.compress_size, limits, partial(_open_member, archive, member))
        for member in members
        if not member.is_dir()
        and not (name := base_name(member.filename)).startswith(".")
        and "__MACOSX" not in member.filename
    ]
    if not found:
        raise BadFile(f"{shown}: is a ZIP without files; expected at least one")
    return found


def _open_plain(path: Path, stack: ExitStack) -> IO[bytes]:
    return stack.enter_context(path.open("rb"))


def _open_gzip(path: Path, stack: ExitStack) -> IO[bytes]:
    return io.BufferedReader(stack.enter_context(gzip.open(path)))


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, stack: ExitStack) -> IO[bytes]:
    return stack.enter_context(archive.open(member))


def base_name(name: str) -> str:
    """The last part of a name that may contain folders, as Unix or Windows writes them; printable."""
    return printable(re.split(r"[/\\]", name)[-1], 200)


def lines_of(text: bytes) -> pa.StringArray:
    """The lines of a block's text; null where a line is not text."""
    ends = pa.py_buffer(array("i", [0, len(text)]))
    lines = pc.split_pattern(pa.Array.from_buffers(pa.binary(), 1, [None, ends, pa.py_buffer(text)]), "\n").values
    if b"\0" not in text and (text.isascii() or _is_utf8(text)):
        return lines.view(pa.string())
    return pa.array([_text(line) for line in text.split(b"\n")], pa.string())


def _text(line: bytes) -> str | None:
    try:
        return None if b"\0" in line else line.decode()
    except UnicodeDecodeError:
        return None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unix_lines(text: bytes) -> bytes:
    if b"\r" not in text:
        return text
    return text.replace(b"\r\n", b"\n").removesuffix(b"\r")


def only_part(path: Path, found: Sequence[Part]) -> Part:
    """The single part of a file whose format has one; raises BadFile if there are more."""
    if len(found) != 1:
        names = ", ".join(printable(part.name, 60) for part in found[:3])
        raise BadFile(f"{printable(str(path))}: expected a ZIP with one file, found {len(found):,}: {names}")
    return found[0]


def without(columns: RawTable, batch: pa.RecordBatch) -> pa.RecordBatch:
    """`batch` in the page schema of a raw table, without columns that were added to it."""
    return batch.select(columns.page_schema.names)
