"""The demo's lake. Its trades are not real, so it is marked, and nothing else is landed in it."""

import shutil

from lakehouse.catalogs.pointers import path_of
from lakehouse.errors import Misconfigured
from lakehouse.lake import Lake
from lakehouse.local import LocalLake

MARK = "SIMULATED.txt"
_MARK_TEXT = "The trades in this lake are simulated (`make demo`). `make demo` creates it again; you may delete it.\n"

DEMO = "demo"
"""The name of the lock that a demo holds. Only its holder may empty the lake."""


def new_lake(lake: LocalLake) -> None:
    """Empty the demo's lake, except the locks; raises Misconfigured if the folder holds anything else."""
    work_folder = lake.work_folder
    others = [path for path in lake.folder.iterdir() if path != work_folder]
    if others and not is_simulated(lake):
        raise Misconfigured(f"{lake.folder} holds something other than a demo; name another folder with --lake")
    for path in others:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in work_folder.iterdir():
        if path.suffix != ".lock":  # another process may hold it
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (lake.folder / MARK).write_text(_MARK_TEXT)


def is_simulated(lake: Lake) -> bool:
    """Whether this is a demo's lake."""
    return lake.engine == "duckdb" and (path_of(lake.location) / MARK).exists()
