"""Take over the files of a folder in a process of its own, in small blocks and small loads, so that there are many.

python -m tests.support.importing_program LAKE FOLDER
"""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from loaders.channels import ordered
from loaders.channels.files import Limits
from loaders.file_formats import Recognised, format_of
from loaders.landing.take_over import TakenOver, take_over
from schemahub.runs import import_files as module
from schemahub.runs.context import RunContext
from schemahub.runs.import_files import Wanted, import_files
from schemahub.settings import load_settings

ROWS_OF_A_LOAD = 300


def in_small_blocks(path: Path, name: str | None = None) -> Recognised:
    """The format of a file, whose reader yields some dozens of rows at a time."""
    found = format_of(path, name)
    return replace(
        found, format=replace(found.format, read=partial(found.format.read, limits=Limits(block_bytes=4_000)))
    )


def in_small_loads(*given: Any, **named: Any) -> TakenOver:
    """Take over a file in loads of a few hundred rows."""
    return take_over(*given, **named, rows_of_a_load=ROWS_OF_A_LOAD)


def main(lake: str, folder: str) -> None:
    ordered._RUN_BATCH = 100
    module.format_of, module.take_over = in_small_blocks, in_small_loads  # type: ignore[attr-defined]
    for outcome in import_files(RunContext(load_settings(lake=lake)), Wanted(folder)):
        if outcome.error is not None:
            raise outcome.error


if __name__ == "__main__":
    main(*sys.argv[1:])
