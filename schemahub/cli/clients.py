"""Commands that print how other engines read the lake: `schemahub spark-conf` and `trino-conf`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from .app import LakeCommand, app, run_context

if TYPE_CHECKING:
    from ..runs.aws_in_use import Aws


@app.command("spark-conf", cls=LakeCommand)
def spark_conf_command(context: typer.Context) -> None:
    """Print the settings with which Spark reads the lake, as lines of spark-defaults.conf."""
    from ..show.client_settings import spark_conf

    _print_conf(spark_conf, context)


@app.command("trino-conf", cls=LakeCommand)
def trino_conf_command(context: typer.Context) -> None:
    """Print the settings with which Trino reads the lake, as a catalog file."""
    from ..show.client_settings import trino_conf

    _print_conf(trino_conf, context)


def _print_conf(conf: "Callable[[str, Aws | None], str]", context: typer.Context) -> None:
    from lakehouse.pending import check_is_there

    from ..runs.aws_in_use import aws_in_use

    lake = run_context(context).lake
    check_is_there(lake)
    typer.echo(conf(lake.location, aws_in_use(lake)), nl=False)
