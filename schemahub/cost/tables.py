"""A plan, and what came of it, as a person reads them. Pure."""

from collections.abc import Iterator
from datetime import datetime

from rich.table import Table
from rich.text import Text

from .files import Reads
from .plan import Plan
from .scanned import Scanned
from .statement import Statement

_UNITS = ("bytes", "KB", "MB", "GB", "TB")

_LEGEND = """\
bytes    of the columns that are named; files of up to 3 MB whole, as Athena's engine reads them
at most  of whole files
~        also of what the run makes first, taken to be as much as is read to make it
price    what Athena {takes}: 5 $/TB, and every statement counts as 10 MB or more"""


def shown_bytes(count: int) -> str:
    """As Athena's console counts them: 1 KB is 1024 bytes."""
    if not count:
        return "-"
    size = float(count)
    for unit in _UNITS[:-1]:
        if round(size) < 1024:
            return f"{size:.1f} {unit}" if size < 10 and unit != _UNITS[0] else f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def shown_dollars(amount: float) -> str:
    """With as many digits as a statement of 10 MB needs."""
    if amount >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.5f}" if amount < 0.1 else f"${amount:.3f}"


def plan_report(plan: Plan, location: str) -> Iterator[Table | Text]:
    """What waits, what is read, and the price; in a sentence where there is little to say."""
    takes = "takes" if location.startswith("s3://") else "would take"
    if not plan.statements:
        yield Text(f"nothing was landed in {location} yet; try `schemahub run ingest`")
    elif not plan.pending:
        count = sum(statement.count for statement in plan.statements)
        yield Text(
            f"nothing waits to be unified in {location}: a run reads no trades, and Athena {takes} "
            f"{shown_dollars(plan.dollars)} for its {count} small statements"
        )
    else:
        yield _pending_table(plan)
        yield Text()
        yield _statement_table(plan)
        yield Text()
        yield Text(_LEGEND.format(takes=takes))


def _pending_table(plan: Plan) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("waits to be unified", no_wrap=True)
    for name in ("loads", "rows"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("first trade (UTC)", "last trade (UTC)"):
        table.add_column(name)
    table.add_column("days touched", justify="right")
    for each in plan.pending:
        days = "all, for lack of times" if each.days is None else f"{each.days:,}"
        first, last = _time(each.first_trade_at), _time(each.last_trade_at)
        table.add_row(each.raw_table, f"{each.loads:,}", f"{each.rows:,}", first, last, days)
    return table


def _statement_table(plan: Plan) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, show_footer=True)
    table.add_column("statement", "total", no_wrap=True)
    table.add_column("reads", overflow="fold")
    total = sum((statement.total for statement in plan.statements), Reads())
    table.add_column("files", f"{len(total.files):,}", justify="right", no_wrap=True)
    table.add_column("bytes", shown_bytes(total.bytes), justify="right", no_wrap=True)
    table.add_column("at most", shown_bytes(total.bytes_of_files), justify="right", no_wrap=True)
    table.add_column("price", shown_dollars(plan.dollars), justify="right")
    for statement in plan.statements:
        read = statement.total
        about = "~" if statement.is_estimate and read.bytes else ""
        table.add_row(
            _name(statement),
            "\n".join(statement.reads) or "-",
            f"{len(read.files):,}",
            about + shown_bytes(read.bytes),
            about + shown_bytes(read.bytes_of_files),
            shown_dollars(statement.dollars),
        )
    return table


def side_by_side(plan: Plan, found: list[Scanned]) -> Table:
    """What was planned, and what Athena says it has read."""
    table = Table(box=None, pad_edge=False, show_footer=True)
    table.add_column("statement", "total", no_wrap=True)
    planned_bytes = sum(statement.total.bytes for statement in plan.statements)
    for name, total in (
        ("planned", shown_bytes(planned_bytes)),
        ("scanned", shown_bytes(sum(each.bytes for each in found))),
        ("planned $", shown_dollars(plan.dollars)),
        ("Athena takes", shown_dollars(sum(each.dollars for each in found))),
    ):
        table.add_column(name, total, justify="right", no_wrap=True)
    planned = {(statement.node, statement.kind): statement for statement in plan.statements}
    scanned = {(each.node, each.kind): each for each in found}
    for key in dict.fromkeys([*planned, *scanned]):
        statement, after = planned.get(key), scanned.get(key)
        table.add_row(
            _name(after or statement),
            shown_bytes(statement.total.bytes) if statement else "-",
            shown_bytes(after.bytes) if after else "-",
            shown_dollars(statement.dollars) if statement else "-",
            shown_dollars(after.dollars) if after else "-",
        )
    return table


def _name(statement: Statement | Scanned | None) -> str:
    assert statement is not None
    times = f" x{statement.count}" if statement.count > 1 else ""
    return f"{statement.node} {statement.kind}{times}"


def _time(moment: datetime | None) -> str:
    return "unknown" if moment is None else moment.isoformat(sep=" ", timespec="seconds")
