"""Where live quotes come from: the exchanges, or a simulated market that is reached in the same way."""

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from lakehouse.errors import Misconfigured, OurMistake, SchemaHubError
from loaders.channels.runs import Run
from schemahub.runs.context import RunContext
from schemahub.runs.ingest import mapped_exchanges, symbols_of
from schemahub.runs.live import run_live, streaming_exchanges

from .causes import Limits
from .quotes import Board, last_of, listings
from .venues import looks_of

log = logging.getLogger(__name__)

FAULTS = ("pause=9:1/9000@kraken",)
CLOCKS = ("coinbase=1.5",)
"""What is wrong in the simulated market: about every minute a venue's feed pauses, and another venue's clock is off."""
_SECONDS_TO_STOP = 5.0


class LiveSource:
    """Listens in threads of its own from `open` to `close`."""

    def __init__(self, context: RunContext, limits: Limits, *, simulate: bool, land: bool) -> None:
        self._context, self._limits = context, limits
        self._simulate, self._land = simulate, land
        self._stop = threading.Event()
        self._running = ExitStack()
        self._thread: threading.Thread | None = None

    def open(self) -> Board:
        """Begin to listen; takes a few seconds if the market is simulated.

        Raises:
            Misconfigured: no exchange can be listened to, or the settings are wrong.
        """
        context, symbols = self._simulated() if self._simulate else self._real()
        listed = listings(context.registry.products, symbols)
        if not self._land:  # only what is shown is of use
            symbols = {name: [each.product for each in listed if each.venue == name] for name in symbols}
        board = Board(
            listed,
            self._limits,
            source="simulated market" if self._simulate else "exchanges",
            lands=self._land,
            looks=looks_of(product.exchange for product in context.registry.products),
        )
        self._thread = threading.Thread(target=self._run, args=(context, symbols, board), name="live", daemon=True)
        self._thread.start()
        return board

    def close(self) -> None:
        """Stop listening, and land what is in hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_SECONDS_TO_STOP)
        self._running.close()

    def _real(self) -> tuple[RunContext, Mapping[str, Sequence[str]]]:
        names = streaming_exchanges(mapped_exchanges(self._context))
        symbols = {name: found for name, found in symbols_of(self._context, names).items() if found}
        if not symbols:
            raise Misconfigured(
                "no exchange that has a stream lists any of the symbols in the settings; name others with --symbols"
            )
        return self._context, symbols

    def _simulated(self) -> tuple[RunContext, Mapping[str, Sequence[str]]]:
        from dataclasses import replace

        import simulator.exchanges

        running = self._running.enter_context(
            simulator.exchanges.running(endless=True, enforce_limits=False, faults=FAULTS, clock_offsets=CLOCKS)
        )
        traded = {(name, each["symbol"]) for name, tapes in running.market().items() for each in tapes.values()}
        symbols: dict[str, list[str]] = {}
        for product in self._context.registry.products:
            if (product.exchange.lower(), product.canonical_symbol) in traded:
                symbols.setdefault(product.exchange.lower(), []).append(product.symbol)
        settings = self._context.settings.model_copy(update={"urls": running.urls, "stream_urls": running.stream_urls})
        return replace(self._context, settings=settings), symbols

    def _run(self, context: RunContext, symbols: Mapping[str, Sequence[str]], board: Board) -> None:
        columns = {
            mapping.source_name: {column: source for source, column in mapping.declared.mappings.items()}
            for mapping in context.registry.mappings
        }

        def on_trades(exchange: str, run: Run) -> None:
            of_exchange = columns[exchange]
            if (last := last_of(run, of_exchange["price"], of_exchange["quantity"])) is not None:
                board.trade(exchange, run.stream, *last)

        try:
            run_live(
                context,
                symbols,
                stop=self._stop,
                report=board.report,
                on_quote=board.quote,
                on_trades=on_trades,
                land=self._land,
            )
        except SchemaHubError as error:
            board.trouble = str(error)
        except Exception as error:
            log.exception("live")
            board.trouble = str(OurMistake.of(error, while_doing="live"))
