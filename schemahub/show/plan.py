"""Shows a plan and what the run read, in at most 80 columns, so that a cron mail stays readable. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from advisor.plan import Plan, TablePlan
from advisor.scanned import Scanned
from lakehouse.lake import Engine
from lakehouse.pending import nothing_landed

from ..runs.cost import Bill

_UNITS = ("bytes", "KB", "MB", "GB", "TB")

_LEGEND = """\
times     in UTC; days are those touched, "all" if a time is unknown
files     read at least once, and the bytes read: files of up to 3 MB fully,
          and the named columns of larger ones
reads     the maximum number of statements that read the table
new rows  the maximum number of rows added, and the days they cover"""


def shown_bytes(count: int) -> str:
    """A number of bytes as Athena's console shows it: 1 KB is 1024 bytes."""
    if not count:
        return "-"
    size = float(count)
    for unit in _UNITS[:-1]:
        if round(size) < 1024:
            return f"{size:.1f} {unit}" if size < 10 and unit != _UNITS[0] else f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def shown_dollars(amount: float) -> str:
    """A price with enough digits for a statement of 10 MB."""
    if amount >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.5f}" if amount < 0.1 else f"${amount:.3f}"


def plan_report(plan: Plan, location: str, *, engine: Engine) -> Iterator[Table | Text]:
    """What is pending, what is read and written, and the price; one sentence if nothing is pending."""
    charges = "charges" if engine == "athena" else "would charge"
    price = f"Athena {charges} {_from_to(shown_dollars(plan.dollars), shown_dollars(plan.dollars_at_most))}"
    if not plan.tables:
        yield Text(nothing_landed(location))
    elif not plan.pending:
        yield Text(f"nothing is pending in {location}: a run reads no trades, and {price}")
    else:
        yield _pending_table(plan)
        yield Text()
        yield _tables(plan)
        yield Text()
        yield Text(_LEGEND)
        yield Text(f"\na run reads {_range_of_bytes(plan)}\n{price}")


def _pending_table(plan: Plan) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column("pending", no_wrap=True)
    for name in ("loads", "rows"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("first trade", "last trade"):
        table.add_column(name, no_wrap=True)
    table.add_column("days", justify="right", no_wrap=True)
    for each in plan.pending:
        days = "all" if each.days is None else f"{each.days:,}"
        first, last = _time(each.first_at), _time(each.last_at)
        table.add_row(each.raw_table, f"{each.loads:,}", f"{each.rows:,}", first, last, days)
    return table


def _tables(plan: Plan) -> Table:
    """One line for each table that a run reads or writes."""
    table = Table(box=None, pad_edge=False)
    table.add_column("table", no_wrap=True)
    for name in ("files", "bytes", "reads", "new rows", "days"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in plan.tables:
        table.add_row(each.name, *_cells(each))
    return table


def _cells(planned: TablePlan) -> Iterator[str]:
    yield _count(len(planned.reads.files))
    yield shown_bytes(planned.reads.bytes)
    yield _count(planned.looks)
    yield _count(planned.writes.rows) if planned.writes else "-"
    yield _count(planned.writes.days) if planned.writes else "-"


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"


def cost_report(paid: Bill | str | None) -> Iterator[Table | str]:
    """What a run on Athena has cost, next to its plan; nothing if it sent no statement."""
    if isinstance(paid, Bill):
        yield side_by_side(paid.plan, paid.scanned)
    elif paid:
        yield paid


def side_by_side(plan: Plan, found: Sequence[Scanned]) -> Table:
    """What Athena has read for each dbt node, and below that the total and the plan."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Athena read", no_wrap=True)
    for name in ("statements", "bytes", "price"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in found:
        table.add_row(each.node, f"{each.statements:,}", shown_bytes(each.bytes), shown_dollars(each.dollars))
    total = shown_bytes(sum(each.bytes for each in found)), shown_dollars(sum(each.dollars for each in found))
    table.add_row("total", f"{sum(each.statements for each in found):,}", *total)
    if plan.tables:
        table.add_row("planned: at least", "", shown_bytes(plan.bytes), shown_dollars(plan.dollars))
        table.add_row("planned: at most", "", shown_bytes(plan.bytes_at_most), shown_dollars(plan.dollars_at_most))
    return table


def _range_of_bytes(plan: Plan) -> str:
    return _from_to(shown_bytes(plan.bytes), shown_bytes(plan.bytes_at_most))


def _from_to(least: str, most: str) -> str:
    return f"at least {least} and at most {most}"


def _time(moment: datetime | None) -> str:
    return "unknown" if moment is None else moment.isoformat(sep=" ", timespec="minutes")
