"""Take over files of trades that people have, one after the other, so that a bad one doesn't stop the others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.errors import Misconfigured, OurMistake, SchemaHubError, is_interruption
from lakehouse.names import known
from lakehouse.printable import printable
from loaders.channels.checksums import compare, sha256_of
from loaders.channels.files import BadFile, parts
from loaders.connector import Connector
from loaders.connectors import connector_names, load_connector
from loaders.file_formats import Recognised, UnknownFormat, format_of, formats
from loaders.landing.known_files import is_noted
from loaders.landing.take_over import GivenFile, TakenOver, take_over, taken_over_before
from registry.products import LONGEST_NAME

from ..product_names import listed_name
from ..refusals import refusals_as_errors
from ..simulated_lake import is_simulated
from .context import RunContext
from .files_given import FileThere, checksum_in, files_of, place_for_copies
from .raw_tables import declared_columns


@dataclass(frozen=True)
class Wanted:
    """What to take over, and how; what is None is decided for each file."""

    path: str
    """A file, a folder, or an address that begins with s3://."""
    exchange: str | None = None
    product: str | None = None
    format: str | None = None
    checksum: Path | None = None
    """The file that holds the checksum of the one file."""
    again: bool = False
    """Whether to read files that were taken over before."""


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file; exactly one of `taken`, `left_out` and `error` is set."""

    name: str
    exchange: str | None = None
    taken: TakenOver | None = None
    left_out: str | None = None
    """Why the file was not read."""
    error: SchemaHubError | None = None
    is_unknown: bool = False
    """Whether the file has none of the formats."""
    unlisted: Sequence[str] = ()
    """Its products that the exchange's product list lacks."""


@dataclass
class _Import:
    context: RunContext
    wanted: Wanted
    on_rows: Callable[[str, int], None]
    copies: Path
    is_single: bool
    """Whether there is only one file."""
    connectors: dict[str, Connector] = field(default_factory=dict)
    before: dict[str, set[str]] = field(default_factory=dict)
    """For each exchange, the checksums of files that were taken over."""

    def outcome_of(self, there: FileThere) -> FileOutcome:
        """Take over one file; raises only if the run was interrupted."""
        try:
            with refusals_as_errors(), there.opened() as path:
                try:
                    return self._outcome_of(there, path)
                except BadFile as error:  # a copy's own path says nothing to anybody
                    message = str(error).replace(str(path), there.address)
                    raise type(error)(message) from error
        except UnknownFormat as error:
            return FileOutcome(there.name, error=error, is_unknown=True)
        except SchemaHubError as error:
            return FileOutcome(there.name, error=error)
        except Exception as error:
            if is_interruption(error):
                raise
            return FileOutcome(there.name, error=OurMistake.of(error, while_doing=printable(there.address)))

    def _outcome_of(self, there: FileThere, path: Path) -> FileOutcome:
        recognised = format_of(path, self.wanted.format)
        exchange = recognised.exchange
        if self.wanted.exchange not in (None, exchange):
            return FileOutcome(there.name, exchange, left_out=f"it is a file of {exchange}")
        checksum = sha256_of(path)
        expected = there.checksum() if self.wanted.checksum is None else checksum_in(self.wanted.checksum)
        if expected is not None:
            compare(path, checksum, expected)
        connector = self._connector(exchange)
        if not self.wanted.again and (
            checksum in self.before[exchange] or is_noted(self.context.lake, connector.raw.name, checksum)
        ):
            return FileOutcome(there.name, exchange, left_out="it was taken over before; --again reads it again")
        symbol = self._symbol(exchange)
        streams = _streams(path, recognised, connector, symbol)
        if symbol is not None and symbol not in streams and (why := self._not_of(path, exchange, symbol, streams)):
            return FileOutcome(there.name, exchange, left_out=why)
        for each in streams if symbol is None else [symbol]:
            self._check_name(path, connector, each)
        taken = self._take_over(there, path, recognised, connector, checksum, symbol)
        listed = self._symbols(exchange)
        return FileOutcome(there.name, exchange, taken, unlisted=[each for each in taken.streams if each not in listed])

    def _take_over(
        self,
        there: FileThere,
        path: Path,
        recognised: Recognised,
        connector: Connector,
        checksum: str,
        symbol: str | None,
    ) -> TakenOver:
        is_whole = symbol is None or len(parts(path)) == 1
        file = GivenFile(path, recognised.format, there.address, checksum, self.copies, symbol, is_whole)
        taken = take_over(
            self.context.lake,
            connector.raw,
            file,
            now=self.context.now,
            on_rows=lambda rows: self.on_rows(there.name, rows),
        )
        if is_whole and taken.landed:
            self.before[recognised.exchange].add(checksum)
        return taken

    def _connector(self, exchange: str) -> Connector:
        if exchange not in self.connectors:
            connector = load_connector(exchange, declared_columns(self.context.registry))
            self.before[exchange] = taken_over_before(self.context.lake, connector.raw)
            self.connectors[exchange] = connector
        return self.connectors[exchange]

    def _symbols(self, exchange: str) -> set[str]:
        return {each.symbol for each in self.context.registry.products if each.exchange == exchange.upper()}

    def _symbol(self, exchange: str) -> str | None:
        """The product that was named, as the exchange writes it; it may be named as BASE-QUOTE, too."""
        named = self.wanted.product
        if named is None or named in self._symbols(exchange):
            return named
        same = {
            each.symbol
            for each in self.context.registry.products
            if each.exchange == exchange.upper()
            and named.casefold() in (each.symbol.casefold(), each.canonical_symbol.casefold())
        }
        return same.pop() if len(same) == 1 else named

    def _not_of(self, path: Path, exchange: str, symbol: str, streams: Sequence[str]) -> str | None:
        """Why a file is not of the product that was named, if it says another one; None if it may be of that.

        The name of a single file may say nothing, although it looks like a product.
        """
        if len(streams) > 1:
            return f"it has no trades of {symbol}"
        (said,) = streams
        if said.casefold() == symbol.casefold():
            return None
        if self.is_single:
            if said in self._symbols(exchange):
                raise BadFile(f"{path}: is of {said}, and --product says {symbol}; name one of them alone")
            return None
        return f"it is of {printable(said, 60)}"

    def _check_name(self, path: Path, connector: Connector, symbol: str) -> None:
        """Raise BadFile if the exchange writes the symbol in another way, because that would be another stream."""
        if not symbol.isprintable() or len(symbol) > LONGEST_NAME:
            raise BadFile(f"{path}: is of {printable(symbol, 60)!r}, which can't be the name of a product")
        if (found := listed_name(connector, symbol, self.context.registry.products)) not in (None, symbol):
            raise BadFile(f"{path}: is of {symbol}, which {connector.name} writes {found}; add --product {found}")


