"""Commands that print how other engines read the lake: `schemahub spark-conf` and `trino-conf`."""

from collections.abc import Callable

import typer

from lakehouse.pending import check_is_there

from ..runs.aws_in_use import Aws, aws_in_use
from ..show.client_settings import spark_conf, trino_conf
from .app import LakeCommand, app, run_context


@app.command("spark-conf", cls=LakeCommand)
def spark_conf_command(context: typer.Context) -> None:
    """Print the settings with which Spark reads the lake, as lines of spark-defaults.conf."""
    _print_conf(spark_conf, context)


@app.command("trino-conf", cls=LakeCommand)
def trino_conf_command(context: typer.Context) -> None:
    """Print the settings with which Trino reads the lake, as a catalog file."""
    _print_conf(trino_conf, context)


def _print_conf(conf: Callable[[str, Aws | None], str], context: typer.Context) -> None:
    lake = run_context(context).lake
    check_is_there(lake)
    typer.echo(conf(lake.location, aws_in_use(lake)), nl=False)
