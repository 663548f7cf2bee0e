"""Shows the result of a demo."""

import shlex
from collections.abc import Iterator

from rich.table import Table

from ..runs.demo import LARGE_EVENT, Result
from .paths import shown


def demo_report(result: Result, target: str) -> Iterator[Table | str]:
    """What the unified table holds for each exchange, and what to look at next."""
    table = Table("exchange", "trades", "first (UTC)", "last (UTC)", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for row in result.exchanges:
        table.add_row(row["exchange"], f"{row['rows']:,}", str(row["first"])[:19], str(row["last"])[:19])
    yield table
    folder = shlex.quote(shown(result.folder))
    yield (
        f"\n{result.served:,} trades served, landed and unified, none duplicated; "
        f"two runs made {result.snapshots} snapshot of {target}\n"
        f"\nquery it   .venv/bin/schemahub query --lake {folder} "
        '"select exchange, side, count(*) from trades_unified group by all order by all"\n'
        f"status     .venv/bin/schemahub status --lake {folder}\n"
        f"docs       .venv/bin/schemahub docs --serve --lake {folder}\n"
        f"replay     .venv/bin/schemahub serve --lake {folder}\n"
        f"           http://127.0.0.1:8700/replay?symbol=BTC-USD&at={LARGE_EVENT:%Y-%m-%dT%H:%M:%SZ}"
    )
