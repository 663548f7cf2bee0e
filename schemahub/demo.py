"""`make demo`: the whole pipeline against simulated exchanges, twice, and what came of it.

The demo's trades are not real, so its lake is marked, and no run against a real exchange goes into it.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import simulator
from loaders.exceptions import Misconfigured
from loaders.lake import Lake, LocalLake, identifier

MARK = "SIMULATED.txt"
_MARK_TEXT = "The trades in this lake are simulated (`make demo`). `make demo` makes it anew; delete it as you like.\n"


@dataclass(frozen=True)
class Unified:
    """What trades_unified holds of one exchange."""

    exchange: str
    rows: int
    first_trade: str
    last_trade: str


def new_lake(lake: LocalLake) -> None:
    """Empty the demo's lake; raises Misconfigured where the folder holds anything else."""
    if is_simulated(lake):
        shutil.rmtree(lake.folder)
        lake.work_folder.mkdir(parents=True)
    elif any(entry != lake.work_folder for entry in lake.folder.iterdir()):
        raise Misconfigured(f"{lake.folder} holds data that is not the demo's; name another folder in SCHEMAHUB_LAKE")
    (lake.folder / MARK).write_text(_MARK_TEXT)


def is_simulated(lake: Lake) -> bool:
    return isinstance(lake, LocalLake) and (lake.folder / MARK).exists()


@contextmanager
def simulated_exchanges(trades: int) -> Iterator[int]:
    """Simulated exchanges, to which every `SCHEMAHUB_<NAME>_URL` of this process leads; gives their trades' number."""
    with simulator.running(trades=trades) as running:
        os.environ.update(running.environment)
        yield sum(listed["trades"] for products in running.market().values() for listed in products.values())


def unified(lake: Lake) -> list[Unified]:
    """What trades_unified holds, by exchange, as pyiceberg reads it."""
    table = lake.catalog.load_table(identifier("trades_unified"))
    grouped = (
        table.scan(selected_fields=("exchange", "trade_ts"))
        .to_arrow()
        .group_by("exchange")
        .aggregate([([], "count_all"), ("trade_ts", "min"), ("trade_ts", "max")])
        .sort_by("exchange")
    )
    return [
        Unified(row["exchange"], row["count_all"], _second(row["trade_ts_min"]), _second(row["trade_ts_max"]))
        for row in grouped.to_pylist()
    ]


def snapshots(lake: Lake, table: str) -> int:
    return len(lake.catalog.load_table(identifier(table)).metadata.snapshots)


def _second(moment: object) -> str:
    return str(moment)[:19]


def shown(folder: Path) -> str:
    """A folder as a person would type it from here."""
    return str(folder.relative_to(Path.cwd())) if folder.is_relative_to(Path.cwd()) else str(folder)
