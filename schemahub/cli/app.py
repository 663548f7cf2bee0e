"""The app, its options and its errors, which all groups of commands share.

A command that needs a lake is declared with `cls=LakeCommand` and calls `run_context(context)`. A command reports what
it did in a few lines, and an error in one line on standard error, with exit code 1.

A command imports what it needs when it is called: pyiceberg, pydantic and dlt take more than a second, and most
commands need few of them.
"""

import gc
import io
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperCommand

from lakehouse.errors import SchemaHubError, is_interruption
from lakehouse.printable import printable
from registry.problems import RegistryError

from ..refusals import refusals_as_errors

if TYPE_CHECKING:
    from ..runs.context import RunContext

INTERRUPTED = 130
"""The exit code that typer uses for Ctrl-C."""

_LONGEST_LINE = 20_000
"""The maximum number of characters in an error line. The help of a dbt command makes a long line, and messages of
libraries can have megabytes."""

_STOPPED = "stopped; what was landed until then is complete, and the next run continues from there"

_LAKE_OPTIONS = ("lake", "s3_bucket", "s3_prefix")
"""The parameters of `name_lake`, which every `LakeCommand` accepts too."""

app = typer.Typer(
    name="schemahub",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

TargetArgument = Annotated[str, typer.Argument(help="The unified table, for example trades_unified.")]


@app.callback()
def name_lake(
    lake: Annotated[
        str | None, typer.Option("--lake", help="A folder, or s3://bucket/prefix.  [SCHEMAHUB_LAKE; ./lake]")
    ] = None,
    s3_bucket: Annotated[str | None, typer.Option("--s3-bucket", help="The lake's bucket, instead of --lake.")] = None,
    s3_prefix: Annotated[str | None, typer.Option("--s3-prefix", help="The lake's prefix in that bucket.")] = None,
) -> None:
    """Land the public trades of crypto exchanges in Iceberg tables, and unify them in `trades_unified`."""


class LakeCommand(TyperCommand):
    """A command on a lake. After its own name, it also accepts the app's options that name a lake."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The command's own parameters, and the app's."""
        lake_options = [each for each in ctx.find_root().command.params if each.name in _LAKE_OPTIONS]
        return [*super().get_params(ctx), *lake_options]

    def invoke(self, ctx: Any) -> Any:
        """Keep the lake's options for `run_context`; one after the command overrides one before it."""
        before, after = ctx.find_root().params, {name: ctx.params.pop(name) for name in _LAKE_OPTIONS}
        ctx.obj = {name: before[name] if value is None else value for name, value in after.items()}
        return super().invoke(ctx)


def run_context(context: typer.Context, **flags: str | None) -> "RunContext":
    """The context of a run on the lake that a `LakeCommand` was given. `flags` are other settings."""
    from ..runs.context import RunContext
    from ..settings import lake_of, load_settings

    return RunContext(load_settings(lake=lake_of(**context.obj), **flags))


def say(lines: Iterable[str]) -> None:
    """Print lines as they are, however long."""
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


def fail_with(problems: Sequence[str]) -> None:
    """End the command with these problems, one line each; do nothing if there are none."""
    if problems:
        raise SchemaHubError("\n".join(dict.fromkeys(problems)))  # a full disk stops every exchange in the same way


def main() -> None:
    """Run the command line."""
    # imports create hundreds of thousands of objects, none of them garbage; by default Python looks after every 700
    gc.set_threshold(100_000)
    sys.unraisablehook = _interrupt_again
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal, or a cron mail, may not support all characters
    try:
        with errors_end_the_process():
            app()
    finally:
        gc.freeze()  # Python would look through all objects again before it ends, for a third of a second after dbt


def _interrupt_again(ignored: "sys.UnraisableHookArgs") -> None:
    """Repeat a Ctrl-C that Python ignored, because it came within a callback of a weak reference; imports have many."""
    if issubclass(ignored.exc_type, KeyboardInterrupt):
        again = Timer(0.05, os.kill, [os.getpid(), signal.SIGINT])  # not at once, or the callback would get it too
        again.daemon = True  # a command that has ended by then ends as it would have
        again.start()
    else:
        sys.__unraisablehook__(ignored)


@contextmanager
def errors_end_the_process() -> Iterator[None]:
    """Exit with 1 and one line per problem, or with 130 and one line after Ctrl-C; unexpected errors are raised."""
    try:
        with refusals_as_errors():
            yield
    except (SchemaHubError, RegistryError) as error:
        for line in str(error).split("\n"):
            err.print(f"error: {printable(line, _LONGEST_LINE)}", markup=False)
        sys.exit(1)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            _say_stopped()
        raise
    except Exception as error:
        if is_interruption(error):
            _say_stopped()
            sys.exit(INTERRUPTED)
        raise


def _say_stopped() -> None:
    err.print(_STOPPED, markup=False)
    # A Ctrl-C within an exec() of text, which dataclasses call while they are imported, leaves a mark in Python. At its
    # end `python -m` would then kill itself by that signal, whatever the exit code. The next exec() clears the mark.
    exec("")