def _streams(path: Path, recognised: Recognised, connector: Connector, symbol: str | None) -> list[str]:
    """The streams of a file as it says itself; the one that was named if it says none. Reads no rows."""
    try:
        return [found.stream for found in recognised.format.read(path, connector.raw)]
    except BadFile:
        if symbol is None:
            raise
    return [found.stream for found in recognised.format.read(path, connector.raw, symbol)]


def import_files(
    context: RunContext, wanted: Wanted, *, on_rows: Callable[[str, int], None] = lambda *_: None
) -> Iterator[FileOutcome]:
    """Take over files, and yield what became of each as soon as it is known.

    Args:
        context: the context of the run.
        wanted: which files, and how.
        on_rows: called with a file's name and the number of rows that were read, again and again.

    Raises:
        Misconfigured: nothing has the name that was given, an option names something unknown, the lake holds simulated
            trades, or no file has one of the formats.
    """
    _check(context, wanted)
    with refusals_as_errors():
        copies = place_for_copies(context.lake.work_folder)
        files, links = files_of(wanted.path, copies)
    if wanted.checksum is not None and len(files) != 1:
        raise Misconfigured(f"--checksum is of one file, and {wanted.path} has {len(files):,}")
    for link in links:
        yield FileOutcome(link, left_out="it is a link that leads out of the folder, or to another one")
    importing, has_recognised = _Import(context, wanted, on_rows, copies, len(files) == 1), False
    for each in files:
        outcome = importing.outcome_of(each)
        if outcome.is_unknown and len(files) > 1:
            outcome = FileOutcome(each.name, left_out="it has none of the formats that can be read", is_unknown=True)
        has_recognised = has_recognised or not outcome.is_unknown
        yield outcome
    if not has_recognised and len(files) > 1:
        raise Misconfigured(
            f"{wanted.path}: none of its {len(files):,} files has a format that can be read; "
            f"--format names one of {', '.join(formats())}"
        )


def _check(context: RunContext, wanted: Wanted) -> None:
    if wanted.exchange is not None:
        known(wanted.exchange, connector_names(), what="exchange")
    if wanted.format is not None:
        named = formats()[known(wanted.format, formats(), what="format")]
        if wanted.exchange not in (None, named.exchange):
            raise Misconfigured(f"--format {wanted.format} is of {named.exchange}, and --exchange says another one")
    if is_simulated(context.lake):
        raise Misconfigured(
            f"{context.settings.lake} holds simulated trades of `make demo`, and nothing else is landed in it; "
            "name another folder with --lake or SCHEMAHUB_LAKE"
        )
