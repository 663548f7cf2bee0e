"""The command line: `schemahub …`, `python -m schemahub …` or `python -m schemahub.cli …`.

Each module holds one group of commands and connects what `runs/` does with what `show/` makes of it. `app.py` has what
they share: the app, its options, and how an error is reported.
"""

# in the order in which the help lists their commands
from . import run, load, live, take_over, look, serve, gaps, upkeep, dbt_command, clients, project, try_out  # noqa: F401, I001
from .app import main

__all__ = ["main"]
