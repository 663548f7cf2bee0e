"""Land the trades of exchanges as they happen: listen to their WebSockets, and fill the holes over REST.

    run_live(context, symbols, stop=stop, on_quote=show_quote)
    run_live(context, symbols, stop=stop, on_quote=show_quote, land=False)  # only listens; the lake isn't opened

Each exchange has threads of its own, so that one that is slow or fails doesn't stop the others. Best bids and asks are
not landed; whoever runs this in its own process is told of them.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from lakehouse.errors import Misconfigured, OurMistake, SchemaHubError
from lakehouse.printable import without_password
from loaders.channels.rate_limit import RateLimiter
from loaders.channels.runs import Run
from loaders.channels.stream import Listener
from loaders.channels.watch import Watch
from loaders.connector import ListedProduct
from loaders.connectors import load_connector, load_stream
from loaders.errors import WrongClock
from loaders.landing.fill import HoleFiller
from loaders.landing.ingest import Ingested
from loaders.landing.lander import Lander
from loaders.landing.live import LiveLoader
from loaders.stream import Quote

from ..refusals import refusals_as_errors
from ..settings import base_url, stream_url
from ..simulated_lake import is_simulated
from .context import RunContext
from .ingest import Outcome, Symbols, fetcher_of
from .raw_tables import declared_columns

OnQuote = Callable[[str, Quote], None]
"""Called with the exchange's name and each new best bid and ask, in a thread of the exchange."""

OnTrades = Callable[[str, Run], None]
"""Called with the exchange's name and new trades of one symbol, before they are landed, in a thread of the exchange."""

_TICK = 0.5
"""The seconds between two reports."""
_SHORT_TICK = 0.05
"""The same in seconds while it ends, when a person is waiting."""
_SECONDS_TO_PARSE = 0.015
"""How long messages may wait in a listener if a person watches the quotes."""


@dataclass(frozen=True)
class LiveState:
    """What a person may want to know about an exchange that is being listened to."""

    exchange: str
    landed: int
    """The number of trades landed, those of holes included."""
    filled: int
    """How many of them came over REST, because the stream had not sent them."""
    messages: int
    """The number of messages heard."""
    rate: float
    """The number of trades heard a second, on average over the last ten seconds."""
    age: timedelta | None
    """How long ago the newest trade happened, by the exchange's clock if that is known; None if none was heard."""
    skew: timedelta | None
    """How far this machine's clock is ahead of the exchange's; None if that isn't known yet."""
    reconnects: int
    holes: int
    """The number of holes that are known and not filled yet."""
    warnings: tuple[str, ...]
    """One line for each thing that the user should know although listening goes on."""
    is_over: bool
    outcome: Outcome
    """What has failed so far."""


def streaming_exchanges(exchanges: Sequence[str]) -> list[str]:
    """Those of `exchanges` whose WebSocket the project knows."""
    return [name for name in exchanges if load_stream(name) is not None]


def run_live(
    context: RunContext,
    symbols: Symbols,
    *,
    stop: threading.Event,
    since: datetime | None = None,
    seconds: float | None = None,
    report: Callable[[Sequence[LiveState]], None] | None = None,
    on_quote: OnQuote | None = None,
    on_trades: OnTrades | None = None,
    land: bool = True,
) -> list[LiveState]:
    """Land trades until `stop` is set, then what is in hand; returns how it ended for each exchange.

    It also ends when no exchange is left that can be listened to. It may be called by any thread.

    Args:
        context: the context of the run.
        symbols: for each exchange, the symbols to land.
        stop: set by whoever wants it to end.
        since: where a symbol that was never loaded begins; by default with the first trade that is heard.
        seconds: the time after which it ends by itself.
        report: called twice a second with the state of each exchange.
        on_quote: called for every new best bid and ask; without it, none are requested.
        on_trades: called for trades as soon as they were heard.
        land: whether trades are landed; otherwise the lake isn't even opened, and `since` means nothing.

    Raises:
        Misconfigured: an address in the settings is wrong, or simulated and real trades would mix.
    """
    wanted = {name: names for name, names in symbols.items() if names}
    if land:
        _keep_simulated_and_real_apart(context, list(wanted))
    loaders = [
        _Exchange(context, name, names, since=since, on_quote=on_quote, on_trades=on_trades, land=land)
        for name, names in wanted.items()
    ]
    ends = None if seconds is None else time.monotonic() + seconds
    # as daemons, so that a second Ctrl-C needn't wait for them
    threads = [threading.Thread(target=each.run, args=(stop,), name=each.name, daemon=True) for each in loaders]
    for thread in threads:
        thread.start()
    report = report or _say_nothing
    while any(thread.is_alive() for thread in threads):
        if ends is not None and time.monotonic() >= ends:
            stop.set()
        report([each.state for each in loaders])
        if stop.is_set():
            time.sleep(_SHORT_TICK)
        else:
            stop.wait(_TICK if ends is None else max(0.0, min(_TICK, ends - time.monotonic())))
    states = [each.state for each in loaders]
    report(states)
    return states


def _say_nothing(_: Sequence[LiveState]) -> None:
    """Show no state."""


