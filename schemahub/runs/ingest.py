"""Ingest exchanges one after the other, so that one that fails doesn't stop the others."""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lakehouse.errors import Misconfigured, OurMistake, SchemaHubError, is_interruption
from lakehouse.ledger import LedgerRow
from lakehouse.printable import without_password
from loaders.channels.bans import Bans
from loaders.channels.rate_limit import RateLimiter
from loaders.channels.rest import Fetcher
from loaders.connector import Connector
from loaders.connectors import connector_names, load_connector
from loaders.landing.ingest import Ingested, OnLanded, Progress, ingest

from .. import symbols as product_symbols
from ..refusals import refusals_as_errors
from ..settings import base_url, parse_since
from ..simulated_lake import is_simulated
from .context import RunContext
from .raw_tables import declared_columns

Symbols = Mapping[str, Sequence[str]]
"""For each exchange, its symbols as the exchange writes them."""

_MOST_PROBLEMS = 20
"""The maximum number of problems of one exchange that are listed; an exchange has up to 3,000 products."""

Land = Callable[[Connector, Fetcher, OnLanded], Ingested]
"""Lands trades of one exchange by its connector and a fetcher, and reports every commit."""

OnWait = Callable[[float, str], None]
"""Called with the seconds and the reason of every noticeable pause."""


@dataclass(frozen=True)
class Outcome:
    """How ingesting one exchange ended: what was landed, and why it ended early, if it did."""

    exchange: str
    ingested: Ingested
    error: SchemaHubError | None = None

    @property
    def warnings(self) -> list[str]:
        """One line for each thing that the user should know although nothing failed."""
        return self.ingested.warnings

    @property
    def problems(self) -> list[str]:
        """One line for each thing that went wrong; empty if nothing did."""
        if self.error is not None:
            return [str(self.error)]
        symbols: dict[str, list[str]] = {}
        for symbol, failure in sorted(self.ingested.failures.items()):
            symbols.setdefault(str(failure), []).append(symbol)
        lines = [f"{', '.join(failed)} of {self.exchange}: {why}" for why, failed in symbols.items()]
        more = len(lines) - _MOST_PROBLEMS
        return lines if more <= 0 else [*lines[:_MOST_PROBLEMS], f"{more:,} more problems of {self.exchange}"]

    @property
    def tracebacks(self) -> list[str]:
        """The tracebacks of unexpected errors, as lines."""
        errors = [self.error, *self.ingested.failures.values()]
        mistakes = [error.__cause__ for error in errors if isinstance(error, OurMistake) and error.__cause__]
        return [line for mistake in mistakes for line in "".join(traceback.format_exception(mistake)).splitlines()]


def mapped_exchanges(context: RunContext) -> list[str]:
    """The exchanges that have a connector and a mapping: those that a run uses if none is named.

    Raises Misconfigured if no exchange has both.
    """
    unmapped = unmapped_exchanges(context)
    if found := [name for name in connector_names() if name not in unmapped]:
        return found
    raise Misconfigured(
        "no exchange has a mapping: expected a file in config/mappings/ whose source is the raw table of a connector; "
        f"the connectors are {', '.join(connector_names())}"
    )


def unmapped_exchanges(context: RunContext) -> list[str]:
    """The exchanges that have a connector and no mapping: those that a run leaves out if none is named."""
    mapped = declared_columns(context.registry)
    return [name for name in connector_names() if load_connector(name).raw.name not in mapped]


def symbols_of(context: RunContext, exchanges: Sequence[str]) -> Symbols:
    """For each exchange, the symbols in the settings that it lists; an exchange may list none of them.

    Raises Misconfigured for an unknown exchange, and if no exchange lists any of the symbols.
    """
    names = [load_connector(exchange).name for exchange in exchanges]
    found = product_symbols.exchange_symbols(context.settings.symbols, names, context.registry.products)
    if not any(found.values()):
        raise Misconfigured(f"{', '.join(found)} lists none of {', '.join(context.settings.symbols)}; try --symbols")
    return found


def no_longer_listed(context: RunContext, exchanges: Sequence[str]) -> Symbols:
    """The symbols that `symbols_of` leaves out because the exchange no longer lists them."""
    return product_symbols.no_longer_listed(context.settings.symbols, exchanges, context.registry.products)


def ingest_symbols(
    context: RunContext, symbols: Symbols, *, progress: Callable[[str], Progress], on_wait: OnWait | None = None
) -> Iterator[Outcome]:
    """Bring the raw tables up to date, one exchange after the other, and yield each outcome as soon as it is known.

    Args:
        context: the context of the run.
        symbols: for each exchange, the symbols to land.
        progress: called at the beginning of an exchange; returns the function to call for its pages.
        on_wait: called for pauses.

    Raises:
        Misconfigured: a time or an address in the settings is wrong, or simulated and real trades would mix.
    """
    keep_simulated_and_real_apart(context, symbols)
    since = parse_since(context.settings.since, now=datetime.now(UTC))
    for exchange, wanted in symbols.items():
        if wanted:
            yield outcome_of(context, exchange, _ingesting(context, wanted, since, progress(exchange)), on_wait)


def fetcher_of(
    context: RunContext,
    connector: Connector,
    on_wait: OnWait | None = None,
    *,
    writes: bool = True,
    limiter: RateLimiter | None = None,
) -> Fetcher:
    """The fetcher for an exchange, according to the run's settings; fetchers with one `limiter` share its limit.

    Without `writes`, a run that must write nothing doesn't remember a ban either, unless the lake is there.
    """
    has_folder = writes or context.lake.is_there
    url = base_url(connector, context.settings.urls)
    return Fetcher(
        connector,
        url,
        now=context.now,
        clock_tolerance=context.settings.clock_tolerance,
        bans=Bans(context.lake.work_folder / "bans" / f"{connector.name}.json", without_password(url))
        if has_folder
        else None,
        on_wait=on_wait,
        limiter=limiter,
    )


def outcome_of(context: RunContext, exchange: str, land: Land, on_wait: OnWait | None) -> Outcome:
    """How landing trades of one exchange ends; the fetcher is closed after it."""
    landed: list[LedgerRow] = []
    try:
        connector = load_connector(exchange, declared_columns(context.registry))
        with refusals_as_errors(), fetcher_of(context, connector, on_wait) as fetcher:
            ingested = land(connector, fetcher, landed.extend)
    except SchemaHubError as error:
        return Outcome(exchange, Ingested(landed), error)
    except Exception as error:
        if is_interruption(error):
            raise
        return Outcome(exchange, Ingested(landed), OurMistake.of(error, while_doing=exchange))
    return Outcome(exchange, ingested)


def _ingesting(context: RunContext, symbols: Sequence[str], since: datetime, progress: Progress) -> Land:
    def land(connector: Connector, fetcher: Fetcher, on_landed: OnLanded) -> Ingested:
        return ingest(
            context.lake,
            connector,
            symbols,
            fetcher=fetcher,
            since=since,
            now=context.now,
            progress=progress,
            on_landed=on_landed,
        )

    return land


def keep_simulated_and_real_apart(context: RunContext, symbols: Symbols) -> None:
    """Raise Misconfigured if real trades would be added to a lake of simulated ones."""
    urls = context.settings.urls
    real = [
        name for name, wanted in symbols.items() if wanted and not _is_loopback(base_url(load_connector(name), urls))
    ]
    if is_simulated(context.lake) and real:
        raise Misconfigured(
            f"{context.settings.lake} holds simulated trades of `make demo`, and {', '.join(real)} would add real "
            "ones; name another folder with --lake or SCHEMAHUB_LAKE, or delete this one"
        )


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
