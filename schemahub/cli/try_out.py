"""Commands with simulated exchanges: `schemahub demo` and `simulate`.

The simulator needs a web server, so only these commands import it.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.errors import SchemaHubError

from .app import LakeCommand, app, out, run_context
from .run import show_events, show_ingest, show_unify

if TYPE_CHECKING:
    from ..runs.demo import Demo

_EVERYTHING_TO_THE_SIMULATOR = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command("demo", cls=LakeCommand)
def demo_command(
    context: typer.Context,
    trades: Annotated[int, typer.Option(min=1, help="Total number of simulated trades of all exchanges.")] = 160_000,
) -> None:
    """Run the whole pipeline twice against simulated exchanges, and show the result."""
    from ..runs.demo import running_demo
    from ..show.demo import demo_report

    with running_demo(run_context(context), trades) as demo:
        out.rule("first run")
        out.print(f"simulated exchanges are up, with {demo.served:,} trades")
        _run_once(demo)
        out.rule("second run: nothing is new, so nothing must be added")
        _run_once(demo)
    out.rule("result")
    for part in demo_report(demo.result(), demo.target):
        out.print(part, soft_wrap=isinstance(part, str))


def _run_once(demo: "Demo") -> None:
    from ..runs.any_dbt import run_any_dbt
    from ..runs.docs import build_docs
    from ..runs.generate import generate
    from ..show.progress import DbtLines

    if problems := show_ingest(demo.context, demo.exchanges):
        raise SchemaHubError("\n".join(problems))
    out.print(f"generated     {generate()} files from config/")
    show_unify(demo.context, demo.target)
    show_events(demo.context)
    tests = DbtLines(out)
    run_any_dbt(demo.context, ["test"], report=tests)
    out.print(f"tested        {tests.tests_passed} data and unit tests passed")
    build_docs(demo.context)
    out.print("documented    the tables, with dbt docs")
    demo.check_complete()


@app.command("simulate", context_settings=_EVERYTHING_TO_THE_SIMULATOR)
def simulate_command(context: typer.Context) -> None:
    """Run simulated exchanges on 127.0.0.1, which all trade one deterministic market."""
    from simulator.exchanges.command import simulate

    simulator = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    simulator.command(context_settings={"help_option_names": ["-h", "--help"]})(simulate)
    simulator(context.args, prog_name="schemahub simulate")
