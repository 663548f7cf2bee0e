"""The command `simulate`, run by `python -m simulator` and part of the project's own command line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from simulator.exchanges.faults import KINDS
from simulator.exchanges.market import DEFAULT_DURATION, DEFAULT_SEED, DEFAULT_START, DEFAULT_TRADES
from simulator.exchanges.oddities import KINDS as ODDITIES
from simulator.exchanges.server import serve
from simulator.exchanges.settings import DEFAULT_EXCHANGES, Settings

_DEFAULT_HOURS = DEFAULT_DURATION / timedelta(hours=1)
_SPEED_HELP = (
    "Let the market's time pass, this many times as fast as real time: trades happen while the simulator runs, and "
    "WebSockets report them. At 0 they have all happened before it starts."
)
_EXCHANGE_HELP = (
    f"An exchange that the market trades on. Repeatable; by default {', '.join(DEFAULT_EXCHANGES)}. On the others "
    "nothing was ever traded."
)
_FAULT_HELP = (
    "A fault, written NAME:WHEN or NAME=VALUE:WHEN, with @EXCHANGE after it for one exchange only: "
    "429:1/10 (every tenth request), slow=0.5:3@kraken (the first three requests), drop:1/50x3 (one of every fifty "
    "messages, but no more than three). Repeatable. Names: "
    + "; ".join(f"{name}: {kind.meaning}" for name, kind in KINDS.items())
    + "."
)

_ODDITY_HELP = (
    "An oddity of bulk files, written NAME or NAME=VALUE, with @TEXT after it for the files whose names contain the "
    "text: truncated=09:29@BTCUSDT. Repeatable. Names: "
    + "; ".join(f"{name}: {kind.meaning}" for name, kind in ODDITIES.items())
    + "."
)
_OFFSET_HELP = "How far an exchange's clock is ahead: kraken=2.5, or kraken=-2.5 for one that is behind. Repeatable."


def simulate(
    *,
    trades: Annotated[int, typer.Option(min=0, help="Number of trades of all exchanges together.")] = DEFAULT_TRADES,
    seed: Annotated[int, typer.Option(help="The same seed and number of trades give the same bytes.")] = DEFAULT_SEED,
    exchange: Annotated[list[str] | None, typer.Option(help=_EXCHANGE_HELP)] = None,
    start: Annotated[str, typer.Option(help="Start of the market, ISO 8601.")] = DEFAULT_START.isoformat(),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 chooses a free one.")] = 0,
    recordings: Annotated[
        Path | None, typer.Option(help="Serve recorded bodies: FOLDER/<exchange>/<product>/*.json.", metavar="FOLDER")
    ] = None,
    fault: Annotated[list[str] | None, typer.Option(help=_FAULT_HELP)] = None,
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Enforce no request limits.")] = False,
    limit_scale: Annotated[float, typer.Option(help="Multiply the exchanges' limits.")] = 1,
    hours: Annotated[float, typer.Option(help="Length of the market.")] = _DEFAULT_HOURS,
    speed: Annotated[float, typer.Option(min=0, help=_SPEED_HELP)] = 0,
    shown: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Share of the market that has happened at the start: 0 by default with --speed, else 1.",
        ),
    ] = None,
    connection_age: Annotated[float, typer.Option(help="Seconds after which Binance ends a WebSocket connection.")] = 24
    * 3600,
    ping_interval: Annotated[float, typer.Option(help="Seconds between the ping frames of a WebSocket.")] = 20,
    oddity: Annotated[list[str] | None, typer.Option(help=_ODDITY_HELP)] = None,
    endless: Annotated[
        bool, typer.Option("--endless", help="Trade now, in real time and without an end, to be watched live.")
    ] = False,
    clock_offset: Annotated[list[str] | None, typer.Option(help=_OFFSET_HELP, metavar="EXCHANGE=SECONDS")] = None,
    until_stdin_closes: Annotated[bool, typer.Option("--until-stdin-closes", hidden=True)] = False,
) -> None:
    """Run fake exchanges on loopback, which all trade one deterministic market."""
    try:
        settings = Settings(
            trades=trades,
            seed=seed,
            exchanges=tuple(exchange or DEFAULT_EXCHANGES),
            start=datetime.now(UTC) if endless else _read_start(start),
            recordings=recordings,
            faults=tuple(fault or ()),
            enforce_limits=not no_limits,
            limit_scale=limit_scale,
            duration=timedelta(hours=hours),
            speed=1 if endless else speed,
            shown=shown,
            connection_age_s=connection_age,
            ping_interval_s=ping_interval,
            oddities=tuple(oddity or ()),
            endless=endless,
            clock_offsets=tuple(clock_offset or ()),
        )
        serve(settings, port=port, until_stdin_closes=until_stdin_closes)
    except (ValueError, OSError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error


def _read_start(text: str) -> datetime:
    start = datetime.fromisoformat(text)
    return start if start.tzinfo else start.replace(tzinfo=UTC)
