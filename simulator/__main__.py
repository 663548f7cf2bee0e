"""`python -m simulator`: fake exchanges on loopback."""

import typer

from simulator.exchanges.command import simulate

typer.run(simulate)