class _Exchange:
    """One exchange, which is listened to until `run` ends."""

    def __init__(
        self,
        context: RunContext,
        name: str,
        symbols: Sequence[str],
        *,
        since: datetime | None,
        on_quote: OnQuote | None,
        on_trades: OnTrades | None,
        land: bool,
    ) -> None:
        self.name = name
        self._context, self._symbols, self._since = context, symbols, since
        self._on_quote = on_quote
        self._on_run = None if on_trades is None else partial(on_trades, name)
        self._lines: dict[str, None] = {}
        self._error: SchemaHubError | None = None
        self._is_over = False
        self._listener = self._listen()
        self._loader = self._load() if land else None
        self._runner = self._loader or Watch(self._listener, self._on_run)

    def _listen(self) -> Listener:
        settings = self._context.settings
        stream = load_stream(self.name, declared_columns(self._context.registry))
        if stream is None:
            raise Misconfigured(f"{self.name} has no stream that this version of SchemaHub knows; leave it out")
        wanted = set(self._symbols)
        products = {
            product.symbol: ListedProduct(product.symbol, product.base_asset, product.quote_asset)
            for product in self._context.registry.products
            if product.exchange.lower() == self.name and product.symbol in wanted
        }
        address = stream_url(stream, settings.stream_urls)
        if self._on_quote is None:
            return Listener(stream, list(products.values()), address, now=self._context.now)
        return Listener(
            stream,
            list(products.values()),
            address,
            quotes_wanted=True,
            on_quote=partial(self._on_quote, self.name),
            seconds_to_parse=_SECONDS_TO_PARSE,
            now=self._context.now,
        )

    def _load(self) -> LiveLoader:
        context = self._context
        connector = load_connector(self.name, declared_columns(context.registry))
        lander = Lander(context.lake, connector.raw, context.now)
        limiter = RateLimiter(connector.budget, clock=time.monotonic)
        every = context.settings.live_every
        return LiveLoader(
            lander,
            self._listener,
            HoleFiller(
                lander,
                partial(fetcher_of, context, connector, limiter=limiter),
                every,
                self._warn,
                on_present=self._listener.expect,
            ),
            every,
            self._warn,
            since=self._since,
            check=self._check_clock,
            on_run=self._on_run,
        )

    def run(self, stop: threading.Event) -> None:
        try:
            with refusals_as_errors():
                self._runner.run(stop)
        except SchemaHubError as error:
            self._error = error
        except Exception as error:
            self._error = OurMistake.of(error, while_doing=self.name)
        finally:
            self._is_over = True

    @property
    def state(self) -> LiveState:
        heard, loader, pace = self._listener.state, self._loader, self._runner.pace
        now = self._context.now() - (heard.skew or timedelta())
        filled = 0 if loader is None else loader.filler.landed
        return LiveState(
            exchange=self.name,
            landed=filled if loader is None else loader.landed + filled,
            filled=filled,
            messages=heard.messages,
            rate=pace.rate,
            age=None if pace.newest is None else now - pace.newest,
            skew=heard.skew,
            reconnects=sum(connection.reconnects for connection in heard.connections),
            holes=0 if loader is None else loader.filler.count,
            warnings=(*heard.warnings, *self._lines),
            is_over=self._is_over,
            outcome=Outcome(self.name, Ingested(failures=heard.failures), self._error),
        )

    def _warn(self, line: str) -> None:
        self._lines[line] = None

    def _check_clock(self) -> None:
        ahead, tolerance = self._listener.state.skew, self._context.settings.clock_tolerance
        if ahead is not None and abs(ahead) > tolerance:
            size = timedelta(seconds=round(abs(ahead).total_seconds()))
            side = "ahead of" if ahead > timedelta() else "behind"
            raise WrongClock(
                f"{self.name}: this machine's clock is {size} {side} the exchange's: it shows "
                f"{self._context.now():%Y-%m-%d %H:%M:%S} UTC; nothing is landed, because rows would carry wrong "
                "times. Set the clock, or allow more with SCHEMAHUB_CLOCK_TOLERANCE"
            )


def _keep_simulated_and_real_apart(context: RunContext, exchanges: Sequence[str]) -> None:
    for name, (api, stream) in _addresses(context, exchanges):
        here, elsewhere = (api, stream) if _is_on_this_machine(api) else (stream, api)
        if _is_on_this_machine(api) != _is_on_this_machine(stream):
            raise Misconfigured(
                f"{name}: {without_password(here)} is on this machine, so its trades are simulated, and those of "
                f"{without_password(elsewhere)} are not; set SCHEMAHUB_{name.upper()}_URL and "
                f"SCHEMAHUB_{name.upper()}_STREAM_URL to addresses of one exchange"
            )
        if is_simulated(context.lake) and not _is_on_this_machine(stream):
            raise Misconfigured(
                f"{context.settings.lake} holds simulated trades of `make demo`, and {name} would add real ones; name "
                "another folder with --lake or SCHEMAHUB_LAKE, or delete this one"
            )


def _addresses(context: RunContext, exchanges: Sequence[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """For each exchange with a stream, the addresses of its API and of its stream."""
    settings = context.settings
    for name in exchanges:
        if (stream := load_stream(name)) is not None:
            yield name, (base_url(load_connector(name), settings.urls), stream_url(stream, settings.stream_urls))


def _is_on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
