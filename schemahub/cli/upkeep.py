"""The command that repairs a lake: `schemahub repair`."""

from typing import Annotated

import typer

from .app import LakeCommand, app, run_context, say


@app.command("repair", cls=LakeCommand)
def repair_command(
    context: typer.Context,
    apply: Annotated[bool, typer.Option("--apply", help="Repair the damage instead of only reporting it.")] = False,
) -> None:
    """Show damage in a lake in a folder, for example after a power cut, and how it can be repaired."""
    from ..runs.repair import run_repair
    from ..show.repair import repair_lines

    looked = run_context(context)
    repair = run_repair(looked.lake, looked.registry, apply=apply)
    say(repair_lines(repair))
    repair.check_done()
